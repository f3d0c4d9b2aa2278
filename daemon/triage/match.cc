#include "daemon/triage/match.h"

#include <algorithm>
#include <tuple>

namespace regreen {
namespace {

std::string_view Matched(const LogLine& line) {
  return line.text.substr(0, kMaxMatchedBytes);
}

bool AnyContained(const std::vector<Regex>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const Regex& regex) { return regex.Contains(text); });
}

// Two texts that lie behind one another in one block of memory are swept as one.
bool IsAdjacent(const LogLine& a, const LogLine& b) {
  if (a.rewritten != b.rewritten) return false;
  return !a.rewritten || a.text.data() + a.text.size() + 1 == b.text.data();
}

bool TakeCaptures(const Regex& regex, const LogLine& line, Match& match) {
  auto found = regex.Find(Matched(line));
  if (found) match.captures.merge(found->captures);
  return found.has_value();
}

class Finder {
 public:
  Finder(const RuleIndex& index, const CleanLog& log, const Outline& outline,
         const TriageHints& hints)
      : index_(index),
        log_(log),
        outline_(outline),
        hints_(hints),
        scan_(*index.sweep),
        tried_(index.patterns.size(), UINT32_MAX),
        found_(index.rules.size(), 0) {}

  std::vector<Match> Find(std::uint32_t first, std::uint32_t last) {
    const auto& lines = log_.lines();
    for (std::uint32_t i = first; i < last;) {
      std::uint32_t end = i + 1;
      while (end < last && IsAdjacent(lines[end - 1], lines[end])) ++end;
      SweepRun(i, end);
      i = end;
    }
    for (const std::uint32_t marked : log_.marked()) {
      if (marked >= first && marked < last) TryMarked(marked);
    }
    std::ranges::sort(matches_, [&](const Match& a, const Match& b) { return Key(a) < Key(b); });
    DropAsides(last);
    DropUnneeded();
    return std::move(matches_);
  }

 private:
  std::tuple<std::uint32_t, int, std::uint32_t> Key(const Match& match) const {
    return {match.line, -index_.rules[match.rule].priority, match.rule};
  }

  void SweepRun(std::uint32_t first, std::uint32_t last) {
    const auto& lines = log_.lines();
    const char* const begin = lines[first].text.data();
    const std::string_view& end = lines[last - 1].text;
    std::uint32_t line = first;
    const LiteralSweep::Hit hit = [&](std::uint32_t literal, std::size_t behind) {
      const char* const at = begin + behind;
      while (line + 1 < last && lines[line].text.data() + lines[line].text.size() < at) ++line;
      for (const std::uint32_t pattern : index_.by_literal[literal]) {
        if (tried_[pattern] == line) continue;
        tried_[pattern] = line;
        Try(index_.patterns[pattern], line);
      }
    };
    scan_.Run({begin, static_cast<std::size_t>(end.data() + end.size() - begin)}, hit);
  }

  void TryMarked(std::uint32_t line) {
    for (const std::uint32_t r : index_.marker_rules) {
      const Rule& rule = index_.rules[r];
      if (rule.marker != log_.lines()[line].marker) continue;
      for (std::uint32_t p = 0; p < rule.match.size(); ++p) Try({r, p}, line);
    }
  }

  void Try(const RulePattern& pattern, std::uint32_t line) {
    const Rule& rule = index_.rules[pattern.rule];
    std::size_t& found = found_[pattern.rule];
    if (found >= kMaxMatchesPerRule) return;
    const std::string_view text = Matched(log_.lines()[line]);
    const Regex& regex = rule.match[pattern.pattern];
    if (!regex.Contains(text) || AnyContained(rule.unless, text) || !InScope(rule, line)) return;
    auto match = regex.Find(text);
    if (!match) return;
    ++found;
    matches_.push_back({pattern.rule, line, std::move(match->captures)});
  }

  bool InScope(const Rule& rule, std::uint32_t line) const {
    if (!rule.provider.empty() && !hints_.provider.empty() &&
        std::ranges::find(rule.provider, hints_.provider) == rule.provider.end()) {
      return false;
    }
    if (rule.step.empty()) return true;
    const LogStep* step = outline_.StepOf(line);
    return (step != nullptr &&
            (AnyContained(rule.step, step->name) || AnyContained(rule.step, step->command))) ||
           AnyContained(rule.step, hints_.step) || AnyContained(rule.step, hints_.command);
  }

  // The first line behind the aside that the match begins, nullopt when it does not end.
  std::optional<std::uint32_t> EndOfAside(const Match& match, std::uint32_t last) const {
    const Rule& rule = index_.rules[match.rule];
    if (!rule.until) return std::nullopt;
    const auto end = std::min<std::size_t>(
        last, match.line + std::size_t{1} + static_cast<std::size_t>(rule.within));
    for (std::uint32_t i = match.line + 1; i < end; ++i) {
      if (rule.until->Contains(Matched(log_.lines()[i]))) return i;
    }
    return std::nullopt;
  }

  // Asides do not overlap, so that all of them together cost no more than one look at each line.
  void DropAsides(std::uint32_t last) {
    std::uint32_t end = 0;
    std::uint32_t open = 0;  // no aside that began before this line ends
    std::erase_if(matches_, [&](const Match& match) {
      if (match.line >= end && match.line >= open) {
        if (const auto behind = EndOfAside(match, last))
          end = *behind;
        else if (index_.rules[match.rule].until)
          open = match.line + static_cast<std::uint32_t>(index_.rules[match.rule].within);
      }
      if (match.line >= end) return false;
      --found_[match.rule];
      return true;
    });
  }

  void DropUnneeded() {
    std::erase_if(matches_, [&](const Match& match) {
      const Rule& rule = index_.rules[match.rule];
      return !rule.needs.empty() && std::ranges::none_of(rule.needs, [&](const std::string& need) {
        return found_[index_.by_name.find(need)->second] > 0;
      });
    });
  }

  const RuleIndex& index_;
  const CleanLog& log_;
  const Outline& outline_;
  const TriageHints& hints_;
  const LiteralSweep::Scan scan_;
  std::vector<std::uint32_t> tried_;  // by pattern: the last line it was tried on
  std::vector<std::size_t> found_;    // by rule
  std::vector<Match> matches_;
};

}  // namespace

std::vector<Match> FindMatches(const RuleIndex& index, const CleanLog& log, const Outline& outline,
                               const TriageHints& hints, std::uint32_t first, std::uint32_t last) {
  return Finder(index, log, outline, hints).Find(first, last);
}

void Complete(Match& match, const RuleIndex& index, const CleanLog& log) {
  const Rule& rule = index.rules[match.rule];
  const auto within = static_cast<std::size_t>(rule.within);
  const auto above_within = static_cast<std::size_t>(rule.above_within);
  const std::size_t lowest = match.line > above_within ? match.line - above_within : 0;
  for (const Regex& above : rule.above) {
    for (std::size_t i = match.line; i > lowest; --i) {
      if (TakeCaptures(above, log.lines()[i - 1], match)) break;
    }
  }
  const std::size_t end = std::min(log.lines().size(), match.line + 1 + within);
  for (std::size_t i = match.line + std::size_t{1}; rule.then && i < end; ++i) {
    if (TakeCaptures(*rule.then, log.lines()[i], match)) break;
  }
}

void LookAbove::Complete(Match& match) {
  const Rule& rule = index_.rules[match.rule];
  const auto within = static_cast<std::uint32_t>(rule.above_within);
  const std::uint32_t lowest = match.line > within ? match.line - within : 0;
  for (const Regex& above : rule.above) {
    Nearest& nearest = nearest_[&above];
    for (std::uint32_t i = match.line; i > std::max(lowest, nearest.looked); --i) {
      auto found = above.Find(Matched(log_.lines()[i - 1]));
      if (!found) continue;
      nearest.line = i - 1;
      nearest.captures = std::move(found->captures);
      break;
    }
    nearest.looked = std::max(nearest.looked, match.line);
    if (nearest.line >= lowest)
      match.captures.insert(nearest.captures.begin(), nearest.captures.end());
  }
}

}  // namespace regreen
