#include "daemon/pipeline/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "daemon/pipeline/failure_case.h"
#include "tests/support/policy_folder.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Explanation ExplainCase(FailureCase failure, std::string_view log) {
  const Policies policies = PolicyFolder().Load();
  return Explain(IncidentOf(failure, log, Triage(policies.rules)), policies);
}

TEST(Explain, TellsThePlanAndEveryConditionOfEveryTemplate) {
  FailureCase failure;
  failure.command = "make check";
  failure.author = "ada";
  const Explanation explanation = ExplainCase(failure, "checking\ntable.txt is stale\n");
  const std::string text = RenderExplanation(explanation);
  EXPECT_THAT(text, HasSubstr("chosen: fix-table (suggest, priority 0)\n"
                              "    yes  log: line 2 of the log matches /(?P<file>\\S+) is stale/\n"
                              "    yes  class: class is format\n"
                              "    yes  unless author: author \"ada\" does not fit \"bot*\"\n"
                              "\n"
                              "plan of fix-table\n"));
  EXPECT_THAT(text, HasSubstr("\nnot of-team (suggest, priority 5)\n"
                              "    no   repo: repo \"acme/widget\" does not fit \"team/*\"\n"));
  EXPECT_THAT(text, HasSubstr("  input FILE (untrusted"));
  EXPECT_THAT(text, HasSubstr("      | table.txt\n"));
  EXPECT_THAT(text, HasSubstr("  step \"step 1\" runs\n      | make table\n"));
  EXPECT_THAT(text, HasSubstr("  verify by\n      | make check\n"));
}

TEST(Explain, SaysWhyNoneWasChosen) {
  FailureCase failure;
  failure.author = "bot[1]";
  failure.command = "make check";
  const std::string text = RenderExplanation(ExplainCase(failure, "table.txt is stale\n"));
  EXPECT_THAT(text, HasSubstr("none chosen: no template matches\n"));
  EXPECT_THAT(text, HasSubstr("    no   unless author: author \"bot[1]\" fits \"bot*\"\n"));
  EXPECT_THAT(text, Not(HasSubstr("plan of")));
}

TEST(Explain, TakesTheCommandThatTheEvidenceSays) {
  Incident incident;
  EXPECT_EQ(OptionsFor(incident).command, "");
  incident.evidence.command = "make";
  incident.evidence.directory = "sub";
  EXPECT_EQ(OptionsFor(incident).command, "make");
  EXPECT_EQ(OptionsFor(incident).directory, "sub");
}

TEST(Explain, ShowsRerunsAgentsReportsAndChains) {
  Explanation explanation = ExplainCase({}, "x");
  Plan plan;
  plan.template_name = "ladder";
  Step rerun, agent, report;
  rerun.name = "again";
  rerun.kind = StepKind::kRerun;
  rerun.times = 2;
  agent.name = "ask";
  agent.kind = StepKind::kAgent;
  agent.agent = "cheap";
  agent.text = "Repair it.\nPlease.";
  agent.source = "other";
  report.name = "tell";
  report.kind = StepKind::kReport;
  report.text = "It is red.";
  plan.steps = {rerun, agent, report};
  plan.then.emplace_back();
  plan.then[0].template_name = "next";
  plan.inputs = {{"X", "a\nb", true, "default"}};
  explanation.selected.selection.plan = plan;
  explanation.selected.templates = {{"ladder", Stage::kSuggest, 0, true, {}, {}}};
  explanation.prompts = {{"ask", "cheap", "Repair it.\nPlease.", 99}};
  const std::string text = RenderExplanation(explanation);
  for (const char* wanted :
       {"    yes  it has no conditions\n", "  input X (trusted, default)\n      | a\n      | b\n",
        "  step \"again\" runs the failed jobs again, at most 2 times\n",
        "  step \"ask\" asks the agent cheap, at most 1 round (of other)\n"
        "    is told in round 1 (99 bytes)\n"
        "      | Repair it.\n      | Please.\n      | [the rest is not shown]\n",
        "  step \"tell\" comments\n      | It is red.\n", "  then next\n"}) {
    EXPECT_THAT(text, HasSubstr(wanted));
  }
}

constexpr char kAsk[] = R"toml(
name = "ask"
priority = 9
[match]
class = "format"
repo = ["acme/*"]
[[step]]
name = "think"
agent = "cheap"
prompt = "prompts/ask.md"
rounds = 2
[guard]
paths = ["*.txt"]
)toml";

Explanation ExplainAgent(std::string_view prompt, std::string_view log) {
  PolicyFolder folder;
  folder.Write("templates/ask.toml", kAsk);
  folder.Write("prompts/ask.md", prompt);
  FailureCase failure;
  failure.command = "make check";
  const Policies policies = folder.Load();
  return Explain(IncidentOf(failure, log, Triage(policies.rules)), policies);
}

TEST(Explain, ShowsThePromptOfAnAgentAsItIsSent) {
  const Explanation explanation =
      ExplainAgent("Make {{repo}} green.\n{{evidence}}\n", "table.txt is stale\n");
  ASSERT_EQ(explanation.prompts.size(), 1u);
  EXPECT_EQ(explanation.prompts[0].agent, "cheap");
  const std::string text = RenderExplanation(explanation);
  EXPECT_THAT(text, HasSubstr("  step \"think\" asks the agent cheap, at most 2 rounds\n"
                              "    is told in round 1 ("));
  for (const char* wanted :
       {"      | Make acme/widget green.\n", "table.txt is stale", "      | ## What must pass\n",
        "      | make check\n", "      | - Change only files that match: *.txt.\n",
        "regreen: gave up: "}) {
    EXPECT_THAT(text, HasSubstr(wanted));
  }
  JsonWriter out;
  WriteJson(explanation, out);
  const auto json = Json::Parse(out.Take());
  ASSERT_TRUE(json.ok()) << json.status();
  const Json prompt = (*json)["prompts"][0];
  EXPECT_EQ(prompt["step"].StringOr(""), "think");
  EXPECT_EQ(prompt["text"].StringOr(""), explanation.prompts[0].text);
  EXPECT_EQ(prompt["bytes"].IntOr(0), std::ssize(explanation.prompts[0].text));
}

TEST(Explain, ShowsNoMoreOfAPromptThanATerminalTakes) {
  const std::string text = RenderExplanation(
      ExplainAgent("\x1b[2J" + std::string(65'000, 'x') + "\n", "table.txt is stale\n"));
  EXPECT_LT(text.size(), 70'000u);
  EXPECT_THAT(text, HasSubstr("[the rest is not shown]"));
  EXPECT_THAT(text, Not(HasSubstr("regreen: gave up: ")));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Explain, IsSafeToPrint) {
  FailureCase failure;
  failure.command = "make \x1b[2J check";
  failure.branch = "\x1b[31m\nforged";
  const std::string text = RenderExplanation(ExplainCase(failure, "\x1b[1mtable is stale\n"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_THAT(text, Not(HasSubstr("\nforged")));
}

TEST(Explain, IsOneJsonObject) {
  FailureCase failure;
  failure.command = "make check";
  JsonWriter out;
  WriteJson(ExplainCase(failure, "table.txt is stale\n"), out);
  const auto json = Json::Parse(out.Take());
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ((*json)["chosen"].StringOr(""), "fix-table");
  EXPECT_TRUE((*json)["plan"].IsObject());
  EXPECT_TRUE((*json)["incident"]["run"].IsObject());
  const Json other = (*json)["templates"][0];
  EXPECT_EQ(other["name"].StringOr(""), "of-team");
  EXPECT_EQ(other["priority"].IntOr(0), 5);
  const Json condition = other["conditions"][0];
  EXPECT_EQ(condition["key"].StringOr(""), "repo");
  EXPECT_EQ(condition["asks"].StringOr(""), "\"team/*\"");
  EXPECT_TRUE(condition["against"].BoolOr(false));
  EXPECT_THAT(condition["why"].StringOr(""), HasSubstr("does not fit"));
  JsonWriter none;
  WriteJson(ExplainCase({}, "x"), none);
  const auto empty = Json::Parse(none.Take());
  ASSERT_TRUE(empty.ok());
  EXPECT_TRUE((*empty)["chosen"].IsNull());
  EXPECT_TRUE((*empty)["plan"].IsNull());
}

}  // namespace
}  // namespace regreen
