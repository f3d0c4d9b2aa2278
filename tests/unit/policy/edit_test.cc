// A template's stage is changed, and nothing else of its text.
#include "daemon/policy/edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* about;
  std::string before, after;  // with the stage auto
};

class StageEdit : public testing::TestWithParam<Case> {};

TEST_P(StageEdit, ChangesTheValueAlone) {
  const auto edited = WithStage(GetParam().before, Stage::kAuto);
  ASSERT_TRUE(edited.ok()) << edited.status();
  EXPECT_EQ(*edited, GetParam().after);
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, StageEdit,
    testing::Values(
        Case{"plain", "name = \"x\"\nstage = \"draft\"\n", "name = \"x\"\nstage = \"auto\"\n"},
        Case{"a comment beside it",
             "stage   =  \"draft\"   # \"draft\" until March\nname = \"x\"\n",
             "stage   =  \"auto\"   # \"draft\" until March\nname = \"x\"\n"},
        Case{"apostrophes", "stage='draft'\n", "stage='auto'\n"},
        Case{"a key in quotes", "\"stage\" = 'draft'\n", "\"stage\" = 'auto'\n"},
        Case{"three quotes", "stage = \"\"\"draft\"\"\" # x\n", "stage = \"auto\" # x\n"},
        Case{"three quotes over lines", "stage = '''\ndraft'''\nname='x'\n",
             "stage = 'auto'\nname='x'\n"},
        Case{"a comment before it", "# stage = \"draft\"\nname = \"x\"\nstage = \"draft\"\n",
             "# stage = \"draft\"\nname = \"x\"\nstage = \"auto\"\n"},
        Case{"a title of many lines that speaks of it",
             "title = '''\nstage = \"draft\"\n[match]'''\nstage = \"draft\"\n",
             "title = '''\nstage = \"draft\"\n[match]'''\nstage = \"auto\"\n"},
        Case{"escaped quotes", "title = \"a \\\" stage = \\\\\"\nstage = \"draft\"\n",
             "title = \"a \\\" stage = \\\\\"\nstage = \"auto\"\n"},
        Case{"quotes before the closing ones", "title = \"\"\"a \"b\"\"\"\"\"\nstage = \"draft\"\n",
             "title = \"\"\"a \"b\"\"\"\"\"\nstage = \"auto\"\n"},
        Case{"a list over lines with comments",
             "then = [\n  \"a\", # stage = \"draft\" ]\n  \"b\",\n]\nstage = \"draft\"\n",
             "then = [\n  \"a\", # stage = \"draft\" ]\n  \"b\",\n]\nstage = \"auto\"\n"},
        Case{"a table in line",
             "match = { class = \"test\", job = [\"stage\"] }\nstage = \"draft\"",
             "match = { class = \"test\", job = [\"stage\"] }\nstage = \"auto\""},
        Case{"a key with dots", "match.stage = \"draft\"\nstage = \"draft\"\n",
             "match.stage = \"draft\"\nstage = \"auto\"\n"},
        Case{"Windows line ends", "name = \"x\"\r\nstage = \"draft\" \r\n[match]\r\n",
             "name = \"x\"\r\nstage = \"auto\" \r\n[match]\r\n"},
        Case{"a byte order mark", "\xEF\xBB\xBFstage = \"draft\"\n",
             "\xEF\xBB\xBFstage = \"auto\"\n"},
        Case{"no stage", "name = \"x\"\npriority = 1\n",
             "name = \"x\"\nstage = \"auto\"\npriority = 1\n"},
        Case{"no stage, but a title", "name = \"x\" # n\ntitle = \"y\" # t\n\n[match]\n",
             "name = \"x\" # n\ntitle = \"y\" # t\nstage = \"auto\"\n\n[match]\n"},
        Case{"a title before the name", "title = \"y\"\nname = \"x\"\n",
             "title = \"y\"\nname = \"x\"\nstage = \"auto\"\n"},
        Case{"columns", "name     = \"x\"\npriority = 1\n",
             "name     = \"x\"\nstage    = \"auto\"\npriority = 1\n"},
        Case{"no spaces", "name=\"x\"\n", "name=\"x\"\nstage=\"auto\"\n"},
        Case{"a title over lines", "name = \"x\"\ntitle = \"\"\"\na\n\"\"\"\n[match]\n",
             "name = \"x\"\ntitle = \"\"\"\na\n\"\"\"\nstage = \"auto\"\n[match]\n"},
        Case{"a stage of another table", "name = \"x\"\n[match]\nstage = \"draft\"\n",
             "name = \"x\"\nstage = \"auto\"\n[match]\nstage = \"draft\"\n"},
        Case{"a stage of another table only, Windows", "name = \"x\"\r\n[inputs.stage]\r\n",
             "name = \"x\"\r\nstage = \"auto\"\r\n[inputs.stage]\r\n"},
        Case{"no line end at the end", "name = \"x\"", "name = \"x\"\nstage = \"auto\""},
        Case{"no line end at the end, Windows", "# c\r\nname = \"x\"",
             "# c\r\nname = \"x\"\r\nstage = \"auto\""},
        Case{"indented", "  name = \"x\"\n", "  name = \"x\"\n  stage = \"auto\"\n"}),
    [](const auto& param) { return Cat("N", param.index); });

TEST(EditPolicy, TheSameStageLeavesTheTextAsItIs) {
  const std::string text = "name = \"x\"\nstage = \"auto\" # c\n";
  EXPECT_EQ(WithStage(text, Stage::kAuto).value_or(""), text);
}

TEST(EditPolicy, WhatIsNoTemplateIsRefused) {
  EXPECT_EQ(WithStage("name = ", Stage::kAuto).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(WithStage("", Stage::kAuto).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(WithStage("[match]\nname = \"x\"\n", Stage::kAuto).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(EditPolicy, AnEditThatWouldBreakTheFileIsNotMade) {
  // A key whose escapes spell "stage" is not recognised, and a second one would be no TOML.
  const auto edited = WithStage("name = \"x\"\n\"st\\u0061ge\" = \"draft\"\n", Stage::kAuto);
  EXPECT_EQ(edited.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(edited.status()), HasSubstr("write stage = \"auto\" into the file by hand"));
}

}  // namespace
}  // namespace regreen
