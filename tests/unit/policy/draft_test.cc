// What a task did, as the draft of a template: it loads, and is chosen for its own failure.
#include "daemon/policy/draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/regex.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/report.h"
#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Task RegenerateTask() {
  Task task;
  task.id = "0a1b2c3d4e5f";
  task.incident = SampleIncident();
  task.incident.evidence.command = "make -C widget check";
  task.plan.template_name = "by-hand";
  task.plan.title = "Regenerate the table";
  task.plan.steps = {{"regenerate", "make table", absl::Minutes(3)}};
  task.plan.setup = {"pip install -r \"tools.txt\""};
  task.plan.verify_command = task.incident.evidence.command;
  task.plan.guard_paths = {"table/*.txt"};
  return task;
}

std::shared_ptr<const PolicySet> LoadDraft(const Draft& draft) {
  PolicySources sources;
  sources.templates = {draft.source};
  sources.prompts = draft.prompts;
  Problems problems;
  auto set = LoadPolicies(sources, problems);
  EXPECT_FALSE(problems.has_errors()) << problems.Render() << draft.source.text;
  return set;
}

// The plan that the draft gives for the failure that it was made of.
std::optional<Plan> PlanAgain(const Task& task, const Draft& draft) {
  const auto set = LoadDraft(draft);
  if (set == nullptr) return std::nullopt;
  SelectOptions options;
  options.allow_draft = true;
  options.command = task.incident.evidence.command;
  options.directory = task.incident.evidence.directory;
  Selection selection = Select(task.incident, *set, options);
  EXPECT_TRUE(selection.plan) << RenderSelection(selection) << draft.source.text;
  return std::move(selection.plan);
}

Draft Drafted(const Task& task, std::vector<std::string> changed = {}) {
  auto draft = DraftTemplate(task, {"table", std::move(changed), {"tidy"}});
  EXPECT_TRUE(draft.ok()) << draft.status();
  return draft.ok() ? *std::move(draft) : Draft();
}

TEST(DraftOfTask, LoadsAndPlansTheSameAgain) {
  const Task task = RegenerateTask();
  const Draft draft = Drafted(task);
  const auto plan = PlanAgain(task, draft);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->template_name, "table");
  EXPECT_EQ(plan->stage, Stage::kDraft);
  EXPECT_EQ(plan->title, "Regenerate the table");
  ASSERT_EQ(plan->steps.size(), 1u);
  EXPECT_EQ(plan->steps[0].run, "make table");
  EXPECT_EQ(plan->steps[0].timeout, absl::Minutes(3));
  EXPECT_EQ(plan->setup, task.plan.setup);
  EXPECT_EQ(plan->verify_command, task.plan.verify_command);
  EXPECT_EQ(plan->guard_paths, task.plan.guard_paths);
}

TEST(DraftOfTask, NeverAsksForTheRepository) {
  const Task task = RegenerateTask();
  const std::string text = Drafted(task).source.text;
  EXPECT_THAT(text, Not(HasSubstr("acme")));
  EXPECT_THAT(text, Not(HasSubstr("widget")));
  EXPECT_THAT(text, HasSubstr("command = [\"^make -C \\\\S+ check$\"]"));
  EXPECT_THAT(text, HasSubstr("class = \"format\"\nrule = \"clang-format\"\n"));
}

TEST(DraftOfTask, IsNotChosenForAnotherFailure) {
  const Task task = RegenerateTask();
  const auto set = LoadDraft(Drafted(task));
  ASSERT_NE(set, nullptr);
  SelectOptions options;
  options.allow_draft = true;
  options.command = "make -C widget check-all";
  EXPECT_FALSE(Select(task.incident, *set, options).plan);
}

TEST(DraftOfTask, WithoutACommandTheLogTellsTheFailure) {
  Task task = RegenerateTask();
  task.incident.evidence.command.clear();
  task.incident.evidence.rule = "odd*rule";  // would be a glob
  task.incident.evidence.lines = {{1, "context (x)", "context"},
                                  {2, "error: f(a) \\d+ [b] is stale $", "primary"}};
  const Draft draft = Drafted(task);
  EXPECT_THAT(draft.source.text, Not(HasSubstr("odd*rule")));
  EXPECT_THAT(draft.source.text, HasSubstr("tool = \"clang-format\""));
  EXPECT_THAT(draft.source.text, HasSubstr("log = "));
  EXPECT_TRUE(PlanAgain(task, draft));
}

TEST(DraftOfTask, TheFilesOfThePatchBoundWhatThePlanDidNot) {
  Task task = RegenerateTask();
  task.plan.guard_paths.clear();
  const Draft draft = Drafted(task, {"src/a.txt", "src/b c.txt", "../out", "bad\n"});
  const auto plan = PlanAgain(task, draft);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->guard_paths, (std::vector<std::string>{"src/a.txt", "src/b c.txt"}));
}

TEST(DraftOfTask, InputsComeFromTheirSourcesAgain) {
  Task task = RegenerateTask();
  task.incident.evidence.captures = {{"cause", "drift"}};
  task.plan.inputs = {{"COMMAND", "make", false, "failure"},
                      {"CAUSE", "drift", false, "log.cause"},
                      {"BRANCH_NAME", "main", false, "run.branch"},
                      {"TESTS", "a\nb", false, "incident.failed_tests"},
                      {"VERSION", "20", true, "by hand"},
                      {"SNEAKY", "$(rm -rf /)", false, "use by other"}};
  task.plan.steps[0].from_outputs = {{"WANTED", "wanted"}};
  ValueSpec wanted;
  wanted.name = "wanted";
  wanted.pattern = "[0-9.]+";
  task.plan.outputs = {wanted};
  const Draft draft = Drafted(task);
  const std::string& text = draft.source.text;
  EXPECT_THAT(text, HasSubstr("branch_name = { type = \"string\", from = \"run.branch\" }"));
  EXPECT_THAT(text, HasSubstr("tests = { type = \"list\", from = \"incident.failed_tests\" }"));
  EXPECT_THAT(text, HasSubstr("version = { type = \"string\", default = \"20\" }"));
  EXPECT_THAT(text, HasSubstr("wanted = { type = \"string\", from = \"outputs.wanted\" }"));
  EXPECT_THAT(text, HasSubstr("sneaky = { type = \"string\", trust = \"untrusted\" }"));
  EXPECT_THAT(text, Not(HasSubstr("rm -rf")));
  const auto plan = PlanAgain(task, draft);
  ASSERT_TRUE(plan);
  for (const PlanInput& input : plan->inputs) {
    if (input.name == "SNEAKY") {
      EXPECT_EQ(input.value, "");
    } else if (input.name == "CAUSE") {
      EXPECT_EQ(input.value, "drift");
    }
  }
}

TEST(DraftOfTask, EveryKindOfStepIsKept) {
  Task task = RegenerateTask();
  Step rerun, agent, report;
  rerun.name = "again";
  rerun.kind = StepKind::kRerun;
  rerun.times = 2;
  rerun.delay = absl::Seconds(30);
  agent.name = "think";
  agent.kind = StepKind::kAgent;
  agent.agent = "cheap";
  agent.text = "Repair {{x}} of {{{y}}}.\n";
  agent.max_usd = 0.5;
  agent.when.after = {StepOutcome::kStillRed};
  report.name = "tell";
  report.kind = StepKind::kReport;
  report.text = "It is {{broken";
  report.report = ReportKind::kIssue;
  task.plan.steps.insert(task.plan.steps.begin(), rerun);
  task.plan.steps.push_back(agent);
  task.plan.steps.push_back(report);
  const Draft draft = Drafted(task);
  ASSERT_EQ(draft.prompts.size(), 1u);
  EXPECT_EQ(draft.prompts[0].name, "prompts/table.md");
  const auto plan = PlanAgain(task, draft);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->steps.size(), 4u);
  EXPECT_EQ(plan->steps[0].times, 2);
  EXPECT_EQ(plan->steps[0].delay, absl::Seconds(30));
  EXPECT_EQ(plan->steps[2].agent, "cheap");
  EXPECT_EQ(plan->steps[2].max_usd, 0.5);
  EXPECT_EQ(plan->steps[2].when.after, std::vector{StepOutcome::kStillRed});
  EXPECT_EQ(plan->steps[3].report, ReportKind::kIssue);
  EXPECT_THAT(plan->steps[3].text, HasSubstr("It is { {broken"));
}

TEST(DraftOfTask, ChainsGoOnWhereTheirTemplateIsStillThere) {
  Task task = RegenerateTask();
  task.plan.then = {{"tidy", {}, {}, {}, {}}, {"gone", {}, {}, {}, {}}};
  const std::string text = Drafted(task).source.text;
  EXPECT_THAT(text, HasSubstr("then = [\"tidy\"]"));
  EXPECT_THAT(text, HasSubstr("# It went on with the template gone, which there is no more."));
}

TEST(DraftOfTask, HostileTextStaysText) {
  Task task = RegenerateTask();
  task.plan.title = "a\n[match]\x1b[31m {{evidence}} \"'''";
  task.incident.evidence.tool = "x\"\nstage = \"auto\"";
  task.incident.evidence.rule.clear();
  task.incident.evidence.command = "make '''\n\"\"\" \x01 (";
  task.plan.verify_command = task.incident.evidence.command;
  const Draft draft = Drafted(task);
  const auto plan = PlanAgain(task, draft);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->stage, Stage::kDraft);
}

TEST(DraftOfTask, AFailureOfWhichNothingIsKnownIsSaidSo) {
  for (const FailureClass c : {FailureClass::kNone, FailureClass::kUnknown}) {
    Task task = RegenerateTask();
    task.incident.evidence = {};
    task.incident.evidence.failure_class = c;
    const Draft draft = Drafted(task);
    EXPECT_THAT(draft.source.text, HasSubstr("# Nothing else tells this failure from others"));
    EXPECT_TRUE(PlanAgain(task, draft));
  }
}

TEST(DraftOfTask, ACommandThatNoTemplateCanSayIsRefused) {
  Task task = RegenerateTask();
  task.plan.steps[0].run = "docker inspect -f '{{.Id}}' x";
  const auto draft = DraftTemplate(task, {"table", {}, {}});
  EXPECT_EQ(draft.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(draft.status()), HasSubstr("put the command into a script"));
}

TEST(PatternOfText, MatchesTheTextAndNotTheRepository) {
  struct Case {
    const char* text;
    const char* pattern;
  };
  for (const Case& c : {Case{"make check", "^make check$"},
                        {"a.b*c (d)", "^a\\.b\\*c \\(d\\)$"},
                        {"cd /w/widget/widget && make", "^cd /w/\\S+/\\S+ && make$"},
                        {"git clone acme/widget", "^git clone \\S+$"},
                        {"Widget widgets", "^\\S+ widgets$"},
                        {"tab\there", "^tab\\x09here$"},
                        {"grün", "^grün$"},
                        {"acme/widget", ""},
                        {"  ", ""},
                        {"", ""},
                        {"bad \xff", ""}}) {
    const std::string pattern = PatternFor(c.text, "acme/widget");
    EXPECT_EQ(pattern, c.pattern) << c.text;
    if (pattern.empty()) continue;
    const auto regex = Regex::Compile(pattern);
    ASSERT_TRUE(regex.ok()) << regex.status();
    EXPECT_TRUE(regex->Contains(c.text)) << pattern;
  }
}

TEST(PatternOfText, ALongTextIsKnownByItsBeginning) {
  const std::string text = Cat(std::string(299, 'x'), "ä and more");
  const std::string pattern = PatternFor(text, "acme/widget");
  EXPECT_THAT(pattern, Not(HasSubstr("$")));
  EXPECT_LT(pattern.size(), 310u);
  EXPECT_TRUE(Regex::Compile(pattern)->Contains(text));
}

}  // namespace
}  // namespace regreen
