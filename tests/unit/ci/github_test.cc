#include <gtest/gtest.h>

#include "adapters/ci/registry.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "tests/support/fake_github.h"

namespace regreen {
namespace {

constexpr char kSecret[] = "It's a Secret to Everybody";

std::unique_ptr<CiSource> Source(const std::string& secret = kSecret) {
  CiOptions options;
  options.name = "hub";
  options.kind = "github";
  options.forge = "gh";
  options.secret = Secret(secret);
  auto source = CreateCiSource(options);
  EXPECT_TRUE(source.ok()) << source.status();
  return std::move(source).value();
}

StatusOr<Event> DecodeAs(const std::string& event, const std::string& body) {
  const auto source = Source();
  auto delivery = source->Describe({{"x-github-event", event}, {"x-github-delivery", "g-1"}}, body);
  if (!delivery.ok()) return delivery.status();
  return source->Decode(*delivery);
}

TEST(GithubCi, TakesTheSignatureThatGithubDocuments) {
  const Headers headers = {
      {"x-hub-signature-256",
       "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}};
  EXPECT_TRUE(Source()->Authenticate(headers, "Hello, World!").ok());
  EXPECT_EQ(Source()->Authenticate(headers, "Hello, World").code(), StatusCode::kUnauthenticated);
}

TEST(GithubCi, NeedsASecret) {
  CiOptions options;
  options.kind = "github";
  EXPECT_EQ(CreateCiSource(options).status().code(), StatusCode::kInvalidArgument);
}

TEST(GithubCi, DescribesADelivery) {
  const std::string body = "{}";
  const auto delivery =
      Source()->Describe({{"authorization", "Basic c2VjcmV0"},
                          {"content-type", "application/json"},
                          {"x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"},
                          {"x-github-event", "workflow_run"},
                          {"x-hub-signature-256", "sha256=aa"}},
                         body);
  ASSERT_TRUE(delivery.ok());
  EXPECT_EQ(delivery->ci, "hub");
  EXPECT_EQ(delivery->key, "72d3162e-cc78-11e3-81ab-4c9367dc0958");
  EXPECT_EQ(delivery->event, "workflow_run");
  EXPECT_EQ(delivery->body, body);
  EXPECT_EQ(delivery->headers, (Headers{{"content-type", "application/json"}}));
}

TEST(GithubCi, FallsBackToADigestWhereTheKeyIsOdd) {
  for (const std::string& guid :
       {std::string(), std::string("a b"), std::string("x\ny"), std::string(200, 'a')}) {
    const auto delivery =
        Source()->Describe({{"x-github-event", "ping"}, {"x-github-delivery", guid}}, "body");
    ASSERT_TRUE(delivery.ok());
    EXPECT_EQ(delivery->key, Sha256Hex("body"));
  }
}

TEST(GithubCi, RefusesADeliveryWithoutAnEvent) {
  for (const char* event : {"", "Workflow Run", "x\ny"}) {
    EXPECT_EQ(Source()->Describe({{"x-github-event", event}}, "{}").status().code(),
              StatusCode::kInvalidArgument);
  }
}

TEST(GithubCi, ReadsACompletedRun) {
  FakeRun run;
  run.id = 30433642;
  run.attempt = 3;
  run.branch = "release/1.x";
  const auto event = DecodeAs("workflow_run", FakeGithub::RunPayload(run));
  ASSERT_TRUE(event.ok()) << event.status();
  const auto* read = std::get_if<RunEvent>(&*event);
  ASSERT_NE(read, nullptr);
  EXPECT_TRUE(read->failed);
  EXPECT_EQ(read->conclusion, "failure");
  EXPECT_EQ(ToString(read->run.key), "gh/acme/widget/30433642/3");
  EXPECT_EQ(read->run.ci, "hub");
  EXPECT_EQ(read->run.workflow, "CI");
  EXPECT_EQ(read->run.branch, "release/1.x");
  EXPECT_EQ(read->run.commit, run.commit);
  EXPECT_EQ(read->run.event, "push");
  EXPECT_FALSE(read->run.foreign);
}

TEST(GithubCi, TellsFailuresByTheirConclusion) {
  struct Case {
    const char* conclusion;
    bool failed;
  };
  const Case cases[] = {{"failure", true},
                        {"timed_out", true},
                        {"startup_failure", true},
                        {"success", false},
                        {"cancelled", false},
                        {"skipped", false},
                        {"neutral", false},
                        {"stale", false},
                        {"action_required", false},
                        {"invented_tomorrow", false},
                        {"", false}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.conclusion);
    FakeRun run;
    run.conclusion = c.conclusion;
    const auto event = DecodeAs("workflow_run", FakeGithub::RunPayload(run));
    ASSERT_TRUE(event.ok()) << event.status();
    EXPECT_EQ(std::get<RunEvent>(*event).failed, c.failed);
    EXPECT_EQ(std::get<RunEvent>(*event).passed, c.conclusion == std::string_view("success"));
    EXPECT_EQ(std::get<RunEvent>(*event).conclusion, c.conclusion);
  }
}

TEST(GithubCi, ReadsTheFormEncodedVariant) {
  const auto source = Source();
  const std::string body = Cat("payload=", PercentEncode(FakeGithub::RunPayload(FakeRun())));
  Headers headers = FakeGithub::SignedHeaders(body, kSecret, "workflow_run", "g-2");
  headers[0].second = "application/x-www-form-urlencoded";
  EXPECT_TRUE(source->Authenticate(headers, body).ok());
  const auto delivery = source->Describe(headers, body);
  ASSERT_TRUE(delivery.ok());
  const auto event = source->Decode(*delivery);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_TRUE(std::get<RunEvent>(*event).failed);
}

TEST(GithubCi, CollectsARunOnceThoughItsJobsAreAnnouncedToo) {
  const auto job =
      DecodeAs("workflow_job", R"({"action":"completed","workflow_job":{"conclusion":"failure"}})");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_TRUE(std::holds_alternative<OtherEvent>(*job));
  const auto begun = DecodeAs("workflow_run", FakeGithub::RunPayload(FakeRun(), "requested"));
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_TRUE(std::holds_alternative<OtherEvent>(*begun));
}

TEST(GithubCi, ReadsPingsAndClosedPullRequests) {
  const auto ping = DecodeAs("ping", R"({"zen":"Keep it logically awesome."})");
  ASSERT_TRUE(ping.ok());
  EXPECT_TRUE(std::holds_alternative<PingEvent>(*ping));
  const auto closed = DecodeAs(
      "pull_request", R"({"action":"closed","number":7,"repository":{"full_name":"acme/widget"}})");
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(std::get<ChangeEvent>(*closed).number, 7);
  EXPECT_EQ(std::get<ChangeEvent>(*closed).forge, "gh");
  const auto opened = DecodeAs("pull_request", R"({"action":"opened","number":7})");
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(std::holds_alternative<OtherEvent>(*opened));
  const auto another = DecodeAs("projects_v2_item", "{}");
  ASSERT_TRUE(another.ok());
  EXPECT_TRUE(std::holds_alternative<OtherEvent>(*another));
}

TEST(GithubCi, RefusesPayloadsThatAreNotWhatTheirEventPromises) {
  const std::string good = FakeGithub::RunPayload(FakeRun());
  const auto with = [&good](std::string_view from, std::string_view to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  struct Case {
    const char* name;
    std::string body;
  };
  const Case cases[] = {
      {"no JSON", "not json"},
      {"an array", "[]"},
      {"no action", "{}"},
      {"action of another type", R"({"action":1})"},
      {"no run", R"({"action":"completed","repository":{"full_name":"a/b"}})"},
      {"id as text", with("\"id\":1,", "\"id\":\"1\",")},
      {"id below one", with("\"id\":1,", "\"id\":0,")},
      {"attempt zero", with("\"run_attempt\":1", "\"run_attempt\":0")},
      {"attempt as text", with("\"run_attempt\":1", "\"run_attempt\":\"1\"")},
      {"short commit", with(std::string(40, 'a'), "abc")},
      {"commit with a path", with(std::string(40, 'a'), std::string(38, 'a') + "/.")},
      {"branch as number", with("\"head_branch\":\"main\"", "\"head_branch\":5")},
      {"branch with a line break", with("\"head_branch\":\"main\"", "\"head_branch\":\"a\\nb\"")},
      {"branch like an option",
       with("\"head_branch\":\"main\"", "\"head_branch\":\"--upload-pack=x\"")},
      {"branch that climbs", with("\"head_branch\":\"main\"", "\"head_branch\":\"a/../b\"")},
      {"long branch",
       with("\"head_branch\":\"main\"", Cat("\"head_branch\":\"", std::string(256, 'a'), "\""))},
      {"conclusion as object", with("\"conclusion\":\"failure\"", "\"conclusion\":{}")},
      {"repository that climbs",
       R"({"action":"completed","repository":{"full_name":"../x"},"workflow_run":{"id":1}})"},
      {"repository of three parts",
       R"({"action":"completed","repository":{"full_name":"a/b/c"},"workflow_run":{"id":1}})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(DecodeAs("workflow_run", c.body).status().code(), StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace regreen
