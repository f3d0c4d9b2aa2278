#include "daemon/policy/matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "daemon/policy/report.h"
#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

Selection SelectFrom(const std::vector<std::string>& texts, const Incident& incident,
                     const SelectOptions& options = {}) {
  Problems problems;
  const auto set = Load(texts, problems);
  EXPECT_NE(set, nullptr) << problems.Render();
  return set == nullptr ? Selection() : Select(incident, *set, options);
}

TEST(Matcher, AsksEachKind) {
  struct Case {
    const char* name;
    const char* match;
    const char* why_not;  // "" when it matches
  };
  const Case cases[] = {
      {"nothing asked", "", ""},
      {"ci", "ci = \"github\"", ""},
      {"repo", "repo = [\"other/*\", \"acme/*\"]", ""},
      {"not repo", "repo = \"other/*\"", "repo \"acme/widget\" does not fit \"other/*\""},
      {"star stops at a slash", "repo = \"*\"", "does not fit"},
      {"branch", "branch = \"ma?n\"", ""},
      {"event", "event = [\"pull_request\"]", "event \"push\" does not fit \"pull_request\""},
      {"workflow", "workflow = \"CI\"", ""},
      {"any job of the run", "job = \"test (3.12)\"", ""},
      {"no job of the run", "job = \"lint*\"", "job each of 2 does not fit"},
      {"step", "step = \"Run make*\"", ""},
      {"author", "author = \"renovate*\"", "author \"dev\" does not fit"},
      {"class", "class = [\"test\", \"format\"]", ""},
      {"not class", "class = [\"test\", \"lint\"]", "class is format, not \"test\" or \"lint\""},
      {"rule", "rule = \"clang-*\"", ""},
      {"tool", "tool = \"gofmt\"", "tool \"clang-format\" does not fit \"gofmt\""},
      {"log", "log = 'table is \\w+$'", ""},
      {"not log", "log = 'no such line'", "none of the 2 lines of evidence matches /no such line/"},
      {"command not known", "command = 'make'", "the failing command is not known"},
      {"failing test", "failing_test = \"tests/**\"", ""},
      {"exit code", "exit_code = [1, 2]", ""},
      {"not exit code", "exit_code = 1", "exit code is 2, not 1"},
      {"fork", "fork = false", ""},
      {"not fork", "fork = true", "the run is not from a fork"},
      {"two hold", "repo = \"acme/*\"\nclass = \"format\"", ""},
      {"one of two does not hold", "repo = \"acme/*\"\nclass = \"test\"", "class is format"},
      {"unless", "unless = { branch = \"main\", fork = true }",
       "unless: branch \"main\" fits \"main\""},
      {"unless that does not hold", "unless = { branch = \"wip\", fork = true }", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Selection selection = SelectFrom({TemplateText("x", c.match)}, SampleIncident());
    EXPECT_EQ(selection.plan.has_value(), std::string_view(c.why_not).empty());
    EXPECT_THAT(RenderSelection(selection), HasSubstr(c.why_not));
  }
}

TEST(Matcher, AsksForTheHistory) {
  struct Case {
    const char* name;
    History history;
    const char* match;
    bool matches;
    const char* why;
  };
  const Case cases[] = {
      {"new is no flake", {}, "flaky = true", false, "not known to be flaky: it is new"},
      {"new, and no flake wanted", {}, "flaky = false", true, "not known to be flaky: it is new"},
      {"seen, never recovered",
       {1, 0, 0},
       "flaky = true",
       false,
       "it was seen once before, and no later attempt was green"},
      {"a flake",
       {3, 2, 0},
       "flaky = true",
       true,
       "flaky: of 3 runs with it before, 2 turned green at the same commit"},
      {"a flake, and none wanted", {3, 1, 0}, "flaky = false", false, "the failure is flaky"},
      {"fixed before is no flake", {3, 0, 2}, "flaky = false", true, "3 times before"},
      {"often enough", {3, 0, 0}, "seen_at_least = 3", true, "was seen 3 times before"},
      {"not often enough",
       {2, 0, 0},
       "seen_at_least = 3",
       false,
       "was seen 2 times before, and must be at least 3"},
      {"never seen",
       {},
       "seen_at_least = 1",
       false,
       "was never seen before, and must be at least 1"},
      {"unless it is a flake",
       {3, 1, 0},
       "unless = { flaky = true }",
       false,
       "unless: the failure is flaky"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Incident incident = SampleIncident();
    incident.history = c.history;
    const Selection selection = SelectFrom({TemplateText("x", c.match)}, incident);
    EXPECT_EQ(selection.plan.has_value(), c.matches);
    EXPECT_THAT(RenderSelection(selection), HasSubstr(c.why));
  }
}

TEST(Matcher, SaysWhatIsNotKnown) {
  const Selection selection = SelectFrom(
      {TemplateText("x", "tool = \"a\"\nfailing_test = \"b\"\nexit_code = 1\nlog = 'c'")},
      Incident());
  ASSERT_EQ(selection.rejected.size(), 1u);
  EXPECT_THAT(
      selection.rejected[0].reasons,
      ElementsAre("tool is not known, and must fit \"a\"",
                  "failing_test is not known, and must fit \"b\"",
                  "none of the 0 lines of evidence matches /c/", "the exit code is not known"));
}

TEST(Matcher, ChoosesByPriorityThenSpecificityThenNameAndSaysSo) {
  const std::string low = TemplateText("low"), high = TemplateText("high", "", "priority = 9"),
                    exact = TemplateText("exact", "ci = \"github\"");
  for (const auto& files : {std::vector{low, high, exact}, std::vector{exact, low, high}}) {
    const Selection selection = SelectFrom(files, SampleIncident());
    ASSERT_TRUE(selection.plan);
    EXPECT_EQ(selection.plan->template_name, "high");
    ASSERT_EQ(selection.rejected.size(), 2u);
    EXPECT_EQ(selection.rejected[0].template_name, "exact");
    EXPECT_THAT(selection.rejected[0].reasons,
                ElementsAre("it matches too, but \"high\" goes first: priority 9 over 0"));
  }
  EXPECT_EQ(SelectFrom({low, exact}, SampleIncident()).plan->template_name, "exact");
  EXPECT_EQ(
      SelectFrom({TemplateText("b"), TemplateText("a")}, SampleIncident()).plan->template_name,
      "a");
}

TEST(Matcher, TakesADraftOnlyByHandAndARetiredOneNever) {
  const std::string draft = TemplateText("x", "", "stage = \"draft\""),
                    retired = TemplateText("x", "", "stage = \"retired\"");
  SelectOptions by_name, drafts;
  by_name.only_template = "x";
  drafts.allow_draft = true;
  EXPECT_FALSE(SelectFrom({draft}, SampleIncident()).plan);
  EXPECT_TRUE(SelectFrom({draft}, SampleIncident(), by_name).plan);
  EXPECT_TRUE(SelectFrom({draft}, SampleIncident(), drafts).plan);
  EXPECT_FALSE(SelectFrom({retired}, SampleIncident(), by_name).plan);
  EXPECT_FALSE(SelectFrom({retired}, SampleIncident(), drafts).plan);
}

TEST(Matcher, LooksOnlyAtTheTemplateThatWasAskedFor) {
  SelectOptions options;
  options.only_template = "low";
  const std::vector<std::string> files = {TemplateText("low", "class = \"format\""),
                                          TemplateText("high", "", "priority = 9")};
  EXPECT_EQ(SelectFrom(files, SampleIncident(), options).plan->template_name, "low");
  Incident other = SampleIncident();
  other.evidence.failure_class = FailureClass::kTest;
  EXPECT_FALSE(SelectFrom(files, other, options).plan);
  options.ignore_match = true;
  EXPECT_TRUE(SelectFrom(files, other, options).plan);
  options.only_template = "lo";
  EXPECT_THAT(SelectFrom(files, other, options).reasons,
              ElementsAre(HasSubstr("there is no template \"lo\", did you mean \"low\"?")));
}

constexpr char kAuto[] = R"toml(
name = "x"
[match]
log = 'the (?P<thing>\w+) is (?P<state_2>\w+)'
[[step]]
run = "true"
[change]
title = "Repair {{job}} of {{repo}}: {{signature}}"
body = "{{class}} on {{ branch }}"
)toml";

TEST(Matcher, ResolvesAutoFromTheKnownCommand) {
  SelectOptions options;
  EXPECT_THAT(RenderSelection(SelectFrom({kAuto}, SampleIncident(), options)),
              HasSubstr("verify.command is \"auto\", and the failing command is not known"));
  options.command = "make check";
  options.directory = "sub";
  const Selection selection = SelectFrom({kAuto}, SampleIncident(), options);
  ASSERT_TRUE(selection.plan);
  EXPECT_EQ(selection.plan->verify_command, "make check");
  EXPECT_EQ(selection.plan->verify_directory, "sub");
  EXPECT_EQ(selection.plan->policy_digest.size(), 64u);
  EXPECT_EQ(selection.plan->change_title,
            "Repair test (3.11) of acme/widget: clang-format: src/a.cc");
  EXPECT_EQ(selection.plan->change_body, "format on main");
  EXPECT_EQ(selection.plan->change_target, "");
}

TEST(Matcher, GivesCapturesAsCappedInputs) {
  Incident incident = SampleIncident();
  incident.evidence.captures = {{"thing", "of the rule"},
                                {"odd-name", std::string(5000, 'x')},
                                {"command", "no"},
                                {"raw", std::string("a\0\x1b[31mb", 8)}};
  incident.evidence.diagnostics = {{"src/b.cc", 1, 1, ""},   {"./src/a.cc", 1, 1, ""},
                                   {"src/b.cc", 2, 1, ""},   {"/etc/passwd", 1, 1, ""},
                                   {"../x", 1, 1, ""},       {"-rf", 1, 1, ""},
                                   {".git/config", 1, 1, ""}};
  SelectOptions options;
  options.command = "make check";
  const Selection selection = SelectFrom({kAuto}, incident, options);
  ASSERT_TRUE(selection.plan);
  std::map<std::string, std::string> inputs;
  for (const PlanInput& input : selection.plan->inputs) inputs.emplace(input.name, input.value);
  EXPECT_THAT(inputs, Contains(Pair("THING", "table")));
  EXPECT_THAT(inputs, Contains(Pair("STATE_2", "stale")));
  EXPECT_THAT(inputs, Contains(Pair("COMMAND", "make check")));
  EXPECT_THAT(inputs, Contains(Pair("DIRECTORY", "")));
  EXPECT_THAT(inputs, Contains(Pair("FILES", "src/a.cc\nsrc/b.cc")));
  EXPECT_THAT(inputs, Contains(Pair("RAW", "a[31mb")));
  ASSERT_TRUE(inputs.contains("ODD_NAME"));
  EXPECT_LE(inputs.at("ODD_NAME").size(), 4096u);
}

TEST(Matcher, DefusesWhatStrangersWroteInTheChangesText) {
  Incident incident = SampleIncident();
  incident.job.name = "@team <img src=x> fixes #1 and https://evil.example/ {{repo}}\n\u202E";
  SelectOptions options;
  options.command = "true";
  const std::string title = SelectFrom({kAuto}, incident, options).plan->change_title;
  for (const char* bad : {"@", "<", ">", "#", "://", "\n", "\u202E"})
    EXPECT_THAT(title, Not(HasSubstr(bad)));
  EXPECT_THAT(title, HasSubstr("{{repo}}")) << "a value is not looked at for placeholders again";
}

TEST(Report, IsSafeToPrint) {
  Incident incident = SampleIncident();
  incident.run.branch = "\x1b[2J\nforged: line";
  const std::string report =
      RenderSelection(SelectFrom({TemplateText("x", "branch = \"main\"")}, incident));
  EXPECT_EQ(report.find('\x1b'), std::string::npos);
  EXPECT_THAT(report, Not(HasSubstr("\nforged")));
  EXPECT_THAT(report, HasSubstr("none chosen: no template matches\nnot x:\n    branch "));
}

TEST(Report, SummarizesInOneLine) {
  EXPECT_EQ(
      SummarizeSelection(SelectFrom({TemplateText("x", "class = \"format\"")}, SampleIncident())),
      "template \"x\": class is format");
  EXPECT_EQ(SummarizeSelection(SelectFrom({}, SampleIncident())), "there are no templates");
}

}  // namespace
}  // namespace regreen
