#include "daemon/triage/clean.h"

#include <gtest/gtest.h>

#include <string>

namespace regreen {
namespace {

struct Case {
  const char* name;
  std::string raw;
  std::string text;
  Marker marker = Marker::kNone;
};

const Case kLines[] = {
    {"plain", "make: all done", "make: all done"},
    {"github stamp", "2022-06-23T19:15:42.8852958Z hello", "hello"},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "2022-06-23T19:15:42.8852958Z hello",
     "hello"},
    {"gitlab stamp and stream", "2024-05-10T12:00:00.123456Z 01O hello", "hello"},
    {"jenkins stamp", "[2021-01-01T00:00:00.000Z] hello", "hello"},
    {"jenkins clock", "19:15:42  hello", "hello"},
    {"buildkite stamp", "\x1b_bk;t=1700000000000\x07hello", "hello"},
    {"buildkit prefix", "#12 3.456 hello", "hello"},
    {"compose prefix", "web-1  | hello", "hello"},
    {"a table is no compose prefix", "name | value", "name | value"},
    {"carriage return at the end", "hello\r", "hello"},
    {"the last state of a progress bar", "10%\r50%\rdone", "done"},
    {"a bar that ends with a return", "10%\rdone\r", "done"},
    {"colours", "\x1b[1m\x1b[31mred\x1b[0m text", "red text"},
    {"a title", "\x1b]0;title\x07text", "text"},
    {"an escape at the end", "text\x1b", "text"},
    {"an unfinished sequence", "text\x1b[31", "text"},
    {"nul", std::string("a\0b", 3), "ab"},
    {"invalid utf-8",
     "a\xff"
     "b",
     "a\xEF\xBF\xBD"
     "b"},
    {"utf-8 stays", "✓ works", "✓ works"},
    {"github error", "2022-06-23T19:15:42.8852958Z ##[error]broken", "broken", Marker::kError},
    {"github group", "##[group]Details", "Details", Marker::kGroup},
    {"github step", "##[group]Run make", "Run make", Marker::kStep},
    {"github end", "##[endgroup]", "", Marker::kEndGroup},
    {"github command", "[command]/usr/bin/git version", "/usr/bin/git version", Marker::kCommand},
    {"workflow command", "::error file=a.js,line=1::broken", "broken", Marker::kError},
    {"gitlab section", "\x1b[0Ksection_start:1560896352:build\r\x1b[0KHeading", "build",
     Marker::kStep},
    {"gitlab section without escape",
     "section_start:1560896352:build[collapsed=true]\r\x1b[0KHeading", "build", Marker::kStep},
    {"gitlab section end", "section_end:1560896353:build\r\x1b[0K", "build", Marker::kEndStep},
    {"travis fold", "travis_fold:start:script\r\x1b[0K", "script", Marker::kStep},
    {"azure section", "2024-03-01T10:00:00.1234567Z ##[section]Starting: Build", "Build",
     Marker::kStep},
    {"jenkins stage", "[Pipeline] { (Build)", "Build", Marker::kStep},
};

TEST(CleanLog, ShowsALineAsAPersonReadsIt) {
  for (const Case& c : kLines) {
    const CleanLog log(c.raw);
    ASSERT_FALSE(log.lines().empty()) << c.name;
    EXPECT_EQ(log.lines()[0].text, c.text) << c.name;
    EXPECT_EQ(log.lines()[0].marker, c.marker) << c.name;
    EXPECT_EQ(log.lines()[0].number, 1U) << c.name;
  }
}

TEST(CleanLog, ShowsWhatStandsBehindASectionsMarker) {
  const CleanLog log(
      "section_end:1:a\r\x1b[0Ksection_start:2:b\r\x1b[0K\x1b[31;1mERROR: broken\x1b[0;m\nx");
  ASSERT_EQ(log.lines().size(), 4U);
  EXPECT_EQ(log.lines()[0].marker, Marker::kEndStep);
  EXPECT_EQ(log.lines()[1].text, "b");
  EXPECT_EQ(log.lines()[2].text, "ERROR: broken");
  EXPECT_EQ(log.lines()[2].number, 1U);
  EXPECT_EQ(log.lines()[3].number, 2U);
}

TEST(CleanLog, ShowsTheCommandBehindTravisMarkers) {
  const CleanLog log(
      "travis_fold:start:script\r\x1b[0Ktravis_time:start:0a1b\r\x1b[0K$ make test\n");
  ASSERT_EQ(log.lines().size(), 2U);
  EXPECT_EQ(log.lines()[0].marker, Marker::kStep);
  EXPECT_EQ(log.lines()[1].text, "$ make test");
}

TEST(CleanLog, KeepsTheNumbersOfTheRawLines) {
  const CleanLog log("one\n\n\r\nfour\n\x1b[0m\nsix");
  ASSERT_EQ(log.lines().size(), 3U);
  EXPECT_EQ(log.lines()[0].number, 1U);
  EXPECT_EQ(log.lines()[1].number, 4U);
  EXPECT_EQ(log.lines()[2].number, 6U);
}

TEST(CleanLog, CopiesNothingThatNeedsNoChange) {
  const std::string raw = "2022-06-23T19:15:42.8852958Z plain\r\n✓ also plain\n\x1b[1mbold\n";
  const CleanLog log(raw);
  ASSERT_EQ(log.lines().size(), 3U);
  EXPECT_EQ(log.lines()[0].text.data(), raw.data() + 29);
  EXPECT_FALSE(log.lines()[1].rewritten);
  EXPECT_TRUE(log.lines()[2].rewritten);
}

TEST(CleanLog, TakesDashesForAHeadingInABuildkiteLogOnly) {
  const CleanLog diff("--- a/x\n+++ b/x\n");
  EXPECT_TRUE(diff.marked().empty());
  const CleanLog buildkite("\x1b_bk;t=1\x07--- Tests\n");
  ASSERT_EQ(buildkite.marked().size(), 1U);
  EXPECT_EQ(buildkite.lines()[0].text, "Tests");
}

TEST(CleanLog, KeepsHeadAndTailOfALongLogAndMarksTheCut) {
  std::string raw;
  for (int i = 1; i <= 1000; ++i) raw += "line " + std::to_string(i) + "\n";
  CleanOptions options;
  options.head_bytes = 100;
  options.tail_bytes = 100;
  const CleanLog log(raw, options);
  ASSERT_EQ(log.marked().size(), 1U);
  EXPECT_EQ(log.lines()[log.marked()[0]].marker, Marker::kCut);
  EXPECT_EQ(log.lines().front().text, "line 1");
  EXPECT_EQ(log.lines().back().text, "line 1000");
  EXPECT_EQ(log.lines().back().number, 1000U);
  EXPECT_LT(log.lines().size(), 40U);
}

TEST(CleanLog, KeepsFewOfVeryManyShortLines) {
  const std::string raw(100'000, '\n');
  CleanOptions options;
  options.head_lines = 10;
  options.tail_lines = 10;
  EXPECT_LE(CleanLog(raw, options).lines().size(), 21U);
  std::string letters;
  for (int i = 0; i < 1000; ++i) letters += "x\n";
  const CleanLog log(letters, options);
  EXPECT_EQ(log.lines().size(), 21U);
  EXPECT_EQ(log.lines().back().number, 1000U);
}

TEST(CleanLog, HoldsALineOfHundredsOfKilobytes) {
  const std::string raw = "a\n" + std::string(300'000, 'x') + "\x1b[0m\nb";
  const CleanLog log(raw);
  ASSERT_EQ(log.lines().size(), 3U);
  EXPECT_EQ(log.lines()[1].text.size(), 300'000U);
}

TEST(CleanLog, ReadsALineOfOpeningsThatNeverCloseOnce) {
  std::string line;
  for (int i = 0; i < 400'000; ++i) line += "\x1b]";
  const std::string raw = line + "x\n" + "\x1b]8;;a\x1b]b\x1b\\shown\n";
  const CleanLog log(raw);
  ASSERT_EQ(log.lines().size(), 2U);
  EXPECT_EQ(log.lines()[0].text, "x");
  EXPECT_EQ(log.lines()[1].text, "shown");
}

TEST(CleanLog, IsEmptyForAnEmptyLog) {
  EXPECT_TRUE(CleanLog("").lines().empty());
}

}  // namespace
}  // namespace regreen
