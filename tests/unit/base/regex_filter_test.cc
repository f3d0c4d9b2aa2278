#include "daemon/base/regex_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/regex.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;

std::vector<bool> Candidates(const std::vector<std::string>& patterns, std::string_view text) {
  return RegexFilter(patterns).Candidates(text);
}

TEST(RegexFilter, LeavesOutWhatTheTextCannotHold) {
  const std::vector<std::string> patterns = {"would reformat \\S", "(?i)npm err!|yarn error", "ab",
                                             "go\\.sum .*missing", "x.*y"};
  EXPECT_THAT(Candidates(patterns, "NPM ERR! code"), ElementsAre(false, true, true, false, true));
  EXPECT_THAT(Candidates(patterns, "go.sum entry missing"),
              ElementsAre(false, false, true, true, true));
  EXPECT_THAT(Candidates(patterns, ""), ElementsAre(false, false, true, false, true));
}

TEST(RegexFilter, HasNothingToSayOfNoPatterns) {
  EXPECT_TRUE(Candidates({}, "text").empty());
}

// What a filter leaves out must not match; what it lets through is only more work.
TEST(RegexFilter, NeverLeavesOutWhatMatches) {
  const std::vector<std::string> patterns = {"kelvin",
                                             "(?i)kelvin",
                                             "(?i)MASSE",
                                             "Stra\u00DFe",
                                             "(?i)\u00C9t\u00C9",
                                             "\\x{C9}tat",
                                             "[abc]de",
                                             "(foo|bar)+",
                                             "^error: .*$",
                                             "a\\x{212A}b",
                                             "\\pL{4}",
                                             "e\xCC\x81"
                                             "abc",
                                             "(?i)[k-s]elvin masses",
                                             "colou?r",
                                             "\\bfoo\\b",
                                             "\\351tat",
                                             "(?:abc){2}",
                                             "[[:upper:]]BC"};
  const std::vector<std::string> texts = {"kelvin",
                                          "KELVIN",
                                          "\u212Aelvin",
                                          "ma\u017F\u017Fe",
                                          "MASSE",
                                          "Stra\u00DFe",
                                          "\u00E9t\u00E9",
                                          "\u00C9T\u00C9",
                                          "\u00C9tat",
                                          "bde",
                                          "barfoo",
                                          "error: x",
                                          "a\u212Ab",
                                          "\u00C4\u00D6\u00DC\u00E4",
                                          "e\xCC\x81"
                                          "abc",
                                          "\u212AELVIN MA\u017F\u017FES",
                                          "color colour",
                                          "\u00E9tat",
                                          "a foo b",
                                          "abcabc",
                                          "ABC",
                                          "\u2716 3 problems",
                                          "\xFF\xFE kelvin"};
  const RegexFilter filter(patterns);
  std::size_t matches = 0;
  for (const std::string& text : texts) {
    const std::vector<bool> candidates = filter.Candidates(text);
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      const auto regex = Regex::Compile(patterns[i]);
      ASSERT_TRUE(regex.ok()) << patterns[i];
      if (!regex->Contains(text)) continue;
      ++matches;
      EXPECT_TRUE(candidates[i]) << "/" << patterns[i] << "/ matches " << text;
    }
  }
  EXPECT_GE(matches, 20u);
}

}  // namespace
}  // namespace regreen
