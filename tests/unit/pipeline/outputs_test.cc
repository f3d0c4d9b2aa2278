#include "daemon/pipeline/outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const std::vector<ValueSpec>& Declared() {
  static const std::vector<ValueSpec> specs = {
      {"version", ValueType::kString, {}, "[0-9.]+", 20},
      {"files", ValueType::kList, {}, "", 100},
      {"count", ValueType::kInt, {}, "", 10},
      {"patch", ValueType::kPatch, {}, "", 100},
  };
  return specs;
}

TEST(ParseOutputs, TakesWhatIsDeclared) {
  const auto parsed =
      ParseOutputs("version=1\nfiles=a b\n\nversion=1.2\nfiles=c=d\ncount=7", Declared());
  EXPECT_THAT(parsed.mistakes, IsEmpty());
  EXPECT_THAT(parsed.values,
              ElementsAre(Pair("count", "7"), Pair("files", "a b\nc=d"), Pair("version", "1.2")));
}

struct BadOutput {
  const char* name;
  std::string text;
  const char* says;
};

TEST(ParseOutputs, LeavesOutWhatIsWrongAndSaysWhy) {
  const BadOutput cases[] = {
      {"not declared", "versoin=1\n", "did you mean \"version\""},
      {"no line of ours", "\x1b[31mhello\n", "\\x1b[31mhello"},
      {"another shape", "version=1; rm -rf /\n", "does not match"},
      {"no number", "count=many\n", "is not a whole number"},
      {"too long", "version=" + std::string(21, '1') + "\n", "21 bytes long"},
      {"a patch is not written", "patch=x\n", "no output named \"patch\""},
      {"not text", "files=\xff\n", "is not UTF-8"},
      {"a NUL", std::string("files=a\0b\n", 10), "NUL"},
      {"beyond the cap", "version=1\n" + std::string(kMostOutputBytes, '\n'), "all are left out"},
  };
  for (const BadOutput& c : cases) {
    SCOPED_TRACE(c.name);
    const auto parsed = ParseOutputs(c.text, Declared());
    EXPECT_THAT(parsed.values, IsEmpty());
    ASSERT_THAT(parsed.mistakes, SizeIs(1));
    EXPECT_THAT(parsed.mistakes[0], HasSubstr(c.says));
  }
}

TEST(ParseOutputs, DoesNotRepeatAStrangersMistakesForever) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "x=1\n";
  EXPECT_THAT(ParseOutputs(text, Declared()).mistakes, SizeIs(10));
}

TEST(Outputs, ReadBack) {
  const Outputs outputs = {{"a", "1\n2"}, {"b", "\""}};
  EXPECT_EQ(OutputsFromJson(OutputsToJson(outputs)).value(), outputs);
  EXPECT_FALSE(OutputsFromJson("{").ok());
}

}  // namespace
}  // namespace regreen
