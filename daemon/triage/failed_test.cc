#include "daemon/triage/failed_test.h"

#include <algorithm>
#include <cctype>
#include <unordered_set>

#include "daemon/base/regex.h"
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

std::vector<FailedTest> ReadDoctest(const CleanLog& log, std::uint32_t line) {
  constexpr std::string_view kCase = "TEST CASE:  ";
  const auto& lines = log.lines();
  const std::uint32_t lowest = line > kMaxBlock ? line - kMaxBlock : 0;
  std::uint32_t at = line;
  while (at > lowest && !lines[at].text.starts_with(kCase)) --at;
  if (!lines[at].text.starts_with(kCase)) return {};
  FailedTest test{std::string(Trim(lines[at].text.substr(kCase.size()))), at};
  for (std::uint32_t i = at + 1; i < line && i - at < kMaxDepth; ++i) {
    if (lines[i].number != lines[i - 1].number + 1 || Indent(lines[i].text) == 0) break;
    Append(test.name, " / ", Trim(lines[i].text));
  }
  return {test};
}

bool IsSurefireHeading(std::string_view text) {
  return text.starts_with("Failed tests:") || text.starts_with("Tests in error:");
}

std::vector<FailedTest> ReadNext(const CleanLog& log, std::uint32_t line) {
  if (line + 1 >= log.lines().size()) return {};
  std::string_view name = Trim(log.lines()[line + 1].text);
  if (name.ends_with(':')) name.remove_suffix(1);
  if (name.ends_with(']')) name = Trim(name.substr(0, name.rfind(" [")));
  if (name.find('#') == std::string_view::npos) return {};
  return {{std::string(name), line + 1}};
}

// "  FooTest.works:33->check:44 expected", "  works(com.acme.FooTest): expected", "  Foo.bar »
// NullPointer".
std::vector<FailedTest> ReadSurefire(const CleanLog& log, std::uint32_t heading) {
  static const auto form = Regex::Compile(
      R"(^  (?P<test>(?:(?:[\w$]+\.)*[A-Z][\w$]*(?:>[\w$.]+)?\.[\w$]+(?:\[[^\]]*\])?)|[^\s(]+\([\w.$]+\))(?::|->| |$))");
  const auto& lines = log.lines();
  std::vector<FailedTest> tests;
  for (std::uint32_t i = heading; i < lines.size() && i - heading < kMaxBlock; ++i) {
    const std::string_view text = lines[i].text;
    const bool ends = text.starts_with("Tests run:") || IsSurefireHeading(text);
    if (i > heading && ends) break;
    // The first stands behind the heading, or below it.
    std::string line(text);
    if (i == heading) line = Cat("  ", Trim(text.substr(text.find(':') + 1)));
    if (auto found = form.ok() ? form->Find(line) : std::nullopt)
      tests.push_back({found->captures["test"], i});
  }
  return tests;
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

// Short forms of a full name: what stands behind one of its separators, but for the first of a name
// without dots and folders.
template <typename Take>
void ForShortForms(std::string_view full, const Take& take) {
  const std::size_t end = std::min(full.find_first_of("(["), full.size());
  bool qualified = false;
  for (std::size_t i = 1; i < end; ++i) {
    qualified = qualified || full[i - 1] == '.' || full[i - 1] == '/';
    if (qualified && IsSeparator(full[i - 1])) take(full.substr(i));
  }
}

}  // namespace

NamedTests::NamedTests(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string full = OneSpelling(name);
    ForShortForms(full, [&](std::string_view form) { spellings_.emplace(form); });
    spellings_.insert(full);
  }
}

bool NamedTests::Has(std::string_view name) const {
  return !spellings_.empty() && spellings_.contains(OneSpelling(name));
}

const std::vector<std::string>& TitleForms() {
  static const std::vector<std::string> forms = {"mocha",   "numbered", "catch2",
                                                 "doctest", "next",     "surefire"};
  return forms;
}

bool IsTitleForm(std::string_view form) {
  return std::ranges::find(TitleForms(), form) != TitleForms().end();
}

std::vector<FailedTest> ReadTitles(std::string_view form, const CleanLog& log, std::uint32_t line) {
  if (form == "mocha" || form == "numbered") return ReadNumbered(log, line, form == "mocha");
  if (form == "catch2") return ReadCatch2(log, line);
  if (form == "doctest") return ReadDoctest(log, line);
  if (form == "next") return ReadNext(log, line);
  if (form == "surefire") return ReadSurefire(log, line);
  return {};
}

std::vector<std::string> Distinct(const std::vector<std::string>& names) {
  std::vector<std::string> spelled;
  for (const std::string& name : names) spelled.push_back(OneSpelling(name));
  std::unordered_set<std::string_view> short_forms;
  for (const std::string_view full : spelled)
    ForShortForms(full, [&](std::string_view form) { short_forms.insert(form); });
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
