// What every CiSource promises, whatever its platform.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "adapters/ci/registry.h"
#include "adapters/ci/standard_webhooks.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "tests/support/ci_fixture.h"
#include "tests/support/fake_github.h"
#include "tests/support/fake_gitlab.h"

namespace regreen {
namespace {

constexpr char kSecret[] = "the-right-secret";
constexpr char kSigningToken[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Platform {
  const char* name;
  CiOptions (*options)();
  // Of a run that ended with the conclusion.
  std::string (*payload)(const std::string& conclusion);
  // The headers of a delivery that is signed by `secret`.
  Headers (*sign)(const std::string& body, const std::string& secret, const std::string& event);
  const char* event;
  const char* secret = kSecret;
};

std::string GithubPayload(const std::string& conclusion) {
  FakeRun run;
  run.conclusion = conclusion == "failed" ? "failure" : conclusion;
  return FakeGithub::RunPayload(run);
}

std::string GitlabPayload(const std::string& conclusion) {
  FakePipeline pipeline;
  pipeline.status = conclusion;
  return FakeGitlab::PipelinePayload(pipeline);
}

// As a sender whose secret is another would do it.
Headers SignByStandard(const std::string& body, const std::string& secret,
                       const std::string& event) {
  const auto key = SigningKey(Secret(secret));
  const std::string now = Cat(absl::ToUnixSeconds(ManualClock().Now()));
  return {
      {"x-gitlab-event", event},
      {"webhook-id", "msg_1"},
      {"webhook-timestamp", now},
      {"webhook-signature", StandardSignature(key.ok() ? *key : Secret("x"), "msg_1", now, body)}};
}

CiOptions Named(const char* kind) {
  CiOptions options;
  options.name = "ci";
  options.kind = kind;
  options.forge = "forge";
  options.secret = Secret(kSecret);
  return options;
}

CiOptions GenericOptions() {
  CiOptions options = Named("generic");
  options.map = {{"repo", "/repository/full_name"},
                 {"commit", "/workflow_run/head_sha"},
                 {"run_id", "/workflow_run/id"},
                 {"branch", "/workflow_run/head_branch"},
                 {"conclusion", "/workflow_run/conclusion"},
                 {"job", "/workflow_run/name"}};
  options.failed_when = {"failure"};
  return options;
}

// "failed" and "success" in a platform's own words, in the payload that it documents.
std::string Documented(const char* file, const char* member, const char* failed, const char* passed,
                       const std::string& conclusion) {
  return CiFixture(file, member, failed,
                   conclusion == "failed"    ? failed
                   : conclusion == "success" ? passed
                                             : conclusion);
}

std::string GiteaPayload(const std::string& conclusion) {
  return Documented("gitea_workflow_run.json", "conclusion", "failure", "success", conclusion);
}
std::string ForgejoPayload(const std::string& conclusion) {
  return Documented("forgejo_action_run_failure.json", "status", "failure", "success", conclusion);
}
std::string JenkinsPayload(const std::string& conclusion) {
  return Documented("jenkins_finalized.json", "status", "FAILURE", "SUCCESS", conclusion);
}
std::string CircleciPayload(const std::string& conclusion) {
  return Documented("circleci_workflow_completed.json", "status", "failed", "success", conclusion);
}
std::string BuildkitePayload(const std::string& conclusion) {
  return Documented("buildkite_build_finished.json", "state", "failed", "passed", conclusion);
}
std::string CdeventsPayload(const std::string& conclusion) {
  return Documented("cdevents_pipelinerun_finished.json", "outcome", "failure", "success",
                    conclusion);
}

CiOptions BuildkiteOptions() {
  static const ManualClock clock;
  CiOptions options = Named("buildkite");
  options.clock = &clock;
  return options;
}

Headers SignAsBuildkite(const std::string& body, const std::string& secret,
                        const std::string& event) {
  const std::string now = Cat(absl::ToUnixSeconds(ManualClock().Now()));
  return {
      {"x-buildkite-event", event},
      {"x-buildkite-signature",
       Cat("timestamp=", now, ",signature=", HexEncode(HmacSha256(secret, Cat(now, ".", body))))}};
}

const Platform kPlatforms[] = {
    {"github", [] { return Named("github"); }, GithubPayload,
     [](const std::string& body, const std::string& secret, const std::string& event) {
       return FakeGithub::SignedHeaders(body, secret, event, "guid-1");
     },
     "workflow_run"},
    {"generic by signature",
     [] {
       CiOptions options = GenericOptions();
       options.signature_header = "X-Signature";
       return options;
     },
     GithubPayload,
     [](const std::string& body, const std::string& secret, const std::string&) {
       return Headers{{"x-signature", HexEncode(HmacSha256(secret, body))}};
     },
     "run"},
    {"generic by token",
     [] {
       CiOptions options = GenericOptions();
       options.token_header = "X-Token";
       return options;
     },
     GithubPayload,
     [](const std::string&, const std::string& secret, const std::string&) {
       return Headers{{"x-token", secret}};
     },
     "run"},
    {"gitlab by token", [] { return Named("gitlab"); }, GitlabPayload,
     [](const std::string&, const std::string& secret, const std::string& event) {
       return FakeGitlab::TokenHeaders(secret, event, "key-1");
     },
     "Pipeline Hook"},
    {"gitlab by signature",
     [] {
       static const ManualClock clock;
       CiOptions options = Named("gitlab");
       options.secret = Secret(kSigningToken);
       options.clock = &clock;
       return options;
     },
     GitlabPayload, SignByStandard, "Pipeline Hook", kSigningToken},
    {"gitea", [] { return Named("gitea"); }, GiteaPayload,
     [](const std::string& body, const std::string& secret, const std::string& event) {
       return Headers{{"x-gitea-event", event},
                      {"x-gitea-signature", HexEncode(HmacSha256(secret, body))}};
     },
     "workflow_run"},
    {"forgejo", [] { return Named("gitea"); }, ForgejoPayload,
     [](const std::string& body, const std::string& secret, const std::string& event) {
       return Headers{{"x-forgejo-event", event},
                      {"x-forgejo-signature", HexEncode(HmacSha256(secret, body))}};
     },
     "action_run_failure"},
    {"jenkins", [] { return Named("jenkins"); }, JenkinsPayload,
     [](const std::string&, const std::string& secret, const std::string&) {
       return Headers{{"authorization", Cat("Basic ", Base64Encode(Cat("ci:", secret)))}};
     },
     "build"},
    {"circleci", [] { return Named("circleci"); }, CircleciPayload,
     [](const std::string& body, const std::string& secret, const std::string&) {
       return Headers{{"circleci-signature", Cat("v1=", HexEncode(HmacSha256(secret, body)))}};
     },
     "webhook"},
    {"buildkite", BuildkiteOptions, BuildkitePayload, SignAsBuildkite, "build.finished"},
    {"cdevents", [] { return Named("cdevents"); }, CdeventsPayload,
     [](const std::string&, const std::string& secret, const std::string&) {
       return Headers{{"authorization", Cat("Bearer ", secret)}};
     },
     "cdevent"},
};

class CiContract : public testing::TestWithParam<Platform> {
 protected:
  std::unique_ptr<CiSource> Source() {
    auto source = CreateCiSource(GetParam().options());
    EXPECT_TRUE(source.ok()) << source.status();
    return std::move(source).value();
  }
  Headers Sign(const std::string& body) { return Sign(body, GetParam().secret); }
  Headers Sign(const std::string& body, const std::string& secret, const char* event = nullptr) {
    return GetParam().sign(body, secret, event == nullptr ? GetParam().event : event);
  }
  StatusOr<Event> Read(const std::string& body, const char* event = nullptr) {
    const auto source = Source();
    auto delivery = source->Describe(Sign(body, GetParam().secret, event), body);
    if (!delivery.ok()) return delivery.status();
    return source->Decode(*delivery);
  }
};

TEST_P(CiContract, TakesWhatIsSignedByItsSecret) {
  const std::string body = GetParam().payload("failed");
  EXPECT_TRUE(Source()->Authenticate(Sign(body), body).ok());
}

TEST_P(CiContract, RejectsWhatIsNotSignedByItsSecret) {
  const std::string body = GetParam().payload("failed");
  const auto source = Source();
  EXPECT_EQ(source->Authenticate({}, body).code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(source->Authenticate(Sign(body, "another-secret"), body).code(),
            StatusCode::kUnauthenticated);
  EXPECT_EQ(source->Authenticate(Sign(body, ""), body).code(), StatusCode::kUnauthenticated);
  Headers garbled = Sign(body);
  for (auto& [name, value] : garbled) value += "0";
  EXPECT_EQ(source->Authenticate(garbled, body).code(), StatusCode::kUnauthenticated);
}

TEST_P(CiContract, IsNotMadeWithoutASecret) {
  CiOptions options = GetParam().options();
  options.secret = Secret();
  EXPECT_EQ(CreateCiSource(options).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(CiContract, ReadsAFailure) {
  const auto event = Read(GetParam().payload("failed"));
  ASSERT_TRUE(event.ok()) << event.status();
  const auto& run = std::get<RunEvent>(*event);
  EXPECT_TRUE(run.failed);
  EXPECT_EQ(run.run.key.repo, "acme/widget");
  EXPECT_EQ(run.run.key.forge, "forge");
  EXPECT_EQ(run.run.ci, "ci");
}

TEST_P(CiContract, KeepsNoCredentialInADelivery) {
  const std::string body = GetParam().payload("failed");
  const auto delivery = Source()->Describe(Sign(body), body);
  ASSERT_TRUE(delivery.ok());
  for (const auto& [name, value] : delivery->headers) {
    EXPECT_EQ(name.find("signature"), std::string::npos);
    EXPECT_EQ(value.find(GetParam().secret), std::string::npos);
  }
}

TEST_P(CiContract, GivesOneDeliveryOneKey) {
  const std::string body = GetParam().payload("failed");
  EXPECT_EQ(Source()->Describe(Sign(body), body)->key, Source()->Describe(Sign(body), body)->key);
}

TEST_P(CiContract, SurvivesDeepNesting) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_EQ(Read(deep).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Read(Cat(R"({"action":)", deep, "}")).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(CiContract, RefusesATruncatedPayload) {
  const std::string body = GetParam().payload("failed");
  for (std::size_t size = 0; size < body.size(); size += 7) {
    EXPECT_EQ(Read(body.substr(0, size)).status().code(), StatusCode::kInvalidArgument) << size;
  }
}

TEST_P(CiContract, SurvivesThreeHundredMutations) {
  const std::string good = GetParam().payload("failed");
  std::mt19937 random(20'231'114);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    std::string body = good;
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
      const std::size_t at = random() % body.size();
      switch (random() % 4) {
        case 0:
          body[at] = static_cast<char>(random());
          break;
        case 1:
          body.erase(at, 1 + random() % 20);
          break;
        case 2:
          body.insert(at, 1 + random() % 5, static_cast<char>("{}[]\",:0-\\"[random() % 10]));
          break;
        default:
          body.insert(at, body.substr(random() % body.size(), random() % 30));
          break;
      }
      if (body.empty()) body = "x";
    }
    const auto event = Read(body);
    if (!event.ok()) {
      EXPECT_EQ(event.status().code(), StatusCode::kInvalidArgument) << event.status();
      ++refused;
      continue;
    }
    if (const auto* run = std::get_if<RunEvent>(&*event)) {
      EXPECT_EQ(run->run.key.repo.find(".."), std::string::npos);
      EXPECT_TRUE(run->run.commit.size() == 40 || run->run.commit.size() == 64);
    }
  }
  EXPECT_GT(refused, 100) << "the mutations hardly change anything";
}

// A member that is missing, renamed, null or of another type: the delivery is refused, or read as a
// run of the same repository and a whole commit. It is never another's run.
TEST_P(CiContract, HasADefinedOutcomeForEachChangedMember) {
  const auto good = Json::Parse(GetParam().payload("failed"));
  ASSERT_TRUE(good.ok()) << good.status();
  int changed = 0, refused = 0;
  for (int leaf = 0;; ++leaf) {
    int left = leaf;
    JsonWriter unchanged;
    WriteChanged(unchanged, *good, left, 1);
    if (left >= 0) break;
    for (int change = 0; change < 5; ++change, ++changed) {
      left = leaf;
      JsonWriter out;
      WriteChanged(out, *good, left, change);
      const std::string body = out.Take();
      const auto event = Read(body);
      if (!event.ok()) {
        EXPECT_EQ(event.status().code(), StatusCode::kInvalidArgument) << body;
        ++refused;
      } else if (const auto* run = std::get_if<RunEvent>(&*event)) {
        EXPECT_EQ(run->run.key.repo, "acme/widget") << body;
        EXPECT_EQ(run->run.commit.size(), 40u) << body;
      }
    }
  }
  EXPECT_GT(changed, 20);
  EXPECT_GT(refused, 5);
}

TEST_P(CiContract, SurvivesTwentyFiveMegabytes) {
  std::string body = GetParam().payload("failed");
  const std::string filler = Cat("{\"filler\": \"", std::string(25 << 20, 'x'), "\", ");
  body.replace(body.find('{'), 1, filler);
  const auto source = Source();
  EXPECT_TRUE(source->Authenticate(Sign(body), body).ok());
  const auto event = Read(body);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_TRUE(std::get<RunEvent>(*event).failed);
}

TEST_P(CiContract, TakesAnUnknownConclusion) {
  const auto event = Read(GetParam().payload("invented_tomorrow"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_FALSE(std::get<RunEvent>(*event).failed);
}

TEST_P(CiContract, TakesAnUnknownEventForNothingToDo) {
  const auto event = Read(GetParam().payload("success"), "invented_tomorrow");
  ASSERT_TRUE(event.ok()) << event.status();
  const auto* read = std::get_if<RunEvent>(&*event);
  EXPECT_TRUE(std::holds_alternative<OtherEvent>(*event) || (read != nullptr && !read->failed));
}

INSTANTIATE_TEST_SUITE_P(Every, CiContract, testing::ValuesIn(kPlatforms), [](const auto& param) {
  std::string name = param.param.name;
  for (char& c : name) c = c == ' ' ? '_' : c;
  return name;
});

}  // namespace
}  // namespace regreen
