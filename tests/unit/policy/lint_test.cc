// Warnings: what is no mistake, and yet most likely not what was meant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

std::string WarningsOf(const std::vector<std::string>& templates) {
  Problems problems;
  EXPECT_NE(Load(templates, problems), nullptr) << problems.Render();
  return problems.Render();
}

std::string WithInput(const std::string& rest) {
  return Cat("name = \"x\"\n[inputs]\nv = { type = \"string\", default = \"d\" }\n", rest, "\n");
}

TEST(Lint, WarnsOfInputsThatNothingReads) {
  EXPECT_EQ(WarningsOf({WithInput("[[step]]\nrun = \"a\"")}),
            "0.toml:3:5: warning: nothing reads the input \"v\": write {{v}} in a text or "
            "$REGREEN_INPUT_V in a command, or leave it out\n");
  for (const char* reads : {"[[step]]\nrun = \"a {{v}}\"", "[[step]]\nrun = \"a $REGREEN_INPUT_V\"",
                            "[[step]]\nrun = \"a\"\n[change]\ntitle = \"{{v}}\"",
                            "[[step]]\nrun = \"a\"\n[change]\nbody = \"{{#v}}x{{/v}}\"",
                            "[workspace]\nsetup = \"a $REGREEN_INPUT_V\"\n[[step]]\nrun = \"a\"",
                            "[[step]]\nreport = \"issue\"\ntext = \"{{v}}\"",
                            "[[step]]\nrun = \"a\"\n[verify]\ncommand = \"a $REGREEN_INPUT_V\""}) {
    EXPECT_EQ(WarningsOf({WithInput(reads)}), "") << reads;
  }
}

TEST(Lint, DoesNotWarnOfInputsThatAreGivenToUsedTemplates) {
  EXPECT_EQ(
      WarningsOf(
          {WithInput("[match]\nrepo = \"a\"\n[[step]]\nuse = \"y\"\ninputs = { w = \"{{v}}\" }"),
           "name = \"y\"\n[match]\nrepo = \"b\"\n[inputs]\nw = { type = \"string\" }\n"
           "[[step]]\nrun = \"$REGREEN_INPUT_W\"\n"}),
      "");
}

TEST(Lint, WarnsOfGroupsThatAreNearlyThere) {
  const auto text = [](const char* group) {
    return Cat(
        "name = \"x\"\n[match]\nlog = '(?P<cause>x+)'\n[inputs]\nv = { type = \"string\", from = "
        "\"log.",
        group, "\" }\n[[step]]\nrun = \"$REGREEN_INPUT_V\"\n");
  };
  EXPECT_EQ(WarningsOf({text("caus")}),
            "0.toml:5:5: warning: no pattern of this template has a group \"caus\", did you mean "
            "\"cause\"?\n");
  EXPECT_EQ(WarningsOf({text("cause")}), "");
  EXPECT_EQ(WarningsOf({text("of_a_rule")}), "") << "it may be a group of a log rule";
}

TEST(Lint, WarnsOfStepsBehindAReport) {
  const std::string report = "[[step]]\nname = \"tell\"\nreport = \"issue\"\ntext = \"x\"\n";
  const std::string step = "[[step]]\nrun = \"a\"\n";
  EXPECT_EQ(
      WarningsOf({"name = \"x\"\n" + step + report + step}),
      "0.toml:8:1: warning: the step \"step 3\" is never climbed: the report \"tell\" before it "
      "ends the ladder\n");
  EXPECT_EQ(WarningsOf({"name = \"x\"\n" + step + report}), "");
  EXPECT_EQ(WarningsOf({"name = \"x\"\n" + step + report + "when = { class = \"test\" }\n" + step}),
            "");
  EXPECT_EQ(WarningsOf({"name = \"x\"\n" + report + "[[step]]\nreport = \"issue\"\ntext = \"x\"\n" +
                        "when = { after = \"unreproducible\" }\n"}),
            "");
}

TEST(Lint, WarnsOfTemplatesThatAreNeverChosen) {
  const std::string narrow = TemplateText("narrow", "class = \"test\"\nrepo = [\"a\", \"b\"]");
  struct Case {
    const char* name;
    std::string other;
    bool warned;
  };
  const Case cases[] = {
      {"fewer conditions, higher priority",
       TemplateText("wide", "repo = [\"a\", \"b\"]", "priority = 1"), true},
      {"no condition", TemplateText("wide", "", "priority = 1"), true},
      {"the same conditions, earlier name",
       TemplateText("all", "repo = [\"a\", \"b\"]\nclass = \"test\""), true},
      {"fewer conditions, so later", TemplateText("wide", "repo = [\"a\", \"b\"]"), false},
      {"another list", TemplateText("wide", "repo = [\"a\"]", "priority = 1"), false},
      {"another condition", TemplateText("wide", "branch = \"main\"", "priority = 1"), false},
      {"with unless",
       TemplateText("wide", "repo = [\"a\", \"b\"]\nunless = { fork = true }", "priority = 1"),
       false},
      {"a draft", TemplateText("wide", "", "priority = 1\nstage = \"draft\""), false},
      {"retired", TemplateText("wide", "", "priority = 1\nstage = \"retired\""), false},
      {"with an input that may be missing",
       Cat("name = \"wide\"\npriority = 1\n[inputs]\nv = { type = \"string\", required = true }\n"
           "[[step]]\nrun = \"$REGREEN_INPUT_V\"\n[verify]\ncommand = \"true\"\n"),
       false},
      {"with a title that may be too long",
       Cat("name = \"wide\"\npriority = 1\n[change]\ntitle = \"{{job}}\"\n[[step]]\nrun = \"x\"\n"
           "[verify]\ncommand = \"true\"\n"),
       false},
      {"with a command that may not be known",
       "name = \"wide\"\npriority = 1\n[[step]]\nrun = \"x\"\n", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string warnings = WarningsOf({narrow, c.other});
    if (c.warned) {
      EXPECT_THAT(warnings, HasSubstr("0.toml:1:8: warning: \"narrow\" is never chosen: \""));
      EXPECT_THAT(warnings, HasSubstr("goes before it and asks for no more\n"));
    } else {
      EXPECT_EQ(warnings, "");
    }
  }
}

TEST(Lint, DoesNotWarnOfADraftThatIsNeverChosen) {
  EXPECT_EQ(WarningsOf({TemplateText("x", "class = \"test\"", "stage = \"draft\""),
                        TemplateText("y", "", "priority = 1")}),
            "");
}

}  // namespace
}  // namespace regreen
