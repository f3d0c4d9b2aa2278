// What inputs, prompts and texts become in a plan.
#include "daemon/policy/plan_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

SelectOptions Known() {
  SelectOptions options;
  options.command = "make check";
  options.directory = "sub";
  return options;
}

StatusOr<Plan> PlanOf(const std::string& rest, const SelectOptions& options = Known(),
                      const Captures& captures = {}, const Incident& incident = SampleIncident()) {
  Problems problems;
  const auto set = LoadFolder(
      {{Cat("name = \"t\"\n", rest)}, {}, {{"prompts/p.md", "Repair {{tool}}.\n{{evidence}}"}}},
      problems);
  EXPECT_NE(set, nullptr) << problems.Render();
  if (set == nullptr) return NotFound("no set");
  return BuildPlan(set->templates()[0], incident, options, captures, "digest");
}

std::string WhyNone(const std::string& rest, const SelectOptions& options = Known(),
                    const Captures& captures = {}) {
  const auto plan = PlanOf(rest, options, captures);
  EXPECT_EQ(plan.status().code(), StatusCode::kFailedPrecondition);
  return Message(plan.status());
}

PlanInput InputOf(const StatusOr<Plan>& plan, const std::string& name) {
  if (!plan.ok()) return {"", Message(plan.status())};
  for (const PlanInput& input : plan->inputs) {
    if (input.name == name) return input;
  }
  return {"", "there is none"};
}

constexpr char kStep[] = "\n[[step]]\nrun = \"make fix\"\n";

TEST(PlanInputs, ComeByHandThenFromTheirSourceThenByDefault) {
  const std::string text =
      Cat("[inputs]\nv = { type = \"string\", from = \"log.v\", default = \"d\" }", kStep);
  SelectOptions by_hand = Known();
  by_hand.inputs = {{"v", "h"}};
  struct Case {
    SelectOptions options;
    Captures captures;
    const char *value, *origin;
    bool trusted;
  };
  for (const Case& c : {Case{by_hand, {{"v", "l"}}, "h", "by hand", true},
                        Case{Known(), {{"v", "l"}}, "l", "log.v", false},
                        Case{Known(), {{"v", ""}}, "d", "default", true},
                        Case{Known(), {}, "d", "default", true}}) {
    const PlanInput input = InputOf(PlanOf(text, c.options, c.captures), "V");
    EXPECT_EQ(input.value, c.value);
    EXPECT_EQ(input.origin, c.origin);
    EXPECT_EQ(input.trusted, c.trusted);
  }
}

TEST(PlanInputs, ReadEverySource) {
  Incident incident = SampleIncident();
  incident.run.commit = "c0ffee";
  incident.run.link = "https://ci.example/1";
  incident.run.branch = "topic";
  incident.run.base_branch = "main";
  incident.run.pull_request = 7;
  incident.evidence.fingerprint = "f00d";
  incident.evidence.step = "Run tests";
  incident.evidence.failed_tests = {"a", "b\nc"};
  incident.evidence.diagnostics = {{"./src/b.c", 1, 2, "m"}, {"../etc/passwd", 1, 1, "m"}};
  incident.evidence.captures = {{"what", "of the rule"}};
  struct Case {
    const char *from, *value;
    bool trusted;
  };
  const Case cases[] = {
      {"log.what", "of the rule", false},
      {"incident.class", "format", true},
      {"incident.signature", "clang-format: src/a.cc", false},
      {"incident.fingerprint", "f00d", true},
      {"incident.rule", "clang-format", false},
      {"incident.tool", "clang-format", false},
      {"incident.step", "Run tests", false},
      {"incident.command", "make check", false},
      {"incident.directory", "sub", false},
      {"incident.exit_code", "2", true},
      {"incident.failed_tests", "a\nb c", false},
      {"incident.files", "src/b.c", false},
      {"run.repo", "acme/widget", true},
      {"run.branch", "topic", false},
      {"run.base_branch", "main", false},
      {"run.commit", "c0ffee", true},
      {"run.workflow", "CI", false},
      {"run.job", "test (3.11)", false},
      {"run.event", "push", true},
      {"run.author", "dev", false},
      {"run.link", "https://ci.example/1", false},
      {"run.pull_request", "7", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.from);
    const std::string text =
        Cat("[inputs]\nv = { type = \"list\", required = true, from = \"", c.from, "\" }", kStep);
    const PlanInput input = InputOf(PlanOf(text, Known(), {}, incident), "V");
    EXPECT_EQ(input.value, c.value);
    EXPECT_EQ(input.trusted, c.trusted);
    EXPECT_EQ(input.origin, c.from);
  }
}

TEST(PlanInputs, SayWhyTheyHaveNoValue) {
  SelectOptions strange = Known();
  strange.inputs = {{"nod", "1"}};
  SelectOptions wrong = Known();
  wrong.inputs = {{"node", "\x1b[2J"}};
  const std::string node = Cat("[inputs]\nnode = { type = \"int\", default = 1 }", kStep);
  EXPECT_EQ(WhyNone(node, strange), "it has no input \"nod\", did you mean \"node\"?");
  EXPECT_EQ(WhyNone(node, wrong),
            "its input \"node\" (by hand) is not a whole number: \"\\x1b[2J\"");
  const std::string cause =
      Cat("[inputs]\ncause = { type = \"enum\", choices = [\"a\", \"b\"], from = \"log.cause\", "
          "required = true }",
          kStep);
  EXPECT_EQ(WhyNone(cause),
            "its input \"cause\" is required and has no value: log.cause gives none");
  EXPECT_EQ(WhyNone(cause, Known(), {{"cause", "c"}}),
            "its input \"cause\" (log.cause) is not one of a, b: \"c\"");
  EXPECT_EQ(WhyNone(Cat("[inputs]\nx = { type = \"string\", required = true }", kStep)),
            "its input \"x\" is required and has no value");
}

TEST(PlanInputs, AreMadeHarmlessWhereStrangersWroteThem) {
  const std::string text =
      Cat("[inputs]\nv = { type = \"string\", from = \"log.v\", max_bytes = 20 }", kStep);
  const PlanInput input = InputOf(
      PlanOf(text, Known(), {{"v", std::string("a\0b\x1b[31m\xff", 9) + std::string(99, 'x')}}),
      "V");
  EXPECT_EQ(input.value.substr(0, 6), "ab[31m");
  EXPECT_LE(input.value.size(), 20u);
}

TEST(PlanInputs, TakeThePlaceOfACaptureOfTheirName) {
  const std::string text = Cat("[inputs]\ncause = { type = \"string\", default = \"d\" }", kStep);
  const auto plan = PlanOf(text, Known(), {{"cause", "of the log"}, {"other", "x"}});
  EXPECT_EQ(InputOf(plan, "CAUSE").value, "d");
  EXPECT_EQ(InputOf(plan, "OTHER").value, "x");
  EXPECT_EQ(InputOf(plan, "OTHER").origin, "log.other");
  EXPECT_EQ(InputOf(plan, "COMMAND").value, "make check");
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(
      std::is_sorted(plan->inputs.begin(), plan->inputs.end(),
                     [](const PlanInput& a, const PlanInput& b) { return a.name < b.name; }));
}

TEST(PlanInputs, ThatAreNeitherGivenNorRequiredAreEmpty) {
  const auto plan = PlanOf(Cat("[inputs]\nv = { type = \"int\", from = \"log.v\" }", kStep));
  EXPECT_EQ(InputOf(plan, "V").value, "");
  EXPECT_EQ(InputOf(plan, "V").origin, "no value");
}

TEST(PlanBuilder, MakesEveryKindOfStepDefinite) {
  const auto plan = PlanOf(R"toml(
hold = true
[inputs]
level = { type = "int", default = 3 }
[outputs]
patch = { type = "patch", max_bytes = 99 }
version = { type = "string" }
[workspace]
cpu = 4
[[step]]
rerun = 2
delay = "5s"
[[step]]
run = "make fix LEVEL={{level}}"
[[step]]
agent = "cheap"
prompt = "prompts/p.md"
[[step]]
report = "comment"
text = "No luck with {{job}} at level {{level}}:\n{{evidence}}"
[change]
title = "Fix {{class}}"
body = "For {{job}}."
auto_merge = true
[limits]
per_day = 3
)toml");
  ASSERT_TRUE(plan.ok()) << Message(plan.status());
  ASSERT_EQ(plan->steps.size(), 4u);
  EXPECT_EQ(plan->steps[0].kind, StepKind::kRerun);
  EXPECT_EQ(plan->steps[0].times, 2);
  EXPECT_EQ(plan->steps[1].run, "make fix LEVEL='3'");
  EXPECT_THAT(plan->steps[2].text, HasSubstr("Repair `clang-format`."));
  EXPECT_THAT(plan->steps[2].text, HasSubstr("error: the table is stale"));
  EXPECT_THAT(plan->steps[3].text, HasSubstr("No luck with test (3.11) at level 3:\n"));
  EXPECT_EQ(plan->change_title, "Fix format");
  EXPECT_EQ(plan->change_body, "For test (3.11).");
  EXPECT_TRUE(plan->hold && plan->auto_merge);
  EXPECT_EQ(plan->needs.cpu, 4);
  EXPECT_EQ(plan->patch_max_bytes, 99);
  EXPECT_EQ(plan->outputs.size(), 1u);
  EXPECT_EQ(plan->limits.per_day, 3);
}

TEST(PlanBuilder, SaysWhichTextCameToNothing) {
  const std::string optional = "[inputs]\nv = { type = \"string\", from = \"log.v\" }\n";
  EXPECT_EQ(WhyNone(Cat(optional, kStep, "[change]\ntitle = \"{{v}}\"\n")),
            "the title of its change is empty once its values are filled in");
  EXPECT_EQ(
      WhyNone(Cat(optional, "[[step]]\nreport = \"issue\"\nname = \"tell\"\ntext = \"{{v}}\"\n")),
      "the report of step tell is empty once its values are filled in");
}

TEST(PlanBuilder, NeedsNoFailingCommandWhereNothingIsRepaired) {
  Problems problems;
  const auto set = Load({"name = \"t\"\n[[step]]\nrerun = 1\n"}, problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  const Selection selection = Select(SampleIncident(), *set, {});
  ASSERT_TRUE(selection.plan.has_value());
  EXPECT_FALSE(NeedsWorkspace(*selection.plan));
  EXPECT_EQ(selection.plan->verify_command, "");
}

TEST(PlanBuilder, ATemplateWhoseInputIsMissingIsRejectedAndTheNextIsAsked) {
  Problems problems;
  const auto set = Load({Cat("name = \"a\"\npriority = 1\n[inputs]\n"
                             "v = { type = \"string\", from = \"log.v\", required = true }",
                             kStep),
                         Cat("name = \"b\"", kStep)},
                        problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  const Selection selection = Select(SampleIncident(), *set, Known());
  ASSERT_TRUE(selection.plan.has_value());
  EXPECT_EQ(selection.plan->template_name, "b");
  EXPECT_EQ(selection.rejected[0].reasons[0],
            "its input \"v\" is required and has no value: log.v gives none");
}

TEST(Prompts, MustBeThereAndSound) {
  struct Case {
    const char *name, *prompt;
    std::vector<std::pair<std::string, std::string>> prompts;
    const char* wanted;
  };
  const Case cases[] = {
      {"missing",
       "prompts/compil.md",
       {{"prompts/compile.md", "x"}},
       "0.toml:4:10: error: there is no prompt \"prompts/compil.md\", did you mean "
       "\"prompts/compile.md\"?"},
      {"outside", "prompts/../secret", {}, "must be a plain path below prompts/"},
      {"elsewhere", "rules/x.toml", {}, "must lie below prompts/"},
      {"absolute", "/etc/passwd", {}, "must lie below prompts/"},
      {"empty",
       "prompts/p.md",
       {{"prompts/p.md", " \n"}},
       "prompts/p.md: error: the prompt is empty"},
      {"large",
       "prompts/p.md",
       {{"prompts/p.md", std::string(65537, 'x')}},
       "longer than 65536 bytes"},
      {"binary", "prompts/p.md", {{"prompts/p.md", "\xff\xfe"}}, "is not UTF-8"},
      {"unknown",
       "prompts/p.md",
       {{"prompts/p.md", "one\n two {{evidnce}}"}},
       "prompts/p.md:2:6: error: there is no {{evidnce}}, did you mean \"evidence\"? (as the "
       "prompt "
       "of template \"t\")"},
      {"open",
       "prompts/p.md",
       {{"prompts/p.md", "{{#job}}"}},
       "prompts/p.md:1:1: error: the section"},
      {"partial",
       "prompts/p.md",
       {{"prompts/p.md", "a\n{{> x}}"}},
       "prompts/p.md:2:1: error: partials"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Problems problems;
    const SampleFolder folder = {
        {Cat("name = \"t\"\n[[step]]\nagent = \"a\"\nprompt = \"", c.prompt, "\"\n")},
        {},
        c.prompts};
    EXPECT_EQ(LoadFolder(folder, problems), nullptr);
    EXPECT_THAT(problems.Render(), HasSubstr(c.wanted));
    EXPECT_EQ(problems.all().size(), 1u) << problems.Render();
  }
}

}  // namespace
}  // namespace regreen
