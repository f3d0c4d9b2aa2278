#include <gmock/gmock.h>

#include <filesystem>

#include "adapters/ci/registry.h"
#include "adapters/ci/standard_webhooks.h"
#include "daemon/base/clock.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "tests/support/fake_gitlab.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

// The vector of the Standard Webhooks specification.
constexpr char kToken[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kId[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr char kBody[] = R"({"test": 2432232314})";
constexpr char kSignature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr std::int64_t kTime = 1'614'265'330;

std::unique_ptr<CiSource> Source(const std::string& secret = "a-secret",
                                 std::vector<std::string> old = {}, const Clock* clock = nullptr) {
  CiOptions options;
  options.name = "gl";
  options.kind = "gitlab";
  options.forge = "lab";
  options.secret = Secret(secret);
  for (const std::string& one : old) options.old_secrets.emplace_back(one);
  options.clock = clock;
  auto source = CreateCiSource(options);
  EXPECT_TRUE(source.ok()) << source.status();
  return std::move(source).value();
}

Headers Signed(const std::string& signature, std::int64_t time = kTime) {
  return {{"webhook-id", kId}, {"webhook-timestamp", Cat(time)}, {"webhook-signature", signature}};
}

StatusOr<Event> Decode(const std::string& event, const std::string& body) {
  const auto source = Source();
  const auto delivery = source->Describe({{"x-gitlab-event", event}}, body);
  if (!delivery.ok()) return delivery.status();
  return source->Decode(*delivery);
}

TEST(GitlabCi, TakesTheSignatureOfTheSpecification) {
  const ManualClock clock(absl::FromUnixSeconds(kTime));
  const auto source = Source(kToken, {}, &clock);
  EXPECT_EQ(source->Authenticate(Signed(kSignature), kBody), OkStatus());
  EXPECT_EQ(source->Authenticate(Signed(Cat("v1,bm9uc2Vuc2U= v2,x ", kSignature)), kBody),
            OkStatus());
  for (const std::string& bad :
       {std::string("v1,"), std::string("v1"), Cat(kSignature, "="),
        std::string("v2,") + kSignature, std::string(10'000, ' ') + kSignature}) {
    EXPECT_EQ(source->Authenticate(Signed(bad), kBody).code(), StatusCode::kUnauthenticated) << bad;
  }
  EXPECT_FALSE(source->Authenticate(Signed(kSignature), Cat(kBody, " ")).ok());
  EXPECT_FALSE(source->Authenticate(Signed(kSignature, kTime + 1), kBody).ok());
}

TEST(GitlabCi, RefusesASignatureOfAnotherTime) {
  for (const std::int64_t off : {-301, -299, 299, 301}) {
    const ManualClock clock(absl::FromUnixSeconds(kTime + off));
    const Status status = Source(kToken, {}, &clock)->Authenticate(Signed(kSignature), kBody);
    EXPECT_EQ(status.ok(), off > -300 && off < 300) << off;
    if (!status.ok()) {
      EXPECT_THAT(Message(status), HasSubstr("301 seconds from now"));
    }
  }
}

TEST(GitlabCi, NeverTakesASigningTokenInClear) {
  const auto source = Source(kToken);
  EXPECT_FALSE(source->Authenticate({{"x-gitlab-token", kToken}}, kBody).ok());
}

TEST(GitlabCi, TakesTheOldSecretsWhileTheyAreChanged) {
  const ManualClock clock(absl::FromUnixSeconds(kTime));
  constexpr char kOther[] = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
  const auto source = Source(kOther, {kToken, "plain-old"}, &clock);
  EXPECT_EQ(source->Authenticate(Signed(kSignature), kBody), OkStatus());
  EXPECT_EQ(source->Authenticate({{"x-gitlab-token", "plain-old"}}, kBody), OkStatus());
  EXPECT_FALSE(source->Authenticate({{"x-gitlab-token", "plain"}}, kBody).ok());
  Headers both = Signed("v1,AAAA");
  both.emplace_back("x-gitlab-token", "plain-old");
  EXPECT_FALSE(source->Authenticate(both, kBody).ok()) << "a wrong signature is not passed over";
}

TEST(GitlabCi, NamesAMistakeOfASigningToken) {
  CiOptions options;
  options.kind = "gitlab";
  for (const char* secret : {"whsec_???", "whsec_AAAA", "whsec_"}) {
    options.secret = Secret(secret);
    EXPECT_THAT(Message(CreateCiSource(options).status()), HasSubstr("whsec_")) << secret;
  }
}

TEST(GitlabCi, FindsTheKeyOfADelivery) {
  const auto source = Source();
  const auto key = [&](Headers headers, const std::string& body = "{}") {
    headers.emplace_back("x-gitlab-event", "Job Hook");
    return source->Describe(headers, body)->key;
  };
  EXPECT_EQ(key({{"webhook-id", "one"}, {"idempotency-key", "two"}}), "one");
  EXPECT_EQ(key({{"idempotency-key", "two"}, {"x-gitlab-event-uuid", "three"}}), "two");
  const std::string three = key({{"x-gitlab-event-uuid", "three"}});
  EXPECT_THAT(three, testing::StartsWith("three-"));
  EXPECT_NE(three, key({{"x-gitlab-event-uuid", "three"}}, "{ }")) << "events may share a UUID";
  EXPECT_EQ(key({}), key({}));
  EXPECT_NE(key({}), key({}, "{ }"));
  EXPECT_FALSE(source->Describe({}, "{}").ok()) << "no event's name";
}

TEST(GitlabCi, KeepsNoVariableOfAPipeline) {
  std::string body = FakeGitlab::PipelinePayload(FakePipeline());
  const std::string variables = R"("variables":[{"key":"TOKEN","value":"hush"}],)";
  body.insert(body.find("\"ref\""), variables);
  const auto source = Source();
  const auto delivery = source->Describe({{"x-gitlab-event", "Pipeline Hook"}}, body);
  ASSERT_TRUE(delivery.ok());
  EXPECT_EQ(delivery->body.find("hush"), std::string::npos);
  EXPECT_EQ(std::get<RunEvent>(*source->Decode(*delivery)).run.key.run_id, "1");
}

TEST(GitlabCi, TellsWhatAPipelinesStatusMeans) {
  struct Case {
    const char* status;
    bool run, failed, passed;
  };
  for (const Case& c : {Case{"failed", true, true, false}, Case{"success", true, false, true},
                        Case{"canceled", true, false, false}, Case{"running", false, false, false},
                        Case{"manual", false, false, false}}) {
    SCOPED_TRACE(c.status);
    FakePipeline pipeline;
    pipeline.status = c.status;
    const auto event = Decode("Pipeline Hook", FakeGitlab::PipelinePayload(pipeline));
    ASSERT_TRUE(event.ok()) << event.status();
    const auto* run = std::get_if<RunEvent>(&*event);
    ASSERT_EQ(run != nullptr, c.run);
    if (run == nullptr) continue;
    EXPECT_EQ(run->failed, c.failed);
    EXPECT_EQ(run->passed, c.passed);
    EXPECT_EQ(run->run.key.attempt, RunKey::kNewest);
    EXPECT_EQ(ToString(run->run.key), "lab/acme/widget/1/newest");
    EXPECT_EQ(run->run.workflow, "pipeline");
  }
}

TEST(GitlabCi, KnowsSubgroupsNamesAndChildren) {
  FakePipeline pipeline;
  pipeline.repo = "acme/tools/deep/widget";
  pipeline.name = "Nightly";
  auto event = Decode("Pipeline Hook", FakeGitlab::PipelinePayload(pipeline));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(std::get<RunEvent>(*event).run.key.repo, "acme/tools/deep/widget");
  EXPECT_EQ(std::get<RunEvent>(*event).run.workflow, "Nightly");
  pipeline.name = "";
  pipeline.source = "parent_pipeline";
  event = Decode("Pipeline Hook", FakeGitlab::PipelinePayload(pipeline));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(std::get<RunEvent>(*event).run.workflow, "child pipeline 1")
      << "its parent may have several";
}

TEST(GitlabCi, RefusesFieldsThatAreNotWhatTheyShouldBe) {
  const auto refused = [](void (*change)(FakePipeline&)) {
    FakePipeline pipeline;
    change(pipeline);
    return Decode("Pipeline Hook", FakeGitlab::PipelinePayload(pipeline)).status().code() ==
           StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](FakePipeline& p) { p.repo = "acme/../etc"; }));
  EXPECT_TRUE(refused([](FakePipeline& p) { p.repo = "widget"; }));
  EXPECT_TRUE(refused([](FakePipeline& p) { p.sha = "HEAD"; }));
  EXPECT_TRUE(refused([](FakePipeline& p) { p.ref = "--upload-pack=x"; }));
  EXPECT_TRUE(refused([](FakePipeline& p) { p.id = -1; }));
  EXPECT_FALSE(Decode("Job Hook", FakeGitlab::PipelinePayload(FakePipeline())).ok())
      << "the event's name promises another kind";
}

TEST(GitlabCi, TellsAMergeRequestThatWasClosedMergedOrPushedTo) {
  const auto payload = [](const std::string& action, const std::string& more) {
    return Cat(R"({"object_kind":"merge_request","project":{"path_with_namespace":"acme/widget"},)",
               R"("object_attributes":{"iid":7,"action":")", action, "\"", more, "}}");
  };
  struct Case {
    const char* action;
    const char* more;
    bool change;
  };
  for (const Case& c : {Case{"close", "", true}, Case{"merge", "", true}, Case{"open", "", false},
                        Case{"update", "", false}, Case{"update", R"(,"oldrev":"aa")", true}}) {
    const auto event = Decode("Merge Request Hook", payload(c.action, c.more));
    ASSERT_TRUE(event.ok()) << event.status();
    const auto* change = std::get_if<ChangeEvent>(&*event);
    ASSERT_EQ(change != nullptr, c.change) << c.action << c.more;
    if (change != nullptr) {
      EXPECT_EQ(change->number, 7);
    }
  }
}

// Payloads as GitLab sent them, which Debian's package of a Go client brings along.
TEST(GitlabCi, ReadsRecordedPayloads) {
  const std::string folder = "/usr/share/gocode/src/github.com/xanzy/go-gitlab/testdata/webhooks/";
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << "golang-github-xanzy-go-gitlab-dev is not installed: " << folder;
  const auto read = [&](const char* name) { return ReadFile(Cat(folder, name), 1 << 20).value(); };
  auto event = Decode("Pipeline Hook", read("pipeline.json"));
  ASSERT_TRUE(event.ok()) << event.status();
  const auto& green = std::get<RunEvent>(*event);
  EXPECT_TRUE(green.passed);
  EXPECT_EQ(green.run.key.repo, "gitlab-org/gitlab-test");
  EXPECT_EQ(green.run.key.run_id, "31");
  EXPECT_EQ(green.run.event, "merge_request_event");
  std::string red = read("pipeline.json");
  red.replace(red.find("\"success\""), 9, "\"failed\"");
  EXPECT_TRUE(std::get<RunEvent>(*Decode("Pipeline Hook", red)).failed);
  event = Decode("Job Hook", read("build.json"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_THAT(std::get<OtherEvent>(*event).why, HasSubstr("created"));
  event = Decode("Merge Request Hook", read("merge_request.json"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_TRUE(std::holds_alternative<OtherEvent>(*event)) << "it was opened";
  for (const char* name : {"push.json", "note_issue.json", "tag_push.json", "wiki_page.json"})
    EXPECT_TRUE(std::holds_alternative<OtherEvent>(Decode("Push Hook", read(name)).value()));
}

}  // namespace
}  // namespace regreen
