#include "daemon/triage/failed_test.h"

#include <algorithm>
#include <cctype>
#include <unordered_set>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxTitles = 5000;
constexpr std::size_t kMaxDepth = 12;
constexpr std::size_t kMaxBlock = 2000;  // lines between two numbered failures

std::size_t Indent(std::string_view text) {
  return std::min(text.find_first_not_of(" \t"), text.size());
}

// "  12) title" with the number that is next: its title, or "".
std::string_view NumberedTitle(std::string_view text, std::size_t number) {
  const std::string mark = Cat(number, ") ");
  const std::size_t indent = Indent(text);
  if (!text.substr(indent).starts_with(mark)) return {};
  return Trim(text.substr(indent + mark.size()));
}

std::vector<FailedTest> ReadNumbered(const CleanLog& log, std::uint32_t heading, bool nested) {
  const auto& lines = log.lines();
  std::vector<FailedTest> tests;
  std::size_t idle = 0;
  for (std::uint32_t i = heading + 1;
       i < lines.size() && idle < kMaxBlock && tests.size() < kMaxTitles; ++i, ++idle) {
    const std::string_view first = NumberedTitle(lines[i].text, tests.size() + 1);
    if (first.empty()) continue;
    FailedTest test{std::string(first), i};
    for (std::uint32_t j = i + 1;
         nested && j < lines.size() && j - i < kMaxDepth && !test.name.ends_with(':'); ++j) {
      const bool adjacent = lines[j].number == lines[j - 1].number + 1;
      if (!adjacent || Indent(lines[j].text) <= Indent(lines[j - 1].text)) break;
      Append(test.name, " ", Trim(lines[j].text));
    }
    if (test.name.ends_with(':')) test.name.pop_back();
    tests.push_back(std::move(test));
    idle = 0;
  }
  return tests;
}

bool IsRule(std::string_view text) {
  return text.size() >= 20 && text.find_first_not_of('-') == std::string_view::npos;
}

std::vector<FailedTest> ReadCatch2(const CleanLog& log, std::uint32_t line) {
  const auto& lines = log.lines();
  const std::uint32_t lowest = line > kMaxBlock ? line - kMaxBlock : 0;
  std::uint32_t below = line;
  while (below > lowest && !IsRule(lines[below].text)) --below;
  std::uint32_t above = below > lowest ? below - 1 : below;
  while (above > lowest && below - above <= kMaxDepth && !IsRule(lines[above].text)) --above;
  if (above + 1 >= below || !IsRule(lines[above].text) || !IsRule(lines[below].text)) return {};
  FailedTest test{"", above + 1};
  for (std::uint32_t i = above + 1; i < below; ++i) {
    Append(test.name, i == above + 1 ? "" : " / ", Trim(lines[i].text));
  }
  return {test};
}

bool IsSeparator(char c) {
  return std::string_view("./$: >").find(c) != std::string_view::npos;
}

// "path::Class::test" and "Class.test" are one name in two spellings.
std::string OneSpelling(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool colons = name[i] == ':' && i + 1 < name.size() && name[i + 1] == ':';
    out.push_back(colons || name[i] == '#' ? '.' : name[i]);
    if (colons) ++i;
  }
  return out;
}

}  // namespace

const std::vector<std::string>& TitleForms() {
  static const std::vector<std::string> forms = {"mocha", "numbered", "catch2"};
  return forms;
}

bool IsTitleForm(std::string_view form) {
  return std::ranges::find(TitleForms(), form) != TitleForms().end();
}

std::vector<FailedTest> ReadTitles(std::string_view form, const CleanLog& log, std::uint32_t line) {
  if (form == "mocha" || form == "numbered") return ReadNumbered(log, line, form == "mocha");
  if (form == "catch2") return ReadCatch2(log, line);
  return {};
}

std::vector<std::string> Distinct(const std::vector<std::string>& names) {
  std::vector<std::string> spelled;
  for (const std::string& name : names) spelled.push_back(OneSpelling(name));
  // A short form is the rest of a full name behind one of its separators.
  std::unordered_set<std::string_view> short_forms;
  for (const std::string_view full : spelled) {
    const std::size_t end = std::min(full.find_first_of("(["), full.size());
    for (std::size_t i = 1; i < end; ++i) {
      if (IsSeparator(full[i - 1]) &&
          full.substr(0, i).find_first_of("./") != std::string_view::npos) {
        short_forms.insert(full.substr(i));
      }
    }
  }
  std::vector<std::string> distinct;
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() || short_forms.contains(spelled[i]) || !seen.insert(spelled[i]).second)
      continue;
    distinct.push_back(names[i]);
  }
  return distinct;
}

}  // namespace regreen
