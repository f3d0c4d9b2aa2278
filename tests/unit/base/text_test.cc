#include "daemon/base/text.h"

#include <gtest/gtest.h>

namespace regreen {
namespace {

struct GlobCase {
  const char* name;
  const char* pattern;
  const char* text;
  bool matches;
};

TEST(GlobMatch, FollowsPathsAsPeopleWriteThem) {
  const GlobCase cases[] = {
      {"a literal is itself", "main", "main", true},
      {"a literal is nothing else", "main", "maine", false},
      {"a star stays in its folder", "src/*.c", "src/a.c", true},
      {"a star does not cross a slash", "src/*.c", "src/x/a.c", false},
      {"two stars cross", "src/**", "src/x/a.c", true},
      {"two stars and a slash are any folders", "**/a.c", "x/y/a.c", true},
      {"or none at all", "**/a.c", "a.c", true},
      {"in the middle too", "src/**/a.c", "src/a.c", true},
      {"a folder's name is whole", "src/**/a.c", "src/xa.c", false},
      {"a question mark is one character", "v?", "v1", true},
      {"but no slash", "v?", "v/", false},
      {"a star may be empty", "release*", "release", true},
      {"an earlier star gives way", "**/*.test.*", "a/b.test.c/d.test.js", true},
      {"owner and any name", "acme/*", "acme/widget", true},
      {"the empty pattern is the empty text", "", "", true},
      {"the empty pattern is nothing else", "", "a", false},
  };
  for (const GlobCase& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(GlobMatch(c.pattern, c.text), c.matches);
  }
}

TEST(GlobMatch, HostilePatternsTakePolynomialTime) {
  std::string pattern, text(5000, 'a');
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatch(pattern + "b", text));
}

TEST(EscapeControl, ShowsWhatWouldMoveTheCursorOrHide) {
  EXPECT_EQ(EscapeControl("a\x1b[31mb\n"), "a\\x1b[31mb\\x0a");
  EXPECT_EQ(EscapeControl("x\xE2\x80\xAEy"), "x\\u{202e}y");
  EXPECT_EQ(EscapeControl("zero\xE2\x80\x8Bwidth"), "zero\\u{200b}width");
  EXPECT_EQ(EscapeControl("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(EscapeControl("bad\xFF"), "bad\xEF\xBF\xBD");
  EXPECT_EQ(EscapeControlKeepLines("a\n\tb\r"), "a\n\tb\\x0d");
}

TEST(Utf8, OverlongSurrogatesAndBeyondAreReplaced) {
  EXPECT_EQ(ToValidUtf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(ToValidUtf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(ToValidUtf8("\xF4\x90\x80\x80").size(), 12u);
  EXPECT_EQ(ToValidUtf8("\xF0\x9F\x98\x80"), "\xF0\x9F\x98\x80");
}

TEST(Utf8, IsCheckedAcrossWordsOfEight) {
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'a');
    EXPECT_TRUE(IsValidUtf8(text));
    text[at] = static_cast<char>(0xC3);
    EXPECT_FALSE(IsValidUtf8(text)) << at;
    text.insert(at + 1, 1, static_cast<char>(0xA9));
    EXPECT_TRUE(IsValidUtf8(text)) << at;
  }
}

TEST(Truncate, CutsBetweenCharactersAndMarksTheCut) {
  EXPECT_EQ(Truncate("short", 10), "short");
  EXPECT_EQ(Truncate("caf\xC3\xA9 au lait", 8), "caf\xC3\xA9…");
  EXPECT_EQ(Truncate("caf\xC3\xA9 au lait", 7), "caf…");
}

TEST(NearestName, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string> names = {"label", "labels", "title"};
  EXPECT_EQ(NearestName("lable", names), "label");
  EXPECT_EQ(NearestName("tilte", names), "title");
  EXPECT_EQ(NearestName("titles", names), "title");
  EXPECT_EQ(NearestName("workspace", names), "");
  EXPECT_EQ(DidYouMean("lable", names), ", did you mean \"label\"?");
}

TEST(Percent, RoundTripsAnyBytes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(PercentDecode(PercentEncode(bytes), false), bytes);
  EXPECT_EQ(PercentDecode("a+b%2Bc%zz%4", true), "a b+c%zz%4");
}

TEST(SplitLines, LastLineBreakEndsALine) {
  EXPECT_EQ(SplitLines("a\nb\n").size(), 2u);
  EXPECT_EQ(SplitLines("a\n\nb").size(), 3u);
  EXPECT_EQ(SplitLines("").size(), 0u);
}

}  // namespace
}  // namespace regreen
