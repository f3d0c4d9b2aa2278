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

TEST(TomlTable, AKeyThatIsLikeNoneIsToldWhichThereAre) {
  Problems problems;
  TomlTable t = TomlTable::Parse("zzzzzzzz = 1\n", "f.toml", problems);
  t.Has("name");
  t.String("label");
  t.Finish();
  EXPECT_EQ(problems.Render(),
            "f.toml:1:12: error: unknown key \"zzzzzzzz\": there are label, name\n");
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

TEST(TomlTable, InheritsWhatItDoesNotHoldAndKeepsThePlaces) {
  Problems problems;
  TomlTable t = TomlTable::Parse("a = 1\nlist = [\"t\"]\none = \"t\"\nsame = 2\n[s]\nx = 3\n",
                                 "t.toml", problems);
  std::string differ;
  t.Inherit(
      TomlTable::Parse("a = 7\nlist = \"b\"\none = [\"b\"]\nsame = 2\nnew = true\n[s]\nx = 4\n"
                       "y = \"5\"\n[[step]]\nk = 1\n",
                       "b.toml", problems),
      [&](const std::string& path, const Position& here, const Position& base) {
        differ += path + " " + here.file + ":" + std::to_string(here.line) + " " + base.file + ":" +
                  std::to_string(base.line) + "\n";
      });
  EXPECT_EQ(differ, "a t.toml:1 b.toml:1\ns.x t.toml:6 b.toml:7\n");
  EXPECT_EQ(t.Int("a"), 1);
  EXPECT_EQ(t.Strings("list"), (std::vector<std::string>{"b", "t"}));
  EXPECT_EQ(t.Strings("one"), (std::vector<std::string>{"b", "t"}));
  EXPECT_EQ(t.Bool("new"), true);
  EXPECT_EQ(t.where("new").file, "b.toml");
  EXPECT_EQ(t.where("new").line, 5);
  auto sub = t.Table("s");
  EXPECT_EQ(sub->Int("x"), 3);
  EXPECT_EQ(sub->Int("y"), std::nullopt);
  EXPECT_EQ(problems.Render(), "b.toml:8:5: error: \"y\" must be a whole number, not a string\n");
  EXPECT_EQ(t.Tables("step")[0].where().file, "b.toml");
}

TEST(TomlTable, ListsEveryValueAsItIsWritten) {
  Problems problems;
  TomlTable t = TomlTable::Parse(
      "a = \"x\"\nd = 1.5\nl = [1, \"b\"]\nm = \"p\\nq\"\n[s]\nb = true\n[[step]]\nk = 2\n",
      "f.toml", problems);
  std::string all;
  for (const TomlValue& value : t.Values())
    all += value.path + "=" + value.text + "@" + std::to_string(value.where.line) + "\n";
  EXPECT_EQ(all,
            "a=\"x\"@1\nd=1.5@2\nl=[1, \"b\"]@3\nm='''\np\nq'''@4\ns.b=true@6\nstep[0].k=2@8\n");
}

TEST(TomlTable, GivesSimpleValuesAsText) {
  Problems problems;
  TomlTable t = TomlTable::Parse(
      "s = \"x\"\ni = -3\nd = 0.5\nb = false\nl = [\"p\", \"q\"]\nt = {}\nw = 2020-01-01\n",
      "f.toml", problems);
  EXPECT_EQ(t.Text("s"), "x");
  EXPECT_EQ(t.Text("i"), "-3");
  EXPECT_EQ(t.Text("d"), "0.5");
  EXPECT_EQ(t.Text("b"), "false");
  EXPECT_EQ(t.Text("l"), "p\nq");
  EXPECT_EQ(t.Text("none"), std::nullopt);
  EXPECT_EQ(problems.Render(), "");
  EXPECT_EQ(t.Text("t"), std::nullopt);
  EXPECT_EQ(t.Text("w"), std::nullopt);
  EXPECT_EQ(problems.all().size(), 2u);
}

TEST(TomlString, WritesManyLinesAsTheyAreWhereItCan) {
  for (const char* text : {"", "one", "two\nlines", "\nfirst empty", "quotes '''\n", "bell \x07\n",
                           "ends with '\nx'", "tab\t\n\n"}) {
    Problems problems;
    TomlTable t = TomlTable::Parse("a = " + TomlString(text), "f.toml", problems);
    EXPECT_EQ(t.String("a"), text) << problems.Render();
  }
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
