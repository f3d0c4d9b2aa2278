#include "daemon/base/regex.h"

#include <gtest/gtest.h>

namespace regreen {
namespace {

TEST(Regex, FindsWithNamedGroups) {
  const auto regex = Regex::Compile(R"((?P<file>[\w.]+):(?P<line>\d+)(:(?P<column>\d+))?)");
  ASSERT_TRUE(regex.ok());
  const auto match = regex->Find("at main.cc:12 there");
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->begin, 3u);
  EXPECT_EQ(match->end, 13u);
  EXPECT_EQ(match->captures.at("file"), "main.cc");
  EXPECT_EQ(match->captures.at("line"), "12");
  EXPECT_FALSE(match->captures.contains("column")) << "a group that took no part is not there";
  EXPECT_FALSE(regex->Find("nothing").has_value());
}

TEST(Regex, ABadPatternIsASentence) {
  const auto regex = Regex::Compile("a(b");
  EXPECT_EQ(regex.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(regex.status().message()).find("missing"), std::string::npos);
}

TEST(Regex, SaysWhetherItMatchesNothing) {
  EXPECT_TRUE(Regex::Compile("a*")->MatchesEmpty());
  EXPECT_FALSE(Regex::Compile("a+")->MatchesEmpty());
}

TEST(Regex, IsLinearOnWhatExplodesElsewhere) {
  EXPECT_FALSE(Regex::Compile("(a+)+$")->Contains(std::string(100'000, 'a') + "b"));
}

TEST(Regex, ReplacesEveryMatch) {
  EXPECT_EQ(Regex::Compile(R"((\d+)ms)")->ReplaceAll("12ms 7ms", R"(<\1>)"), "<12> <7>");
}

}  // namespace
}  // namespace regreen
