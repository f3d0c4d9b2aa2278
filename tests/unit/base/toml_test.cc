#include "daemon/base/toml.h"

#include <gtest/gtest.h>

namespace regreen {
namespace {

TEST(TomlTable, ReadsTypedValues) {
  Problems problems;
  TomlTable t = TomlTable::Parse(
      "a = \"x\"\nn = 3\nd = \"1m30s\"\nl = [\"p\", \"q\"]\none = \"p\"\n[s]\nb = true\n[[r]]\nk = "
      "1\n[[r]]\nk = 2\n",
      "f.toml", problems);
  EXPECT_EQ(t.String("a"), "x");
  EXPECT_EQ(t.Int("n"), 3);
  EXPECT_EQ(t.Double("n"), 3.0);
  EXPECT_EQ(t.Duration("d"), absl::Seconds(90));
  EXPECT_EQ(t.Strings("l")->size(), 2u);
  EXPECT_EQ(t.Strings("one")->size(), 1u);
  EXPECT_EQ(t.Table("s")->Bool("b"), true);
  EXPECT_EQ(t.Tables("r")[1].Int("k"), 2);
  t.Finish();
  EXPECT_FALSE(problems.has_errors()) << problems.Render();
}

TEST(TomlTable, NotesEveryMistakeWithItsPlaceAndTheNearestName) {
  Problems problems;
  TomlTable t = TomlTable::Parse("label = 5\nlabl = \"x\"\nwait = \"soon\"\nlist = [1, \"a\"]\n",
                                 "f.toml", problems);
  EXPECT_EQ(t.String("label"), std::nullopt);
  EXPECT_EQ(t.Duration("wait"), std::nullopt);
  EXPECT_EQ(t.Strings("list")->size(), 1u);
  t.Finish();
  const std::string text = problems.Render();
  EXPECT_EQ(
      text,
      "f.toml:1:9: error: \"label\" must be a string, not a whole number\n"
      "f.toml:3:8: error: \"wait\" must be a duration such as \"90s\" or \"10m\", not \"soon\"\n"
      "f.toml:4:9: error: \"list\" must hold strings only, not a whole number\n"
      "f.toml:2:8: error: unknown key \"labl\", did you mean \"label\"?\n");
}

TEST(TomlTable, ReadsTimesThatSayTheirOffset) {
  Problems problems;
  TomlTable t = TomlTable::Parse(
      "a = 2026-01-05T10:00:00Z\nb = 2026-01-05T12:00:00+02:00\nc = \"2026-01-05T10:00:00Z\"\n"
      "d = 2026-01-05T10:00:00\ne = \"soon\"\nf = 5\n",
      "f.toml", problems);
  const absl::Time wanted = absl::FromCivil(absl::CivilHour(2026, 1, 5, 10), absl::UTCTimeZone());
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(t.Time(key), wanted) << key;
  EXPECT_FALSE(problems.has_errors()) << problems.Render();
  for (const char* key : {"d", "e", "f"}) EXPECT_EQ(t.Time(key), std::nullopt) << key;
  EXPECT_EQ(t.Time("g"), std::nullopt);
  ASSERT_EQ(problems.all().size(), 3u);
  EXPECT_EQ(ToString(problems.all()[0]),
            "f.toml:4:5: error: \"d\" must be a time with its offset, such as "
            "2026-01-05T10:00:00Z");
}

TEST(TomlTable, SaysWhetherAValueIsATable) {
  Problems problems;
  const TomlTable t = TomlTable::Parse("a = { b = 1 }\nc = 2\n", "f.toml", problems);
  EXPECT_TRUE(t.HoldsTable("a"));
  EXPECT_FALSE(t.HoldsTable("c"));
  EXPECT_FALSE(t.HoldsTable("d"));
}

TEST(TomlTable, ASyntaxErrorHasItsPlace) {
  Problems problems;
  TomlTable::Parse("a = 1\nb = = 2\n", "f.toml", problems);
  ASSERT_EQ(problems.all().size(), 1u);
  EXPECT_EQ(problems.all()[0].where.line, 2);
}

TEST(TomlTable, AMissingFileIsAProblemOfThatFile) {
  Problems problems;
  TomlTable::ParseFile("/nowhere/at/all.toml", problems);
  EXPECT_TRUE(problems.Render().starts_with("/nowhere/at/all.toml: error: ")) << problems.Render();
}

TEST(TomlQuote, ParsesBack) {
  const std::string text = "tab\t quote\" back\\slash line\n bell\x07 caf\xC3\xA9";
  Problems problems;
  TomlTable t = TomlTable::Parse("a = " + TomlQuote(text), "f.toml", problems);
  EXPECT_EQ(t.String("a"), text) << problems.Render();
}

TEST(ParseDuration, TakesOnlyWhatIsFiniteAndNotNegative) {
  EXPECT_EQ(ParseDuration("90s"), absl::Seconds(90));
  EXPECT_EQ(ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(ParseDuration("-5s"), std::nullopt);
  EXPECT_EQ(ParseDuration("inf"), std::nullopt);
  EXPECT_EQ(ParseDuration("10"), std::nullopt);
  EXPECT_EQ(ParseDuration(""), std::nullopt);
}

}  // namespace
}  // namespace regreen
