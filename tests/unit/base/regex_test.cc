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

TEST(Regex, WhatIsCompiledWhenAskedAnswersAsWhatIsCompiledAtOnce) {
  for (const char* pattern : {"(?P<a>x+)y(?P<b>z)?", "x*", "^$", "\\bword\\b", "(?i)straße",
                              "\\p{Lu}+", "\\x{e9}", "[^a]{2}", ".{1,3}é", "(?i)ask"}) {
    const auto now = Regex::Compile(pattern), later = Regex::CompileWhenAsked(pattern);
    ASSERT_TRUE(now.ok() && later.ok()) << pattern;
    EXPECT_EQ(later->pattern(), pattern);
    EXPECT_EQ(later->GroupNames(), now->GroupNames()) << pattern;
    EXPECT_EQ(later->MatchesEmpty(), now->MatchesEmpty()) << pattern;
    for (const char* text :
         {"", "xxy", "xyz", "a word", "STRASSE", "STRAßE", "É", "é", "aé", "a\u017Fk"}) {
      EXPECT_EQ(later->Contains(text), now->Contains(text)) << pattern << " on " << text;
      const auto a = now->Find(text), b = later->Find(text);
      ASSERT_EQ(a.has_value(), b.has_value());
      if (a) {
        EXPECT_EQ(a->captures, b->captures);
      }
    }
  }
}

TEST(Regex, ABadPatternIsTheSameErrorWheneverItIsCompiled) {
  for (const char* pattern :
       {"(", "a{2,1}", "[z-a]", "(?=x)", "x{1001}", "((((.{100}){10}){10}){10})"}) {
    const auto now = Regex::Compile(pattern), later = Regex::CompileWhenAsked(pattern);
    EXPECT_FALSE(now.ok()) << pattern;
    EXPECT_EQ(Message(later.status()), Message(now.status())) << pattern;
  }
}

TEST(Regex, IsLinearOnWhatExplodesElsewhere) {
  EXPECT_FALSE(Regex::Compile("(a+)+$")->Contains(std::string(100'000, 'a') + "b"));
}

TEST(Regex, ReplacesEveryMatch) {
  EXPECT_EQ(Regex::Compile(R"((\d+)ms)")->ReplaceAll("12ms 7ms", R"(<\1>)"), "<12> <7>");
}

}  // namespace
}  // namespace regreen
