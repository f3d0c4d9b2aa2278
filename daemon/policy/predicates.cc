#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/predicate_families.h"

namespace regreen {
namespace {

using Reader = std::shared_ptr<const Predicate> (*)(TomlTable&, std::string_view);

constexpr std::pair<std::string_view, Reader> kReaders[] = {
    {"ci", ReadNames},
    {"repo", ReadNames},
    {"branch", ReadNames},
    {"base_branch", ReadNames},
    {"event", ReadNames},
    {"workflow", ReadNames},
    {"job", ReadNames},
    {"step", ReadNames},
    {"author", ReadNames},
    {"rule", ReadNames},
    {"tool", ReadNames},
    {"failing_test", ReadNames},
    {"label", ReadNames},
    {"path", ReadPaths},
    {"log", ReadLogPatterns},
    {"command", ReadCommandPatterns},
    {"class", ReadClasses},
    {"exit_code", ReadExitCodes},
    {"run_attempt", ReadRunAttempts},
    {"fork", ReadFork},
    {"pull_request", ReadPullRequest},
    {"flaky", ReadFlaky},
    {"seen_at_least", ReadSeenAtLeast},
    {"seen", ReadSeen},
    {"window", ReadWindows},
};

constexpr std::size_t kLongestQuote = 80;

}  // namespace

std::vector<Condition> ReadConditions(TomlTable& table) {
  std::vector<Condition> conditions;
  for (const auto& [key, read] : kReaders) {
    if (!table.Has(key)) continue;
    if (auto predicate = read(table, key)) {
      conditions.push_back({std::string(key), std::move(predicate)});
    }
  }
  // Asked for only where it stands, so that nobody is told that there is such a key.
  const std::vector<std::string> keys = table.Keys();
  if (std::find(keys.begin(), keys.end(), "provider") != keys.end() && table.Has("provider"))
    table.Error("provider", "the provider is asked for by \"ci\": its name in the configuration");
  return conditions;
}

std::string Quoted(std::string_view untrusted) {
  return Cat("\"", Truncate(EscapeControl(untrusted), kLongestQuote), "\"");
}

std::string OneOf(const std::vector<std::string>& choices) {
  std::string out;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) out += i + 1 == choices.size() ? " or " : ", ";
    out += Quoted(choices[i]);
  }
  return out;
}

std::string SpecOf(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) Append(out, out.empty() ? "" : ", ", TomlQuote(text));
  return texts.size() == 1 ? out : Cat("[", out, "]");
}

std::string SpecOf(const std::vector<std::int64_t>& numbers) {
  std::string out;
  for (const std::int64_t number : numbers) Append(out, out.empty() ? "" : ", ", number);
  return numbers.size() == 1 ? out : Cat("[", out, "]");
}

std::string SpecOf(bool wanted) {
  return wanted ? "true" : "false";
}

}  // namespace regreen
