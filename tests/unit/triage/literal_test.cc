#include "daemon/triage/literal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/triage/clean.h"
#include "daemon/triage/rule.h"
#include "tests/unit/triage/shipped_rules.h"

namespace regreen {
namespace {

struct Case {
  const char* name;
  const char* pattern;
  std::vector<std::string> texts;
};

const Case kCases[] = {
    {"plain", "error: x", {"error: x"}},
    {"the longer of two", "ab.*cdef", {"cdef"}},
    {"optional text is not required", "(?:fatal )?error", {"error", "fatal error"}},
    {"a choice", "red|green", {"green", "red"}},
    {"a choice with a gap", "red|.*", {}},
    {"joined over a group", R"((?P<file>\S+\.java):(?P<line>\d+))", {".java:"}},
    {"repeated at least thrice", "^_{3,} x", {"___"}},
    {"a star is nothing", "(?:abc)*", {}},
    {"a plus is once", "(?:abcd)+", {"abcd"}},
    {"a small class", "x[ab]y", {"xay", "xby"}},
    {"a negated class", "ab[^c]d", {"ab"}},
    {"escaped", R"(\[ERROR\] \d)", {"[ERROR] "}},
    {"a quoted part is not followed", R"(\Qa.b\E)", {}},
    {"a lazy star", "abc.*?defg", {"defg"}},
};

TEST(RequiredLiterals, AreTheTextThatAMatchCannotDoWithout) {
  for (const Case& c : kCases) {
    std::vector<std::string> texts;
    for (const Literal& literal : RequiredLiterals(c.pattern)) texts.push_back(literal.text);
    EXPECT_EQ(texts, c.texts) << c.name;
  }
}

TEST(RequiredLiterals, AreInLowerCaseWhenCaseDoesNotMatter) {
  const auto literals = RequiredLiterals("(?i)No Space");
  ASSERT_EQ(literals.size(), 1U);
  EXPECT_EQ(literals[0].text, "no space");
  EXPECT_TRUE(literals[0].caseless);
}

bool Holds(std::string_view text, const Literal& literal) {
  return literal.caseless ? Lower(text).find(literal.text) != std::string::npos
                          : text.find(literal.text) != std::string_view::npos;
}

// The sweep must not hide a line that a rule would match.
TEST(RequiredLiterals, AreInEveryLineThatAShippedRuleMatches) {
  std::vector<std::string> texts;
  for (const auto& file : FilesIn(SourceFolder() + "/tests/fixtures/triage/corpus")) {
    texts.push_back(ReadBytes(file));
  }
  for (const Rule& rule : ShippedRules()->index().rules) {
    texts.insert(texts.end(), rule.examples.begin(), rule.examples.end());
  }
  std::size_t matches = 0;
  for (const Rule& rule : ShippedRules()->index().rules) {
    for (const Regex& regex : rule.match) {
      const auto literals = RequiredLiterals(regex.pattern());
      if (rule.marker) continue;
      for (const std::string& text : texts) {
        const CleanLog log(text);
        for (const LogLine& line : log.lines()) {
          if (!regex.Contains(line.text)) continue;
          ++matches;
          EXPECT_TRUE(
              std::ranges::any_of(literals, [&](const Literal& l) { return Holds(line.text, l); }))
              << regex.pattern() << "\n"
              << line.text;
        }
      }
    }
  }
  EXPECT_GT(matches, 300U);
}

}  // namespace
}  // namespace regreen
