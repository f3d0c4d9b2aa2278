#include "daemon/app/config.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "tests/support/paths.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

std::string Write(const std::string& text) {
  // Of this process alone: another case may run beside it.
  const std::string folder = Cat(testing::TempDir(), "/regreen-config-", getpid());
  EXPECT_TRUE(MakeDirectories(folder).ok());
  const std::string path = folder + "/config.toml";
  std::ofstream(path) << text;
  return path;
}

std::string ProblemsOf(const std::string& text) {
  Problems problems;
  LoadConfig(Write(text), problems);
  return problems.Render();
}

TEST(Config, TheExampleFileIsWhatIsPrinted) {
  std::ifstream in(SourceFolder() + "/config.example.toml");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), PrintConfig(ExampleConfig()))
      << "write it anew: regreen check --example > config.example.toml";
}

TEST(Config, TheExampleIsRight) {
  EXPECT_EQ(ProblemsOf(PrintConfig(ExampleConfig())), "");
}

TEST(Config, WhatIsPrintedReadsBack) {
  Problems problems;
  Config config = ExampleConfig();
  config.workers.lease = absl::Seconds(90);
  config.workspace.path = {"/opt/x/bin"};
  config.limits.usd_per_day = 1234567.89;
  config.limits.cooldown = absl::Minutes(90);
  const std::string printed = PrintConfig(config);
  EXPECT_EQ(PrintConfig(LoadConfig(Write(printed), problems)), printed);
  EXPECT_EQ(problems.Render(), "");
}

TEST(Config, EveryMistakeIsFoundAtOnceWithItsPlaceAndTheNearestName) {
  const std::string text = ProblemsOf(
      "[server]\nlisten = \"0.0.0.0:80\"\n[log]\nformat = \"jsn\"\n[worker]\ncount = 3\n"
      "[forge.hub]\nkind = \"github\"\ntoken = \"ghp_whoops\"\n"
      "[ci.gh]\nkind = \"github\"\nforge = \"hubb\"\nsecret = \"file:/s\"\nsecrt = \"x\"\n");
  EXPECT_THAT(text,
              HasSubstr("config.toml:2:10: error: server.listen: 0.0.0.0 is reached from outside"));
  EXPECT_THAT(
      text,
      HasSubstr(
          ":4:10: error: log.format: \"jsn\" is not one of text, json, did you mean \"json\"?"));
  EXPECT_THAT(text, HasSubstr("error: unknown key \"worker\", did you mean \"workers\"?"));
  EXPECT_THAT(text, HasSubstr(":9:9: error: forge.hub.token: a secret is given as"));
  EXPECT_THAT(text, HasSubstr("error: forge.hub.repos: names no repository"));
  EXPECT_THAT(
      text,
      HasSubstr(":12:9: error: ci.gh.forge: \"hubb\" is not one of hub, did you mean \"hub\"?"));
  EXPECT_THAT(text, HasSubstr("error: unknown key \"secrt\", did you mean \"secret\"?"));
  EXPECT_THAT(text, testing::Not(HasSubstr("ghp_whoops")));
}

TEST(Config, LimitsOfWorkspacesLeaveRoomForAShell) {
  const std::string text =
      ProblemsOf("[workspace]\ncpu = -1\nmemory_bytes = 4\nprocesses = 1\nfiles = 0\n");
  EXPECT_THAT(text, HasSubstr("workspace.cpu: must be from 0 to 1024"));
  EXPECT_THAT(text, HasSubstr("workspace.memory_bytes: must be 0 or from 33554432 on, not 4"));
  EXPECT_THAT(text, HasSubstr("workspace.processes: must be 0 or from 16 on"));
  EXPECT_THAT(text, testing::Not(HasSubstr("workspace.files"))) << "0: no limit";
}

TEST(Config, OffersTemplatesNoMoreThanAWorkspaceMayUse) {
  Config config = ExampleConfig();
  config.workspaces.clear();
  config.workspace.cpu = 2;
  config.workspace.memory_bytes = 1 << 30;
  const std::vector<WorkspaceOffer> offers = OffersOf(config);
  ASSERT_EQ(offers.size(), 1u);
  EXPECT_EQ(offers[0].cpu, 2);
  EXPECT_EQ(offers[0].memory_bytes, 1 << 30);
  EXPECT_EQ(LimitsOf(config.workspace).processes, WorkspaceLimits().processes);
}

std::string ProblemsOfPolicies(const std::string& lines) {
  return ProblemsOf(
      "[forge.hub]\nkind = \"git\"\nremotes = { \"acme/widget\" = \"/srv/w.git\" }\n"
      "[policies]\n" +
      lines);
}

TEST(Config, PoliciesComeFromWhereGitCanReadThem) {
  for (const char* good :
       {"remote = \"/srv/policies.git\"\npath = \"\"", "remote = \"https://git.example/p.git\"",
        "remote = \"acme/policies\"\nforge = \"hub\"", "branch = \"\""})
    EXPECT_EQ(ProblemsOfPolicies(good), "") << good;
  struct Case {
    const char* lines;
    const char* says;
  };
  const Case cases[] = {
      {"remote = \"acme/policies\"", "policies.remote"},
      {"remote = \"https://user:word@git.example/p.git\"", "policies.remote"},
      {"remote = \"ssh://git.example/p.git\"", "policies.remote"},
      {"remote = \"/srv/p.git\"\nforge = \"hub\"", "policies.remote"},
      {"remote = \"acme/policies\"\nforge = \"huh\"", "did you mean \"hub\"?"},
      {"remote = \"/srv/p.git\"\nbranch = \"\"", "policies.branch"},
      {"remote = \"/srv/p.git\"\npath = \"../policies\"", "policies.path"},
      {"remote = \"/srv/p.git\"\npath = \"/policies\"", "policies.path"},
      {"remote = \"/srv/p.git\"\nevery = \"10ms\"", "policies.every"},
  };
  for (const Case& c : cases)
    EXPECT_THAT(ProblemsOfPolicies(c.lines), HasSubstr(c.says)) << c.lines;
}

TEST(Config, AnApiTokenIsASecretWithARole) {
  const std::string begin =
      "[forge.hub]\nkind = \"git\"\nremotes = { \"acme/widget\" = \"/srv/w.git\" }\n[api.ci]\n";
  EXPECT_EQ(ProblemsOf(begin + "token = \"env:TOKEN\"\nrole = \"operator\"\n"), "");
  EXPECT_THAT(ProblemsOf(begin + "token = \"0123456789abcdef\"\n"), HasSubstr("api.ci.token"));
  EXPECT_THAT(ProblemsOf(begin), HasSubstr("api.ci.token"));
  EXPECT_THAT(ProblemsOf(begin + "token = \"env:TOKEN\"\nrole = \"admin\"\n"),
              HasSubstr("api.ci.role"));
}

TEST(Config, LimitsAreOfEachRepositoryAndNeverNegative) {
  Problems problems;
  const Config config = LoadConfig(Write("[limits]\nopen_per_repo = 3\ntasks_per_repo = 4\n"
                                         "per_hour = 5\nper_day = 6\nusd_per_day = 2\n"
                                         "minutes_per_day = 7\ncooldown = \"1m\"\n"),
                                   problems);
  EXPECT_EQ(RepositoryLimits(config.limits), (Limits{3, 4, 5, 6, 2.0, 0.0, 7, absl::Minutes(1)}));
  for (const char* bad : {"open_per_repo = -1", "tasks_per_repo = -1", "per_hour = -1",
                          "per_day = 99999999999", "usd_per_day = -0.5", "usd_per_day = nan",
                          "minutes_per_day = -1", "cooldown = \"-1m\"", "break_after = 3"}) {
    const std::string text = ProblemsOf(Cat("[limits]\n", bad, "\n"));
    EXPECT_THAT(text, HasSubstr("config.toml:2:")) << bad << ": " << text;
  }
}

TEST(Config, SaysWhichCiDefinitionIsReadAndWhatIsDoneAboutForks) {
  const std::string forge =
      "[forge.hub]\nkind = \"github\"\ntoken = \"env:T\"\nrepos = [\"a/*\"]\n";
  const std::string ci =
      "[ci.x]\nkind = \"generic\"\nforge = \"hub\"\nsecret = \"env:S\"\ntoken_header = \"T\"\n"
      "map = { repo = \"/r\", commit = \"/c\", run_id = \"/i\" }\n";
  EXPECT_EQ(ProblemsOf(forge + ci + "definition = \"gitlab\"\n"), "");
  EXPECT_EQ(ProblemsOf(forge + ci +
                       "definition = \"github\"\ndefinition_path = \".github/workflows/a.yml\"\n"),
            "");
  EXPECT_THAT(ProblemsOf(forge + ci + "definition = \"gitlap\"\n"),
              HasSubstr("did you mean \"gitlab\"?"));
  EXPECT_THAT(ProblemsOf(forge + ci + "definition = \"github\"\n"),
              HasSubstr("must name the workflow file"));
  EXPECT_THAT(ProblemsOf(forge + ci + "definition_path = \"/etc/x.yml\"\n"),
              HasSubstr("a path in the repository"));
  for (const char* policy : {"ignore", "report", "run"})
    EXPECT_EQ(ProblemsOf(Cat(forge, "fork = \"", policy, "\"\n")), "");
  EXPECT_THAT(ProblemsOf(forge + "fork = \"repot\"\n"), HasSubstr("did you mean \"report\"?"));
  EXPECT_THAT(ProblemsOf(forge + "fork = \"run\"\n[workspace]\nkind = \"worktree\"\n"),
              HasSubstr("a fork's code is run in a sandbox only, and workspace.kind is"));
}

TEST(Config, SaysHowAForgeIsReached) {
  const std::string forge =
      "[forge.hub]\nkind = \"github\"\ntoken = \"env:T\"\nrepos = [\"a/*\"]\n";
  EXPECT_EQ(ProblemsOf(forge + "ca_file = \"/etc/ca.pem\"\nproxy = \"http://proxy:3128\"\n"
                               "writes_apart = \"0s\"\n"),
            "");
  EXPECT_THAT(ProblemsOf(forge + "proxy = \"https://proxy:3128\"\n"),
              HasSubstr("forge.hub.proxy: A proxy is named by http://HOST:PORT alone"));
  EXPECT_THAT(ProblemsOf(forge + "writes_apart = \"11s\"\n"),
              HasSubstr("forge.hub.writes_apart: must be from 0s to 10s"));
}

TEST(Config, AnAgentThatCouldNeverRunIsAMistake) {
  const std::string forge =
      "[forge.hub]\nkind = \"github\"\ntoken = \"env:T\"\nrepos = [\"a/*\"]\n";
  EXPECT_EQ(ProblemsOf(forge + "[agent.cheap]\ncommand = \"x\"\nprice_usd = 1\n"), "");
  const std::string text =
      ProblemsOf(forge +
                 "[agent.cheap]\nkind = \"comand\"\n[agent.dear]\nprice_usd = 3\nmax_usd = 2.5\n"
                 "timeout = \"0s\"\n");
  for (const char* part :
       {":6:8: error: agent.cheap.kind: \"comand\" is not one of command, claude, codex, acp, did "
        "you mean",
        ":7:1: error: agent.dear: command is needed", "agent.dear: price_usd is more than max_usd",
        "agent.dear: timeout must be longer than nothing"})
    EXPECT_THAT(text, HasSubstr(part));
}

std::string WithNetwork(const std::string& network) {
  return "[forge.hub]\nkind = \"github\"\ntoken = \"env:T\"\nrepos = [\"a/*\"]\n"
         "[forge.own]\nkind = \"git\"\n"
         "remotes = {\"a/b\" = \"https://git.lab.example.org/a/b.git\", \"a/c\" = \"/srv/c.git\"}\n"
         "[network.out]\n" +
         network;
}

TEST(Config, AForgeIsNoPlaceThatAWorkspaceMayReach) {
  for (const char* pattern : {"github.com:443", "GitHub.com.:22", "api.github.com:443",
                              "*.github.com:443", "codeload.github.com:443"}) {
    EXPECT_THAT(ProblemsOf(WithNetwork(Cat("allow = [\"", pattern, "\"]\n"))),
                HasSubstr(Cat("network.out.allow: \"", pattern, "\" lets a workspace reach ")))
        << pattern;
  }
  const std::string text =
      ProblemsOf(WithNetwork("allow = [\"packages.example.com:443\", \"*.example.org:443\"]\n"));
  EXPECT_THAT(text, HasSubstr(":9:9: error: network.out.allow: \"*.example.org:443\" lets a "
                              "workspace reach git.lab.example.org, which is of forge.own"));
  EXPECT_THAT(text, testing::Not(HasSubstr("pypi")));
}

TEST(Config, ANetworkThatCouldNeverBeServedIsAMistake) {
  EXPECT_EQ(ProblemsOf(WithNetwork("allow = [\"packages.example.com:443\"]\n")), "");
  EXPECT_THAT(ProblemsOf(WithNetwork("")), HasSubstr("network.out: allow names nothing"));
  EXPECT_THAT(ProblemsOf(WithNetwork("allow = [\"packages.example.com\"]\n")),
              HasSubstr("\"packages.example.com\" is no host:port"));
  const std::string model =
      "kind = \"model\"\nupstream = \"https://m.example\"\n"
      "paths = [\"POST /v1/messages\"]\n";
  EXPECT_EQ(ProblemsOf(WithNetwork(model + "key = \"credential:k\"\n")), "");
  const std::string written = ProblemsOf(WithNetwork(model + "key = \"sk-whoops\"\n"));
  EXPECT_THAT(written, HasSubstr("network.out.key: a secret is given as"));
  EXPECT_THAT(written, testing::Not(HasSubstr("whoops")));
  EXPECT_THAT(ProblemsOf("[network.Out]\nallow = [\"packages.example.com:443\"]\n"),
              HasSubstr("network.Out: a network's name is of lower-case letters"));
}

TEST(Config, ACoderServerThatCouldNeverServeIsAMistake) {
  const std::string text = ProblemsOf(
      "[workspace]\nkind = \"coder\"\ncoder = \"frm\"\n[coder.farm]\n"
      "url = \"http://coder.example.org/\"\ntoken = \"the-token-itself\"\ntemplate = \"\"\n"
      "ttl = \"5s\"\ntempalte = \"x\"\n[coder.farm.parameters]\n\"\" = \"1\"\n");
  for (const char* want :
       {"config.toml:3:9: error: workspace.coder: \"frm\" is not one of farm, did you mean "
        "\"farm\"?",
        "config.toml:5:7: error: coder.farm.url: ", "coder.farm.token: a secret is given as",
        "config.toml:7:12: error: coder.farm.template: names no template",
        "coder.farm.ttl: must be from 1m", "coder.farm.parameters: a parameter has no name",
        "unknown key \"tempalte\", did you mean \"template\"?"}) {
    EXPECT_THAT(text, HasSubstr(want));
  }
  EXPECT_THAT(ProblemsOf("[workspace]\nkind = \"coder\"\n"), HasSubstr("needs a [coder.NAME]"));
}

TEST(Config, AWorkspaceOfTheOnlyCoderServerNeedNotNameIt) {
  Config config = ExampleConfig();
  config.workspaces.clear();
  config.workspace.kind = "coder";
  EXPECT_EQ(CoderOfWorkspace(config, config.workspace), "example");
  config.coder["other"];
  EXPECT_EQ(CoderOfWorkspace(config, config.workspace), "");
  config.workspace.coder = "other";
  EXPECT_EQ(CoderOfWorkspace(config, config.workspace), "other");
  const std::vector<WorkspaceOffer> offers = OffersOf(config);
  ASSERT_EQ(offers.size(), 1u);
  EXPECT_TRUE(offers[0].networks.empty()) << "our broker's sets do not reach there";
}

TEST(Config, AnEngineThatCouldNeverServeIsAMistake) {
  const std::string text = ProblemsOf(
      "[workspace]\nkind = \"exec\"\nexec = \"buidler\"\n[exec.builder]\npreset = \"ssh\"\n"
      "[exec.farm]\ncreate = [\"make\", \"{name}\"]\nrun = [\"run\", \"{argv}\"]\nfolder = "
      "\"/w\"\n");
  for (const char* want :
       {"workspace.exec: \"buidler\" is not one of builder, farm, did you mean \"builder\"?",
        "exec.builder: run: there is no value for {host}; it can be given in `values`",
        "exec.farm: what `create` makes must be found and removed again"}) {
    EXPECT_THAT(text, HasSubstr(want));
  }
  EXPECT_THAT(ProblemsOf("[workspace]\nkind = \"exec\"\n"), HasSubstr("needs an [exec.NAME]"));
}

TEST(Config, AWorkspaceOfTheOnlyEngineNeedNotNameIt) {
  Config config = ExampleConfig();
  config.workspaces.clear();
  config.workspace.kind = "exec";
  EXPECT_EQ(ExecOfWorkspace(config, config.workspace), "example");
  config.exec["other"];
  EXPECT_EQ(ExecOfWorkspace(config, config.workspace), "");
  config.workspace.exec = "other";
  EXPECT_EQ(ExecOfWorkspace(config, config.workspace), "other");
  const std::vector<WorkspaceOffer> offers = OffersOf(config);
  ASSERT_EQ(offers.size(), 1u);
  EXPECT_TRUE(offers[0].networks.empty()) << "our broker's sets do not reach there";
  EXPECT_EQ(offers[0].memory_bytes, config.workspace.memory_bytes);
}

TEST(Config, SeveralWorkspacesAreOfferedByTheirNames) {
  Config config = ExampleConfig();
  WorkspaceKindConfig& builds = config.workspaces["builds"];
  builds.cpu = 4;
  config.workspaces["farm"].kind = "exec";
  config.workspaces["here"].kind = "worktree";
  const std::vector<WorkspaceOffer> offers = OffersOf(config);
  ASSERT_EQ(offers.size(), 4u);
  EXPECT_EQ(offers[0].name, "sandbox") << "what templates that name none get";
  EXPECT_EQ(offers[1].name, "builds");
  EXPECT_EQ(offers[1].cpu, 4);
  EXPECT_EQ(offers[1].networks.size(), config.network.size());
  EXPECT_EQ(offers[2].name, "farm");
  EXPECT_TRUE(offers[2].networks.empty());
  EXPECT_FALSE(offers[2].every_network);
  EXPECT_TRUE(offers[3].every_network) << "there is no wall";
  const std::vector<ConfiguredWorkspace> all = WorkspacesOf(config);
  EXPECT_EQ(all[1].directory, config.workspace.directory + "-builds");
}

TEST(Config, AWorkspaceThatCannotBeIsAMistakeAtItsPlace) {
  const std::string text = ProblemsOf(
      "[workspaces.sandbox]\nkind = \"worktree\"\n[workspaces.\"a b\"]\n"
      "[workspaces.one]\nkind = \"container\"\n"
      "[workspaces.two]\nkind = \"container\"\nprogram = \"/usr/bin/docker\"\nrootfs = \"/srv/r\"\n"
      "[workspaces.three]\nkind = \"exec\"\n[workspaces.four]\nkind = \"contaner\"\ncpu = -1\n"
      "[workspaces.five]\ndirectory = \"/var/lib/regreen/workspaces\"\n"
      "[workspaces.six]\ndirectory = \"relative\"\n");
  for (const char* want : {"workspaces.sandbox: templates call the [workspace] itself \"sandbox\"",
                           "workspaces.a b: a workspace's name is of lower-case letters",
                           "workspaces.one: a container needs an `image` or a `rootfs`",
                           "workspaces.two: docker takes no `rootfs`",
                           "workspaces.three.kind: it needs an [exec.NAME]",
                           "workspaces.four.kind: \"contaner\" is not one of",
                           "workspaces.four.cpu: must be from 0 to 1024",
                           "workspaces.five.directory: is that of workspace too",
                           "workspaces.six.directory: \"relative\" must be an absolute path"}) {
    EXPECT_THAT(text, HasSubstr(want));
  }
}

TEST(ParseListen, TakesAddressesAndPorts) {
  EXPECT_EQ(*ParseListen("127.0.0.1:0"), std::pair(std::string("127.0.0.1"), 0));
  EXPECT_EQ(*ParseListen("[::1]:443"), std::pair(std::string("::1"), 443));
  for (const char* bad : {"", "8080", ":80", "a:b", "h:99999", "h:-1"})
    EXPECT_FALSE(ParseListen(bad).ok()) << bad;
}

}  // namespace
}  // namespace regreen
