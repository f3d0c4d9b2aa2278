#include <gmock/gmock.h>

#include <cstdlib>

#include "adapters/workspace/coder.h"
#include "daemon/base/file.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"
#include "tests/support/coder_peer.h"
#include "tests/support/scripted_server.h"

namespace regreen {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

CoderOptions Good() {
  CoderOptions options;
  options.url = "https://coder.example.org";
  options.token = Secret("the-token");
  options.choice.template_name = "regreen";
  options.client = "/var/lib/regreen/client";
  return options;
}

TEST(CoderOptions, AreCheckedAllAtOnce) {
  EXPECT_TRUE(CheckCoderOptions(Good()).ok());
  struct Case {
    const char* name;
    void (*change)(CoderOptions&);
    const char* words;
  };
  const Case cases[] = {
      {"no url", [](CoderOptions& o) { o.url = "coder"; }, "url: "},
      {"a path", [](CoderOptions& o) { o.url += "/api"; }, "url: is the server's address alone"},
      {"a slash", [](CoderOptions& o) { o.url += "/"; }, "url: is the server's address alone"},
      {"in clear", [](CoderOptions& o) { o.url = "http://10.0.0.1"; }, "url: http would send"},
      {"no template", [](CoderOptions& o) { o.choice.template_name = ""; }, "template: names no"},
      {"no program", [](CoderOptions& o) { o.program = ""; }, "program: names no"},
      {"a parameter", [](CoderOptions& o) { o.choice.parameters[""] = "x"; }, "parameters: a"},
      {"too short", [](CoderOptions& o) { o.ttl = absl::Seconds(59); }, "ttl: must be from 1m"},
      {"too long", [](CoderOptions& o) { o.ttl = absl::Hours(721); }, "ttl: must be from 1m"},
      {"a pattern", [](CoderOptions& o) { o.keep_env = {"*"}; }, "keep_env: \"*\" is no name"},
      {"the agent's", [](CoderOptions& o) { o.keep_env = {"CODER_AGENT_TOKEN"}; },
       "keep_env: CODER_"},
      {"hasty", [](CoderOptions& o) { o.times.ready = absl::Seconds(1); }, "ready: must be"},
  };
  CoderOptions all = Good();
  for (const Case& c : cases) {
    CoderOptions options = Good();
    c.change(options);
    EXPECT_THAT(Message(CheckCoderOptions(options)), HasSubstr(c.words)) << c.name;
    if (std::string_view(c.words).substr(0, 4) != "url:") c.change(all);
  }
  const std::string mistakes = Message(CheckCoderOptions(all));
  EXPECT_EQ(SplitLines(mistakes).size(), 6u) << mistakes;
  for (const char* local :
       {"http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"}) {
    CoderOptions options = Good();
    options.url = local;
    EXPECT_TRUE(CheckCoderOptions(options).ok()) << local << CheckCoderOptions(options);
  }
  CoderOptions options = Good();
  options.ttl = absl::ZeroDuration();
  EXPECT_TRUE(CheckCoderOptions(options).ok()) << "the template's own";
}

TEST(CoderEngine, GivesTheTokenToItsProgramByItsEnvironmentAlone) {
  ASSERT_EQ(setenv("REGREEN_TEST_SECRET", "of-the-daemon", 1), 0);
  CoderOptions options = Good();
  options.agent = "main";
  options.ca_file = "/etc/ca.pem";
  const LocalCommand command =
      NewCoderEngine(options)->Command("regreen-1", {"/bin/sh", "-c", "echo 'a b'\n$x"});
  unsetenv("REGREEN_TEST_SECRET");
  EXPECT_THAT(command.argv, ElementsAre("coder", "ssh", "--wait", "yes", "regreen-1.main", "--",
                                        "'/bin/sh' '-c' 'echo '\\''a b'\\''\n$x'"));
  EXPECT_THAT(Join(command.argv, " "), Not(HasSubstr("the-token")));
  EXPECT_THAT(command.env, testing::IsSupersetOf({
                               Pair("CODER_URL", "https://coder.example.org"),
                               Pair("CODER_SESSION_TOKEN", "the-token"),
                               Pair("CODER_CONFIG_DIR", "/var/lib/regreen/client"),
                               Pair("HOME", "/var/lib/regreen/client"),
                               Pair("CODER_SSH_DISABLE_AUTOSTART", "true"),
                               Pair("SSL_CERT_FILE", "/etc/ca.pem"),
                           }));
  for (const auto& [name, value] : command.env) EXPECT_NE(value, "of-the-daemon") << name;
}

TEST(CoderEngine, TellsPeopleTheWayByTheirOwnAccount) {
  ScriptedServer server;
  server.Expect("GET /api/v2/users/me", 200, R"({"username":"regreen"})");
  CoderOptions options = Good();
  options.url = server.url();
  const auto way = NewCoderEngine(options)->WayIn("regreen-1");
  ASSERT_TRUE(way.ok()) << way.status();
  EXPECT_THAT(way->argv, ElementsAre("coder", "ssh", "regreen/regreen-1"));
  EXPECT_EQ(way->page, server.url() + "/@regreen/regreen-1");
  options.agent = "main";
  EXPECT_EQ(NewCoderEngine(options)->WayIn("regreen-1")->argv.back(), "regreen/regreen-1.main");
}

class CoderEngineAtAPeer : public testing::Test {
 protected:
  void SetUp() override {
    if (!peer_.missing().empty()) GTEST_SKIP() << peer_.missing();
    options_.url = peer_.url();
    options_.token = *ResolveSecret("file:" + peer_.token_file());
    options_.choice.template_name = "regreen";
    options_.program = peer_.program();
    options_.client = (folder_.path() / "client").string();
    options_.times.poll = absl::Milliseconds(5);
  }
  static RemoteCall Call(const std::string& script, std::string input = "") {
    RemoteCall call;
    call.name = "regreen-a-1";
    call.script = script;
    call.input = std::move(input);
    return call;
  }

  TempDir folder_ = *TempDir::Create(std::filesystem::temp_directory_path(), "regreen-coder-");
  CoderPeer peer_{folder_.path().string()};
  CoderOptions options_;
};

TEST_F(CoderEngineAtAPeer, MakesReachesListsAndEndsAWorkspace) {
  const auto engine = NewCoderEngine(options_);
  ASSERT_TRUE(engine->Probe().ok()) << engine->Probe();
  const WorkspaceSpec spec;
  ASSERT_TRUE(engine->Create({"regreen-a-1", &spec}, {}).ok());
  ASSERT_TRUE(engine->Create({"regreen-b-1", &spec}, {}).ok());
  EXPECT_THAT(*engine->List("regreen-a-"), ElementsAre("regreen-a-1"));

  const auto answer =
      CallRemote(*engine, Call("env; cat; echo problem >&2; answer 255", "given\n"), {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->word, "255") << "a command's own, and no drop";
  EXPECT_THAT(answer->out, AllOf(HasSubstr("given\n"), Not(HasSubstr("CODER"))));
  EXPECT_THAT(answer->err, HasSubstr("problem\n"));

  EXPECT_TRUE(engine->Destroy("regreen-a-1").ok());
  EXPECT_TRUE(engine->Destroy("regreen-a-1").ok()) << "once more is no error";
  EXPECT_THAT(*engine->List("regreen-"), ElementsAre("regreen-b-1"));
  const auto gone = CallRemote(*engine, Call("answer 0"), {});
  EXPECT_EQ(gone.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(Message(gone.status()), HasSubstr("not found"));
  EXPECT_TRUE(engine->Destroy("regreen-b-1").ok());
  EXPECT_THAT(peer_.Problems(), IsEmpty());
}

TEST_F(CoderEngineAtAPeer, TakesNoNameThatIsTaken) {
  const auto engine = NewCoderEngine(options_);
  const WorkspaceSpec spec;
  ASSERT_TRUE(engine->Create({"regreen-a-1", &spec}, {}).ok());
  EXPECT_EQ(engine->Create({"regreen-a-1", &spec}, {}).status().code(), StatusCode::kAborted);
  EXPECT_TRUE(engine->Destroy("regreen-a-1").ok());
}

TEST(CoderEngine, LooksAfterWhatCouldNotBeDeletedBeforeItMakesMore) {
  ScriptedServer server;
  const std::string find = "GET /api/v2/users/me/workspace/regreen-1";
  const std::string builds = "POST /api/v2/workspaces/w1/builds";
  const std::string organizations = "GET /api/v2/users/me/organizations";
  server.Expect(find, 503, "");
  server.Expect(organizations, 503, "");
  const TempDir folder = *TempDir::Create(std::filesystem::temp_directory_path(), "regreen-coder-");
  CoderOptions options = Good();
  options.url = server.url();
  options.client = (folder.path() / "client").string();
  options.times = {absl::Milliseconds(1), absl::Seconds(20), absl::Milliseconds(5), {}};
  const auto engine = NewCoderEngine(options);
  EXPECT_EQ(engine->Destroy("regreen-1").code(), StatusCode::kDeadlineExceeded);

  server.Expect(find, 200, R"({"id":"w1","name":"regreen-1","latest_build":{"id":"b1",
      "transition":"start","status":"running","job":{"status":"succeeded"}}})");
  server.Expect(builds, 201, "{}");
  const WorkspaceSpec spec;
  const auto create = [&] { EXPECT_FALSE(engine->Create({"regreen-2", &spec}, {}).ok()); };
  create();
  EXPECT_EQ(server.Count(builds), 0) << "the server is still away";
  create();
  EXPECT_EQ(server.Count(builds), 1) << "asked for, and not waited for";
  server.Expect(find, 404, "{}");
  create();
  create();
  const int looks = server.Count(find);
  create();
  EXPECT_EQ(server.Count(find), looks) << "gone, and forgotten";
}

TEST_F(CoderEngineAtAPeer, GivesCommandsTheVariablesThatAreNamed) {
  options_.keep_env = {"CODER_WORKSPACE_NAME", "NOT_THERE"};
  const auto engine = NewCoderEngine(options_);
  const WorkspaceSpec spec;
  ASSERT_TRUE(engine->Create({"regreen-a-1", &spec}, {}).ok());
  const auto answer = CallRemote(*engine, Call("env; answer 0"), {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(answer->out, AllOf(HasSubstr("CODER_WORKSPACE_NAME=regreen-a-1\n"),
                                 Not(HasSubstr("NOT_THERE")), Not(HasSubstr("CODER_AGENT"))));
  EXPECT_TRUE(engine->Destroy("regreen-a-1").ok());
}

TEST_F(CoderEngineAtAPeer, SaysAtAProbeWhatIsMissing) {
  const auto words = [](const CoderOptions& options) {
    const Status status = NewCoderEngine(options)->Probe();
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
    return Message(status);
  };
  CoderOptions other = options_;
  other.program = "no-such-coder";
  EXPECT_THAT(words(other), AllOf(HasSubstr("no-such-coder"), HasSubstr("/install.sh")));
  other = options_;
  other.choice.template_name = "regreem";
  EXPECT_THAT(words(other), HasSubstr("the template \"regreem\""));
  other = options_;
  other.choice.parameters = {{"cpus", "2"}};
  EXPECT_THAT(words(other), HasSubstr("did you mean \"cpu\"?"));
  other = options_;
  other.token = Secret("tok-other");
  EXPECT_THAT(words(other), AllOf(HasSubstr("refused the token"), Not(HasSubstr("tok-other"))));
  const WorkspaceSpec spec;
  EXPECT_EQ(NewCoderEngine(other)->Create({"regreen-1", &spec}, {}).status().code(),
            StatusCode::kFailedPrecondition)
      << "what a person must change holds a task back, and does not end it";
  other = options_;
  other.url = "http://127.0.0.1:1";
  EXPECT_EQ(NewCoderEngine(other)->Probe().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace regreen
