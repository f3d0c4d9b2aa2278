// Text by regular expression: the lines that triage chose of the log, and the failing command.
#include <algorithm>

#include "daemon/base/regex.h"
#include "daemon/base/text.h"
#include "daemon/policy/predicate_families.h"

namespace regreen {
namespace {

std::vector<Regex> ReadPatterns(TomlTable& table, std::string_view key) {
  std::vector<Regex> patterns;
  const auto texts = table.Strings(key);
  if (!texts) return patterns;
  if (texts->empty())
    table.Error(key, Cat("\"", key, "\" is an empty list: leave it out, or name something"));
  for (const std::string& text : *texts) {
    auto pattern = Regex::CompileWhenAsked(text);
    if (!pattern.ok()) {
      table.Error(key, Cat("pattern ", TomlQuote(text), ": ", Message(pattern.status())));
    } else if (pattern->MatchesEmpty()) {
      table.Error(key, Cat("pattern ", TomlQuote(text),
                           " matches the empty text, so it matches everything"));
    } else {
      patterns.push_back(*std::move(pattern));
    }
  }
  return patterns;
}

std::string Slashed(const Regex& pattern) {
  return Cat("/", Truncate(EscapeControl(pattern.pattern()), 80), "/");
}

std::string SlashedAll(const std::vector<Regex>& patterns) {
  std::string out;
  for (const Regex& pattern : patterns) Append(out, out.empty() ? "" : ", ", Slashed(pattern));
  return out;
}

std::vector<std::string> Texts(const std::vector<Regex>& patterns) {
  std::vector<std::string> texts;
  for (const Regex& pattern : patterns) texts.push_back(pattern.pattern());
  return texts;
}

class LogPatterns final : public Predicate {
 public:
  explicit LogPatterns(std::vector<Regex> patterns) : patterns_(std::move(patterns)) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const std::vector<EvidenceLine>& lines = circumstances.incident.evidence.lines;
    const std::string& command = circumstances.incident.evidence.command;
    for (const Regex& pattern : patterns_) {
      if (circumstances.log != nullptr && !circumstances.log->MayMatch(pattern)) continue;
      for (const EvidenceLine& line : lines) {
        if (auto match = pattern.Find(line.text)) {
          return {true, Cat("line ", line.n, " of the log matches ", Slashed(pattern)),
                  std::move(match->captures)};
        }
      }
      if (auto match = pattern.Find(command)) {
        return {true, Cat("the command that the log shows matches ", Slashed(pattern)),
                std::move(match->captures)};
      }
    }
    return {false,
            Cat("none of the ", lines.size(), " lines of evidence matches ", SlashedAll(patterns_)),
            {}};
  }
  bool Holds(const Circumstances& circumstances) const override {
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const Regex& pattern) {
      return MatchesLog(pattern, circumstances.incident);
    });
  }
  std::string Spec() const override { return SpecOf(Texts(patterns_)); }
  std::span<const Regex> log_patterns() const override { return patterns_; }

 private:
  std::vector<Regex> patterns_;
};

std::string_view CommandOf(const Circumstances& circumstances) {
  return circumstances.command.empty() ? circumstances.incident.evidence.command
                                       : circumstances.command;
}

class CommandPatterns final : public Predicate {
 public:
  explicit CommandPatterns(std::vector<Regex> patterns) : patterns_(std::move(patterns)) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const std::string_view command = CommandOf(circumstances);
    if (command.empty()) return {false, "the failing command is not known", {}};
    for (const Regex& pattern : patterns_) {
      if (auto match = pattern.Find(command)) {
        return {true, Cat("command ", Quoted(command), " matches ", Slashed(pattern)),
                std::move(match->captures)};
      }
    }
    return {false, Cat("command ", Quoted(command), " does not match ", SlashedAll(patterns_)), {}};
  }
  bool Holds(const Circumstances& circumstances) const override {
    const std::string_view command = CommandOf(circumstances);
    return !command.empty() &&
           std::any_of(patterns_.begin(), patterns_.end(),
                       [&](const Regex& pattern) { return pattern.Contains(command); });
  }
  std::string Spec() const override { return SpecOf(Texts(patterns_)); }

 private:
  std::vector<Regex> patterns_;
};

}  // namespace

bool MatchesLog(const Regex& pattern, const Incident& incident) {
  const std::vector<EvidenceLine>& lines = incident.evidence.lines;
  return std::any_of(lines.begin(), lines.end(),
                     [&](const EvidenceLine& line) { return pattern.Contains(line.text); }) ||
         pattern.Contains(incident.evidence.command);
}

std::shared_ptr<const Predicate> ReadLogPatterns(TomlTable& table, std::string_view key) {
  auto patterns = ReadPatterns(table, key);
  return patterns.empty() ? nullptr : std::make_shared<LogPatterns>(std::move(patterns));
}

std::shared_ptr<const Predicate> ReadCommandPatterns(TomlTable& table, std::string_view key) {
  auto patterns = ReadPatterns(table, key);
  return patterns.empty() ? nullptr : std::make_shared<CommandPatterns>(std::move(patterns));
}

}  // namespace regreen
