// The policy commands as a person calls them: what they print, and their exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

Json Parsed(const Printed& printed) {
  const auto json = Json::Parse(printed.out);
  EXPECT_TRUE(json.ok()) << json.status() << printed.out;
  return json.value_or(Json());
}

constexpr char kGoodCase[] =
    "[[case]]\nname = 'stale'\nlog_text = 'table.txt is stale'\n[case.event]\ncommand = 'make'\n"
    "[case.expect]\ntemplate = 'fix-table'\n";
constexpr char kBadCase[] =
    "[[case]]\nname = 'wrong'\nlog_text = 'table.txt is stale'\n[case.event]\ncommand = 'make'\n"
    "[case.expect]\ntemplate = 'of-team'\n";

TEST(PolicyCommands, CheckCountsWhatIsThere) {
  const PolicyFolder folder;
  folder.Write("tests/a.toml", kGoodCase);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"check", "FOLDER"}, {"check", "--policies", "FOLDER"}}) {
    const Printed printed = RunPolicy(folder, words);
    EXPECT_EQ(printed.code, 0) << printed.err;
    EXPECT_THAT(printed.out, HasSubstr(": ok; 2 templates, 1 log rules, 1 test cases\n"));
  }
  const Json json = Parsed(RunPolicy(folder, {"check", "FOLDER", "--json"}));
  EXPECT_TRUE(json["ok"].BoolOr(false));
  EXPECT_EQ(json["templates"].IntOr(0), 2);
  EXPECT_EQ(json["problems"].size(), 0u);
}

TEST(PolicyCommands, CheckTellsAllProblemsOfAllKindsOfFilesAtOnce) {
  const PolicyFolder folder;
  folder.Write("templates/bad.toml", "name = \"bad\"\n[match]\nwindow = \"never\"\n[[step]]\n");
  folder.Write("tests/bad.toml", "[[case]]\nname = 'x'\n");
  folder.Write("rules/other.toml",
               "[[rule]]\nname = 'other-table'\nclass = 'format'\nmatch = 'is out of date'\n"
               "examples = ['all is well']\n");
  const Printed printed = RunPolicy(folder, {"check", "FOLDER"});
  EXPECT_EQ(printed.code, 1);
  EXPECT_THAT(printed.err, HasSubstr("templates/bad.toml:3:10: error: the window"));
  EXPECT_THAT(printed.err, HasSubstr("tests/bad.toml"));
  EXPECT_THAT(printed.err, HasSubstr("other-table"));
  const Json json = Parsed(RunPolicy(folder, {"check", "FOLDER", "--json"}));
  EXPECT_FALSE(json["ok"].BoolOr(true));
  EXPECT_GE(json["problems"].size(), 3u);
  EXPECT_EQ(json["problems"][0]["severity"].StringOr(""), "error");
}

TEST(PolicyCommands, ListShowsTheOrderInWhichTemplatesAreAsked) {
  const PolicyFolder folder;
  const Printed printed = RunPolicy(folder, {"list", "--policies", "FOLDER"});
  EXPECT_EQ(printed.code, 0) << printed.err;
  EXPECT_EQ(printed.out,
            "NAME       STAGE    PRIORITY  MATCHES\n"
            "of-team    suggest  5         repo = \"team/*\"\n"
            "fix-table  suggest  0         class = \"format\"; unless author = \"bot*\"; "
            "log = \"(?P<file>\\\\S+) is stale\"\n");
  const Json json = Parsed(RunPolicy(folder, {"list", "--policies", "FOLDER", "--json"}));
  EXPECT_EQ(json["templates"][0]["name"].StringOr(""), "of-team");
  EXPECT_EQ(json["templates"][0]["matches"].StringOr(""), "repo = \"team/*\"");
  EXPECT_EQ(RunPolicy(folder, {"list", "--policies", "FOLDER/nowhere"}).code, 1);
}

TEST(PolicyCommands, TestTellsWhatFailedAndWhy) {
  const PolicyFolder folder;
  folder.Write("tests/a.toml", kGoodCase);
  folder.Write("tests/b.toml", kBadCase);
  const Printed printed = RunPolicy(folder, {"test", "FOLDER"});
  EXPECT_EQ(printed.code, 1);
  EXPECT_THAT(printed.out, HasSubstr("b.toml:2: wrong: expected template \"of-team\", got "
                                     "\"fix-table\"\n"));
  EXPECT_THAT(printed.out, HasSubstr("      no   repo: repo \"acme/widget\" does not fit"));
  EXPECT_TRUE(printed.out.ends_with("1 passed, 1 failed\n")) << printed.out;
  const Printed good = RunPolicy(folder, {"test", "FOLDER", "--filter", "stale"});
  EXPECT_EQ(good.code, 0);
  EXPECT_EQ(good.out, "1 passed, 0 failed\n");
  const Printed none = RunPolicy(folder, {"test", "FOLDER", "--filter", "nothing"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no case has \"nothing\" in its name"));
  const Json json = Parsed(RunPolicy(folder, {"test", "FOLDER", "--json"}));
  EXPECT_EQ(json["failed"].IntOr(0), 1);
  EXPECT_EQ(json["cases"].size(), 2u);
}

TEST(PolicyCommands, TestRefusesCasesThatCannotBeRead) {
  const PolicyFolder folder;
  folder.Write("tests/a.toml", Cat(kGoodCase, "clas = 'x'\n"));
  const Printed printed = RunPolicy(folder, {"test", "FOLDER"});
  EXPECT_EQ(printed.code, 1);
  EXPECT_THAT(printed.err, HasSubstr("unknown key \"clas\", did you mean \"class\"?"));
  EXPECT_EQ(printed.out, "");
}

TEST(PolicyCommands, ExplainTakesALogAndWhatIsKnownOfTheRun) {
  const PolicyFolder folder;
  folder.Write("red.log", "table.txt is stale\n");
  folder.Write("event.toml", "repo = 'team/app'\ncommand = 'make check'\n");
  folder.Write("event.json", "{\"repo\": \"team/app\", \"command\": \"make check\"}");
  folder.Write("bad.toml", "repos = 'team/app'\n");
  const auto explain = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"explain", "--policies", "FOLDER", "--log", "FOLDER/red.log"});
    return RunPolicy(folder, more);
  };
  EXPECT_THAT(explain({"--command", "make check"}).out, HasSubstr("chosen: fix-table"));
  EXPECT_THAT(explain({"--event", "FOLDER/event.toml"}).out, HasSubstr("chosen: of-team"));
  EXPECT_THAT(explain({"--event", "FOLDER/event.json"}).out, HasSubstr("chosen: of-team"));
  EXPECT_EQ(explain({"--event", "FOLDER/nowhere"}).code, 1);
  const Printed bad = explain({"--event", "FOLDER/bad.toml"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, HasSubstr("unknown key \"repos\""));
  const Json json = Parsed(explain({"--json"}))["explanations"][0];
  EXPECT_TRUE(json["chosen"].IsNull());
  EXPECT_EQ(json["templates"].size(), 2u);
}

TEST(PolicyCommands, WhatReadsTheStoreNeedsItsConfiguration) {
  const PolicyFolder folder;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"backtest", "--since", "7d", "--config", "FOLDER/nowhere.toml"},
        {"explain", "--delivery", "k", "--config", "FOLDER/nowhere.toml"}}) {
    const Printed printed = RunPolicy(folder, words);
    EXPECT_EQ(printed.code, 1);
    EXPECT_THAT(printed.err, HasSubstr("nowhere.toml"));
  }
}

TEST(PolicyCommands, WrongUseIsTold) {
  const PolicyFolder folder;
  EXPECT_EQ(RunPolicy(folder, {"explain"}).code, 2);
  EXPECT_EQ(RunPolicy(folder, {}).code, 2);
  EXPECT_EQ(RunPolicy(folder, {"explain", "--delivery", "k", "--log", "FOLDER/x"}).code, 2);
  EXPECT_EQ(RunPolicy(folder, {"explain", "--delivery", "k", "--event", "FOLDER/x"}).code, 2);
  for (const char* since : {"soon", "0d", "-3d", "d", "999999999d"})
    EXPECT_EQ(RunPolicy(folder, {"backtest", "--since", since}).code, 2) << since;
  const Printed typo = RunPolicy(folder, {"explian"});
  EXPECT_EQ(typo.code, 2);
  EXPECT_THAT(typo.err, HasSubstr("there is no command \"policy explian\", did you mean "
                                  "\"explain\"?"));
}

Observation SeenStale() {
  Observation seen;
  seen.id = 1;
  seen.at = absl::FromUnixSeconds(1'700'000'000);
  seen.delivery_key = "abc-1";
  seen.incident = SampleIncident();
  seen.incident.evidence.command = "make check";
  seen.incident.evidence.lines = {{1, "table.txt is stale", "primary"}};
  return seen;
}

TEST(PolicyCommands, ExplainReadsTheFailuresOfADelivery) {
  const PolicyFolder folder;
  FakePolicyRecords records;
  records.observations = {SeenStale()};
  PolicyArguments arguments;
  arguments.delivery = "abc";
  testing::internal::CaptureStdout();
  EXPECT_TRUE(ExplainDelivery(records, folder.Load(), arguments).ok());
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("chosen: fix-table"));
  arguments.delivery = "other";
  const Status none = ExplainDelivery(records, folder.Load(), arguments);
  EXPECT_EQ(none.code(), StatusCode::kNotFound);
}

TEST(PolicyCommands, WhatNoWorkspaceServesIsNotChosenHereEither) {
  const PolicyFolder folder;
  Policies policies = folder.Load();
  std::vector<Template> templates = policies.templates->templates();
  for (Template& t : templates) t.needs.network = {"packages"};
  policies.templates = std::make_shared<const PolicySet>(templates, "digest");
  FakePolicyRecords records;
  records.observations = {SeenStale()};
  PolicyArguments arguments;
  arguments.delivery = "abc";
  SelectOptions offline, online;
  offline.offers = {{"sandbox", {}}};
  online.offers = {{"sandbox", {"packages"}}};
  const auto explain = [&](const SelectOptions& options) {
    testing::internal::CaptureStdout();
    EXPECT_TRUE(ExplainDelivery(records, policies, arguments, options).ok());
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_THAT(explain(offline), HasSubstr("needs the network \"packages\""));
  EXPECT_THAT(explain(online), HasSubstr("chosen: fix-table"));
  arguments.since = absl::Hours(72);
  const auto backtest = [&](const SelectOptions& options) {
    testing::internal::CaptureStdout();
    const absl::Time now = records.observations[0].at + absl::Hours(1);
    EXPECT_TRUE(BacktestPolicies(records, policies, arguments, now, options).ok());
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_EQ(backtest(offline), "1 failure looked at, 1 as before\n");
  EXPECT_THAT(backtest(online), HasSubstr("fix-table: newly matched"));
}

TEST(PolicyCommands, BacktestLooksAtTheDaysThatItIsAsked) {
  const PolicyFolder folder;
  FakePolicyRecords records;
  records.observations = {SeenStale()};
  PolicyArguments arguments;
  const auto backtest = [&](absl::Duration since) {
    arguments.since = since;
    testing::internal::CaptureStdout();
    EXPECT_TRUE(BacktestPolicies(records, folder.Load(), arguments,
                                 records.observations[0].at + absl::Hours(48))
                    .ok());
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_EQ(backtest(absl::Hours(24)), "0 failures looked at, 0 as before\n");
  EXPECT_EQ(backtest(absl::Hours(72)),
            "1 failure looked at, 0 as before\nfix-table: newly matched, 1 failure\n"
            "    delivery abc-1\n");
  arguments.json = true;
  EXPECT_THAT(backtest(absl::Hours(72)), HasSubstr("\"now\":\"fix-table\""));
}

}  // namespace
}  // namespace regreen
