#include "daemon/base/text.h"
#include "daemon/guard/checks.h"
#include "daemon/guard/rule_reader.h"

namespace regreen {
namespace {

template <class Finds>
void CheckRule(const GuardRule& rule, const Finds& finds, Problems& problems) {
  if (rule.examples.empty()) {
    problems.Warn(rule.where, Cat("guard rule \"", rule.name,
                                  "\" has no example, so nothing shows that it works"));
  }
  for (const std::string& text : rule.examples) {
    if (finds(text)) continue;
    problems.Error(rule.where, Cat("guard rule \"", rule.name, "\" does not find its example \"",
                                   Truncate(text, 200), "\""));
  }
  for (const std::string& text : rule.counter_examples) {
    if (!finds(text)) continue;
    problems.Error(rule.where, Cat("guard rule \"", rule.name, "\" finds its counter-example \"",
                                   Truncate(text, 200), "\""));
  }
}

// A file in which one text takes the place of the other.
FileText Change(std::string_view removed, std::string_view added) {
  FileText file;
  file.path = "example";
  int number = 0;
  if (!removed.empty()) file.lines.push_back({false, 1, 0, removed});
  for (const std::string_view line : SplitLines(added))
    file.lines.push_back({true, ++number, 0, line});
  return file;
}

template <class Rule>
bool FindsChange(const Rule& rule, void (*check)(const Rule&, const FileText&, Findings&),
                 std::string_view example) {
  const auto sides = SplitArrow(example);
  if (!sides) return false;
  Findings found;
  check(rule, Change(sides->first, sides->second), found);
  return !found.empty();
}

bool FindsAdded(const AddedText& rule, std::string_view example) {
  Findings found;
  DeletedText nothing({});
  CheckAdded(rule, Change("", example), nothing, found);
  return !found.empty();
}

}  // namespace

void CheckExamples(const GuardRules& rules, Problems& problems) {
  const auto check = [&](const auto& list, const auto& finds) {
    for (const auto& rule : list)
      CheckRule(
          rule, [&](std::string_view text) { return finds(rule, text); }, problems);
  };
  const auto is_path_of = [](const auto& rule, std::string_view path) {
    return MatchesAny(rule.paths, path);
  };
  check(rules.protected_paths, [](const ProtectedPaths& rule, std::string_view path) {
    return MatchesAny(rule.paths, Lower(path));
  });
  check(rules.deleted_files, is_path_of);
  check(rules.lone_files, is_path_of);
  check(rules.added_text, FindsAdded);
  check(rules.fewer_lines, Counts);
  check(rules.loosened_text, [](const LoosenedText& rule, std::string_view text) {
    return FindsChange(rule, CheckLoosened, text);
  });
  check(rules.moved_numbers, [](const MovedNumber& rule, std::string_view text) {
    return FindsChange(rule, CheckNumbers, text);
  });
  check(rules.random_text, LooksRandom);
}

}  // namespace regreen
