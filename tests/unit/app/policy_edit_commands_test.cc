// The policy commands that show, promote and draft templates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "daemon/app/command_policy.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "tests/support/fake_policy_records.h"
#include "tests/support/policy_folder.h"
#include "tests/support/run_policy.h"
#include "tests/support/samples.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGated[] =
    "# stage = \"suggest\"\r\nname  = \"gated\"   # n\r\nstage = 'suggest'\r\n[match]\r\n"
    "class = \"lint\"\r\n[[step]]\r\nrun = \"true\"\r\n[verify]\r\ncommand = \"make check\"\r\n"
    "[promote]\r\nmin_tasks = 5\r\nmin_merged = 3\r\n";

TemplateRecord Record(int tasks, int merged) {
  TemplateRecord record;
  record.name = "gated";
  record.tasks = record.reproduced = record.verified = tasks;
  record.merged = merged;
  record.usd = 1.5;
  return record;
}

// A folder with the template, what it did, and what one calls.
struct Promoting {
  Promoting() { folder.Write("templates/gated.toml", kGated); }

  Status Run() {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const Status status = PromoteTemplate(records, folder.Load(), arguments);
    out = testing::internal::GetCapturedStdout();
    err = testing::internal::GetCapturedStderr();
    return status;
  }
  std::string Text() const {
    return ReadFile(folder.path() / "templates/gated.toml", 1 << 20).value_or("");
  }

  PolicyFolder folder;
  FakePolicyRecords records;
  PolicyArguments arguments = [] {
    PolicyArguments a;
    a.name = "gated";
    return a;
  }();
  std::string out, err;
};

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(PolicyShow, PrintsTheFileOrWhatIsInEffect) {
  const PolicyFolder folder;
  EXPECT_EQ(RunPolicy(folder, {"show", "fix-table", "--policies", "FOLDER"}).out, kFixTable);
  const Printed effective =
      RunPolicy(folder, {"show", "fix-table", "--effective", "--policies", "FOLDER"});
  EXPECT_EQ(effective.code, 0) << effective.err;
  EXPECT_THAT(effective.out, HasSubstr("priority = 0  # default\n"));
  const Printed json = RunPolicy(folder, {"show", "of-team", "--json", "--policies", "FOLDER"});
  const auto parsed = Json::Parse(json.out);
  ASSERT_TRUE(parsed.ok()) << json.out;
  EXPECT_EQ((*parsed)["text"].StringOr(""), kOfTeam);
}

TEST(PolicyShow, NamesTheNearestTemplate) {
  const PolicyFolder folder;
  const Printed typo = RunPolicy(folder, {"show", "fix-tabel", "--policies", "FOLDER"});
  EXPECT_EQ(typo.code, 1);
  EXPECT_THAT(typo.err, HasSubstr("there is no template \"fix-tabel\", did you mean "
                                  "\"fix-table\"?"));
  EXPECT_EQ(RunPolicy(folder, {"show", "--policies", "FOLDER"}).code, 2);
}

TEST(PolicySchemaCommand, PrintsAndCompares) {
  const PolicyFolder folder;
  const Printed printed = RunPolicy(folder, {"schema", "guard"});
  EXPECT_EQ(printed.code, 0);
  EXPECT_THAT(printed.out, HasSubstr("https://json-schema.org/draft/2020-12/schema"));
  EXPECT_EQ(RunPolicy(folder, {"schema", "gard"}).code, 2);
  EXPECT_THAT(RunPolicy(folder, {"schema", "gard"}).err, HasSubstr("did you mean \"guard\"?"));
  const Printed missing = RunPolicy(folder, {"schema", "--check", "--policies", "FOLDER"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("schema/config.json is not what this version says"));
  folder.Write("schema/guard.json", printed.out);
  EXPECT_EQ(RunPolicy(folder, {"schema", "guard", "--check", "--policies", "FOLDER"}).code, 0);
  folder.Write("schema/guard.json", printed.out + " ");
  EXPECT_EQ(RunPolicy(folder, {"schema", "guard", "--check", "--policies", "FOLDER"}).code, 1);
}

TEST(PolicyPromote, ChangesTheStageAloneWhenTheGateHolds) {
  Promoting p;
  p.records.records = {Record(5, 3)};
  const auto path = p.folder.path() / "templates/gated.toml";
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  ASSERT_TRUE(p.Run().ok()) << p.err;
  EXPECT_EQ(p.Text(), Replaced(kGated, "'suggest'", "'auto'"));
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  EXPECT_THAT(p.out, HasSubstr("gated: suggest → auto\n  tasks       5\n"));
  EXPECT_THAT(p.out, HasSubstr("  acceptance  100%\n"));
  EXPECT_THAT(p.out, HasSubstr("  cost        $1.50\n"));
  EXPECT_THAT(p.out, HasSubstr("stage is auto now"));
}

TEST(PolicyPromote, TellsEveryObjectionAndLeavesTheFile) {
  Promoting p;
  p.records.records = {Record(2, 1)};
  const Status status = p.Run();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr("stays suggest: its gate does not hold"));
  EXPECT_THAT(p.err, HasSubstr("it did 2 tasks, and the gate asks for 5"));
  EXPECT_THAT(p.err, HasSubstr("1 of its changes were merged, and the gate asks for 3"));
  EXPECT_EQ(p.Text(), kGated);
}

TEST(PolicyPromote, ForceGoesPastTheGateAndADryRunNeverWrites) {
  Promoting p;
  p.arguments.force = p.arguments.dry_run = true;
  ASSERT_TRUE(p.Run().ok());
  EXPECT_EQ(p.Text(), kGated);
  EXPECT_THAT(p.out, HasSubstr("would be changed"));
  p.arguments.dry_run = false;
  ASSERT_TRUE(p.Run().ok());
  EXPECT_EQ(p.Text(), Replaced(kGated, "'suggest'", "'auto'"));
}

TEST(PolicyPromote, LowerStagesAskForNoGate) {
  for (const char* to : {"draft", "shadow", "retired"}) {
    Promoting p;
    p.arguments.to = to;
    ASSERT_TRUE(p.Run().ok()) << to;
    EXPECT_EQ(p.Text(), Replaced(kGated, "'suggest'", Cat("'", to, "'")));
  }
  // What was retired begins below every gate.
  Promoting p;
  p.folder.Write("templates/gated.toml", Replaced(kGated, "'suggest'", "'retired'"));
  EXPECT_THAT(Message(p.Run()), HasSubstr("--to draft takes it up again"));
  p.arguments.to = "suggest";
  EXPECT_THAT(Message(p.Run()), HasSubstr("its gate does not hold"));
}

TEST(PolicyPromote, AStageOfABaseIsSetInTheTemplate) {
  Promoting p;
  p.folder.Write("base/new.toml", "stage = \"draft\"\n");
  p.folder.Write("templates/fix-table.toml",
                 Replaced(kFixTable, "name = \"fix-table\"\n",
                          "name = \"fix-table\"\nextends = [\"base/new\"]\n"));
  p.arguments.name = "fix-table";
  ASSERT_TRUE(p.Run().ok()) << p.err;
  EXPECT_EQ(ReadFile(p.folder.path() / "base/new.toml", 100).value_or(""), "stage = \"draft\"\n");
  EXPECT_EQ(p.folder.Load().templates->Find("fix-table")->stage, Stage::kShadow);
}

TEST(PolicyPromote, SaysWhatIsWrongWithTheRequest) {
  Promoting p;
  p.arguments.to = "atuo";
  EXPECT_THAT(Message(p.Run()), HasSubstr("did you mean \"auto\"?"));
  p.arguments.to = "suggest";
  ASSERT_TRUE(p.Run().ok());
  EXPECT_THAT(p.out, HasSubstr("gated is suggest already"));
  p.arguments.name = "gate";
  EXPECT_EQ(p.Run().code(), StatusCode::kNotFound);
  p.folder.Write("templates/gated.toml", Replaced(kGated, "'suggest'", "'auto'"));
  p.arguments = {};
  p.arguments.name = "gated";
  EXPECT_THAT(Message(p.Run()), HasSubstr("is auto already"));
}

TEST(PolicyPromote, JsonTellsTheRecordAndTheObjections) {
  Promoting p;
  p.records.records = {Record(2, 3)};
  p.arguments.json = true;
  EXPECT_FALSE(p.Run().ok());
  const auto json = Json::Parse(p.out);
  ASSERT_TRUE(json.ok()) << p.out;
  EXPECT_EQ((*json)["to"].StringOr(""), "auto");
  EXPECT_EQ((*json)["record"]["tasks"].IntOr(0), 2);
  EXPECT_EQ((*json)["objections"].size(), 1u);
  EXPECT_FALSE((*json)["written"].BoolOr(true));
}

TEST(PolicyPromote, PoliciesOfARemoteAreChangedThere) {
  Config config;
  PolicyArguments arguments;
  EXPECT_TRUE(FolderIsEditable(arguments, config).ok());
  config.policies.remote = "acme/policies";
  const Status status = FolderIsEditable(arguments, config);
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr("the branch main of acme/policies"));
  EXPECT_THAT(Message(status), HasSubstr("--policies DIR"));
  arguments.policies = "/srv/checkout";
  EXPECT_TRUE(FolderIsEditable(arguments, config).ok());
}

// A task whose failure says "stale", done by a command that no template has.
Task StaleTask() {
  Task task = SampleTask();
  task.incident.evidence.failure_class = FailureClass::kFormat;
  task.incident.evidence.command = "make check";
  task.incident.evidence.lines = {{1, "table.txt is stale", "primary"}};
  task.plan.verify_command = "make check";
  task.plan.guard_paths.clear();
  return task;
}

constexpr char kPatch[] =
    "diff --git a/table.txt b/table.txt\n"
    "index 0000000000000000000000000000000000000001..0000000000000000000000000000000000000002 "
    "100644\n--- a/table.txt\n+++ b/table.txt\n@@ -1 +1 @@\n-a\n+b\n";

TEST(PolicyFromTask, PrintsADraftThatLoads) {
  const PolicyFolder folder;
  PolicyArguments arguments;
  arguments.name = "table-again";
  testing::internal::CaptureStdout();
  const Status status = DraftFromTask(StaleTask(), kPatch, folder.Load(), arguments);
  const std::string out = testing::internal::GetCapturedStdout();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(out, HasSubstr("name = \"table-again\"\n"));
  EXPECT_THAT(out, HasSubstr("stage = \"draft\"\n"));
  EXPECT_THAT(out, HasSubstr("paths = [\"table.txt\"]\n"));
  EXPECT_THAT(out, Not(HasSubstr("acme")));
  folder.Write("templates/table-again.toml", out);
  EXPECT_NE(folder.Load().templates->Find("table-again"), nullptr);
}

TEST(PolicyFromTask, WritesNewFilesAndNothingOver) {
  const PolicyFolder folder;
  Task task = StaleTask();
  Step agent;
  agent.name = "think";
  agent.kind = StepKind::kAgent;
  agent.agent = "cheap";
  agent.text = "Repair it.\n";
  task.plan.steps.push_back(agent);
  PolicyArguments arguments;
  arguments.output = (folder.path() / "templates/new.toml").string();
  testing::internal::CaptureStdout();
  const Status written = DraftFromTask(task, kPatch, folder.Load(), arguments);
  testing::internal::GetCapturedStdout();
  ASSERT_TRUE(written.ok()) << written;
  const Policies policies = folder.Load();
  ASSERT_NE(policies.templates->Find("from-task-0a1b2c3d4e5f"), nullptr);
  EXPECT_EQ(ReadFile(folder.path() / "prompts/from-task-0a1b2c3d4e5f.md", 100).value_or(""),
            "Repair it.\n");
  // Its name is taken now; and with another name the file is there.
  EXPECT_EQ(DraftFromTask(task, kPatch, policies, arguments).code(), StatusCode::kAlreadyExists);
  arguments.name = "another";
  const Status again = DraftFromTask(task, kPatch, policies, arguments);
  EXPECT_EQ(again.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(Message(again), HasSubstr("is not written over"));
}

TEST(PolicyFromTask, RefusesWhatWouldNotLoad) {
  const PolicyFolder folder;
  PolicyArguments arguments;
  arguments.name = "Bad Name";
  const Status status = DraftFromTask(StaleTask(), "", folder.Load(), arguments);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr("cannot be said as a template"));
  EXPECT_FALSE(DraftFromTask(StaleTask(), "no patch", folder.Load(), {}).ok());
}

}  // namespace
}  // namespace regreen
