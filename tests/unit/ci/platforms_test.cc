// What is special to the platforms whose adapters share `dialect`; what all promise is in the
// contract.
#include <gmock/gmock.h>

#include <algorithm>

#include "adapters/ci/fields.h"
#include "adapters/ci/registry.h"
#include "daemon/base/clock.h"
#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "tests/support/ci_fixture.h"
#include "tests/support/paths.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

constexpr char kSecret[] = "s3cret";

CiOptions Options(const char* kind) {
  CiOptions options;
  options.name = "ci";
  options.kind = kind;
  options.forge = "forge";
  options.secret = Secret(kSecret);
  return options;
}

std::unique_ptr<CiSource> Source(const CiOptions& options) {
  auto source = CreateCiSource(options);
  EXPECT_TRUE(source.ok()) << source.status();
  return std::move(source).value();
}

StatusOr<Event> Decode(const CiOptions& options, const Headers& headers, const std::string& body) {
  const auto source = Source(options);
  const auto delivery = source->Describe(headers, body);
  if (!delivery.ok()) return delivery.status();
  return source->Decode(*delivery);
}

std::string Replaced(std::string text, const std::string& old, const std::string& now) {
  const std::size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return at == std::string::npos ? text : text.replace(at, old.size(), now);
}

std::string Signature(const std::string& body) {
  return HexEncode(HmacSha256(kSecret, body));
}

TEST(GiteaCi, IsToldFromGithubByTheOneAndTheOther) {
  const std::string body = CiFixture("gitea_workflow_run.json");
  const Headers both = {{"x-gitea-event", "workflow_run"},
                        {"x-gitea-signature", Signature(body)},
                        {"x-github-event", "workflow_run"},
                        {"x-hub-signature-256", Cat("sha256=", Signature(body))}};
  const auto github = Source(Options("github"));
  ASSERT_TRUE(github->Authenticate(both, body).ok());
  EXPECT_THAT(Message(github->Describe(both, body).status()), HasSubstr("of the kind gitea"));
  const Headers githubs(both.begin() + 2, both.end());
  const auto gitea = Source(Options("gitea"));
  EXPECT_TRUE(gitea->Authenticate(both, body).ok());
  EXPECT_EQ(gitea->Authenticate(githubs, body).code(), StatusCode::kUnauthenticated);
  EXPECT_THAT(Message(gitea->Authenticate(githubs, body)), HasSubstr("of the kind github"));
}

TEST(GiteaCi, ReadsARunThatTheForgeIsAskedFor) {
  const auto event = Decode(Options("gitea"), {{"x-gitea-event", "workflow_run"}},
                            CiFixture("gitea_workflow_run.json"));
  ASSERT_TRUE(event.ok()) << event.status();
  const RunHint& run = std::get<RunEvent>(*event).run;
  EXPECT_FALSE(run.foreign);
  EXPECT_EQ(run.key.run_id, "41");
  EXPECT_EQ(run.key.attempt, 2);
  EXPECT_EQ(run.workflow, "ci.yml");
  EXPECT_EQ(run.branch, "main");
}

TEST(GiteaCi, TakesForgejosRunWithoutAnAttemptForTheNewest) {
  const std::string body = Replaced(CiFixture("forgejo_action_run_failure.json"),
                                    R"("prettyref": "main")", R"("prettyref": "#12")");
  const auto event = Decode(Options("gitea"), {{"x-forgejo-event", "action_run_failure"}}, body);
  ASSERT_TRUE(event.ok()) << event.status();
  const RunHint& run = std::get<RunEvent>(*event).run;
  EXPECT_EQ(run.key.attempt, RunKey::kNewest);
  EXPECT_EQ(run.branch, "") << "a pull request's number is no branch";
}

TEST(GiteaCi, SeesThatAPullRequestWasClosedOrPushedTo) {
  const auto read = [](const std::string& action) {
    return Decode(Options("gitea"), {{"x-gitea-event", "pull_request"}},
                  Cat(R"({"action": ")", action,
                      R"(", "number": 4, "repository": {"full_name": "acme/widget"}})"));
  };
  for (const char* action : {"closed", "synchronized"}) {
    const auto event = read(action);
    ASSERT_TRUE(event.ok()) << event.status();
    EXPECT_EQ(std::get<ChangeEvent>(*event).number, 4);
    EXPECT_EQ(std::get<ChangeEvent>(*event).repo, "acme/widget");
  }
  EXPECT_TRUE(std::holds_alternative<OtherEvent>(*read("opened")));
}

TEST(JenkinsCi, NamesTheConsoleTextBelowAnAllowedPrefixOnly) {
  CiOptions options = Options("jenkins");
  const std::string body = CiFixture("jenkins_finalized.json");
  const auto told = Decode(options, {}, body);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(std::get<RunEvent>(*told).run.inline_log, "make: *** [all] Error 2");
  options.log_url_prefixes = {"https://jenkins.example.com/job"};
  const auto event = Decode(options, {}, body);
  ASSERT_TRUE(event.ok()) << event.status();
  const RunHint& run = std::get<RunEvent>(*event).run;
  EXPECT_THAT(run.log_url, testing::EndsWith("/job/widget/18/consoleText"));
  EXPECT_EQ(run.branch, "main");
  EXPECT_EQ(run.key.run_id, "widget/18");
  options.log_url_prefixes = {"https://other.example.com/"};
  EXPECT_THAT(Message(Decode(options, {}, body).status()), HasSubstr("log_url_prefixes"));
}

TEST(JenkinsCi, WaitsUntilTheBuildIsFinal) {
  const auto event =
      Decode(Options("jenkins"), {},
             Replaced(CiFixture("jenkins_finalized.json"), "FINALIZED", "COMPLETED"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_THAT(std::get<OtherEvent>(*event).why, HasSubstr("COMPLETED"));
}

TEST(CircleciCi, TakesTheSignaturesThatItsPageShows) {
  CiOptions options = Options("circleci");
  options.secret = Secret("another-secret");
  const auto source = Source(options);
  constexpr char kHex[] = "daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00";
  EXPECT_TRUE(source->Authenticate({{"circleci-signature", Cat("v1=", kHex)}}, "lalala").ok());
  EXPECT_TRUE(source->Authenticate({{"circleci-signature", Cat("v2=x,v1=", kHex)}}, "lalala").ok());
  EXPECT_FALSE(source->Authenticate({{"circleci-signature", Cat("v2=", kHex)}}, "lalala").ok());
}

TEST(CircleciCi, DropsARunOfAFork) {
  const std::string body = Replaced(CiFixture("circleci_workflow_completed.json"),
                                    R"("origin_repository_url": "https://github.com/acme/widget")",
                                    R"("origin_repository_url": "https://github.com/eve/widget")");
  const auto event = Decode(Options("circleci"), {}, body);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_THAT(std::get<OtherEvent>(*event).why, HasSubstr("fork"));
}

TEST(BuildkiteCi, RefusesASignatureOlderThanFiveMinutes) {
  CiOptions options = Options("buildkite");
  const ManualClock clock(absl::FromUnixSeconds(1'600'000'300));
  options.clock = &clock;
  const auto source = Source(options);
  const auto sent = [&](int time) {
    const std::string hex = HexEncode(HmacSha256(kSecret, Cat(time, ".body")));
    return source->Authenticate(
        {{"x-buildkite-signature", Cat("timestamp=", time, ",signature=", hex)}}, "body");
  };
  EXPECT_TRUE(sent(1'600'000'000).ok());
  EXPECT_EQ(sent(1'599'999'999).code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(sent(1'600'000'601).code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(source->Authenticate({{"x-buildkite-token", kSecret}}, "body").code(),
            StatusCode::kUnauthenticated)
      << "a token does not stand in for a signature";
  options.token_header = "X-Buildkite-Token";
  EXPECT_TRUE(Source(options)->Authenticate({{"x-buildkite-token", kSecret}}, "body").ok());
}

TEST(BuildkiteCi, DropsARunOfAFork) {
  const std::string body =
      Replaced(CiFixture("buildkite_build_finished.json"), R"("pull_request": null)",
               R"("pull_request": {"repository": "git://github.com/eve/widget.git"})");
  const auto event = Decode(Options("buildkite"), {{"x-buildkite-event", "build.finished"}}, body);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_THAT(std::get<OtherEvent>(*event).why, HasSubstr("fork"));
}

TEST(CdeventsCi, HasOneKeyForOneSourceAndIdInBothModes) {
  const std::string body = CiFixture("cdevents_pipelinerun_finished.json");
  const std::string structured =
      Cat(R"({"specversion": "1.0", "id": "271069a8-fc18-44f1-b38f-9d70a1695819", )",
          R"("source": "/ci/acme", "type": "dev.cdevents.pipelinerun.finished.0.2.0", "data": )",
          body, "}");
  const Headers binary = {{"ce-id", "271069a8-fc18-44f1-b38f-9d70a1695819"},
                          {"ce-source", "/ci/acme"}};
  const auto source = Source(Options("cdevents"));
  const std::string key = source->Describe(binary, body)->key;
  EXPECT_EQ(source->Describe({}, structured)->key, key);
  EXPECT_NE(source->Describe({{"ce-id", "271069a8"}, {"ce-source", "/ci/acme"}}, body)->key, key);
  const auto event = Decode(Options("cdevents"), {}, structured);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(std::get<RunEvent>(*event).run.command, "make check");
}

TEST(CiOptions, OfAnotherKindAreNamed) {
  CiOptions options = Options("circleci");
  options.token_header = "X-Token";
  options.log_url_prefixes = {"https://ci.example.com/"};
  options.map = {{"repo", "=acme/widget"}};
  const std::string why = Message(CreateCiSource(options).status());
  for (const char* option : {"token_header", "log_url_prefixes", "map"})
    EXPECT_THAT(why, HasSubstr(Cat(option, " has no effect for the kind circleci")));
}

TEST(CloneUrls, LeadToARepository) {
  for (const char* url :
       {"https://git.example.com/acme/widget", "https://git.example.com/acme/widget.git/",
        "git@git.example.com:acme/widget.git", "ssh://git@git.example.com:22/acme/widget.git"}) {
    const auto repo = RepoOfCloneUrl(url);
    ASSERT_TRUE(repo.ok()) << repo.status();
    EXPECT_EQ(*repo, "acme/widget") << url;
  }
  for (const char* url : {"", "acme/widget", "https://git.example.com", "https://h/../x",
                          "git@h:widget", "file:///srv/we ird/x"}) {
    EXPECT_EQ(RepoOfCloneUrl(url).status().code(), StatusCode::kInvalidArgument) << url;
  }
}

TEST(Readme, TellsOfEachKindWhatItsAdapterDeclares) {
  const auto readme = ReadFile(Cat(SourceFolder(), "/README.md"), 1 << 20);
  ASSERT_TRUE(readme.ok()) << readme.status();
  const std::size_t begin = readme->find("\n| kind | authentication | log | re-run |\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string_view table =
      std::string_view(*readme).substr(begin + 1, readme->find("\n\n", begin) - begin - 1);
  std::vector<std::string> rows;
  for (const CiSupport& one : CiSupports()) {
    rows.push_back(
        Cat("| `", one.kind, "` | ", one.authentication, " | ", one.log, " | ", one.rerun, " |"));
  }
  EXPECT_EQ(std::string(table),
            Cat("| kind | authentication | log | re-run |\n|---|---|---|---|\n", Join(rows, "\n")));
}

}  // namespace
}  // namespace regreen
