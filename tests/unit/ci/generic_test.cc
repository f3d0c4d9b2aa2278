#include <gtest/gtest.h>

#include "adapters/ci/registry.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

CiOptions Options() {
  CiOptions options;
  options.name = "jenkins";
  options.kind = "generic";
  options.forge = "gh";
  options.secret = Secret("s3cret");
  options.signature_header = "X-Signature";
  options.map = {
      {"repo", "/project"},       {"commit", "/build/commit"},   {"branch", "/build/ref"},
      {"run_id", "/build/id"},    {"attempt", "/build/attempt"}, {"conclusion", "/build/status"},
      {"workflow", "=nightly"},   {"job", "/build/job"},         {"step", "/build/step"},
      {"command", "=make check"}, {"log", "/build/log"},         {"log_url", "/build/log_url"},
      {"link", "/build/url"},     {"key", "/build/key"},         {"event", "/trigger"}};
  options.failed_when = {"FAILURE", "ABORTED"};
  options.log_url_prefixes = {"https://ci.example/logs"};
  return options;
}

std::unique_ptr<CiSource> Source(const CiOptions& options = Options()) {
  auto source = CreateCiSource(options);
  EXPECT_TRUE(source.ok()) << source.status();
  return std::move(source).value();
}

// A good payload, with more members of "build".
std::string Payload(std::string_view more = "", std::string_view status = "FAILURE") {
  return Cat(R"({"project":"group/sub/widget","trigger":"push","build":{"commit":")",
             std::string(40, 'b'), R"(","ref":"refs/heads/main","id":42,"attempt":"2","status":")",
             status, R"(","job":"unit","step":"make","url":"https://ci.example/42")", more, "}}");
}

StatusOr<RunEvent> Decode(const std::string& body, const CiOptions& options = Options()) {
  const auto source = Source(options);
  auto delivery = source->Describe({}, body);
  if (!delivery.ok()) return delivery.status();
  auto event = source->Decode(*delivery);
  if (!event.ok()) return event.status();
  return std::get<RunEvent>(*event);
}

TEST(GenericCi, ReadsWhatItsMapPointsAt) {
  const auto event = Decode(Payload(R"(,"log":"boom\n","key":"k-1")"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_TRUE(event->failed);
  EXPECT_EQ(event->conclusion, "FAILURE");
  const RunHint& run = event->run;
  EXPECT_EQ(ToString(run.key), "gh/group/sub/widget/42/2");
  EXPECT_TRUE(run.foreign);
  EXPECT_EQ(run.ci, "jenkins");
  EXPECT_EQ(run.branch, "main");
  EXPECT_EQ(run.commit, std::string(40, 'b'));
  EXPECT_EQ(run.workflow, "nightly");
  EXPECT_EQ(run.event, "push");
  EXPECT_EQ(run.job, "unit");
  EXPECT_EQ(run.step, "make");
  EXPECT_EQ(run.command, "make check");
  EXPECT_EQ(run.inline_log, "boom\n");
  EXPECT_EQ(run.link, "https://ci.example/42");
}

TEST(GenericCi, TakesOnlyTheConclusionsNamedForFailures) {
  EXPECT_TRUE(Decode(Payload("", "ABORTED"))->failed);
  EXPECT_FALSE(Decode(Payload("", "SUCCESS"))->failed);
  EXPECT_FALSE(Decode(Payload("", "failure"))->failed);
}

TEST(GenericCi, KnowsWhatPassedOnlyWhereItsConclusionsAreNamed) {
  EXPECT_FALSE(Decode(Payload("", "SUCCESS"))->passed);
  CiOptions options = Options();
  options.passed_when = {"SUCCESS"};
  const auto green = Decode(Payload("", "SUCCESS"), options);
  EXPECT_TRUE(green->passed);
  EXPECT_EQ(green->run.key.attempt, 2);
  EXPECT_FALSE(Decode(Payload("", "NOT_BUILT"), options)->passed);
  EXPECT_FALSE(Decode(Payload("", "FAILURE"), options)->passed);
}

TEST(GenericCi, TakesEveryDeliveryForAFailureWhereNoConclusionIsMapped) {
  CiOptions options = Options();
  options.map.erase("conclusion");
  options.failed_when.clear();
  EXPECT_TRUE(Decode(Payload("", "SUCCESS"), options)->failed);
}

TEST(GenericCi, KeysADeliveryByItsOwnKeyOrByItsDigest) {
  const std::string with = Payload(R"(,"key":"build-42")"), without = Payload(),
                    odd = Payload(R"(,"key":"a b\n")");
  EXPECT_EQ(Source()->Describe({}, with)->key, "build-42");
  EXPECT_EQ(Source()->Describe({}, without)->key, Sha256Hex(without));
  EXPECT_EQ(Source()->Describe({}, odd)->key, Sha256Hex(odd));
  EXPECT_EQ(Source()->Describe({}, "no json")->key, Sha256Hex("no json"));
}

TEST(GenericCi, FetchesLogsOnlyFromBelowItsPrefixes) {
  struct Case {
    const char* name;
    const char* url;
    const char* taken;  // nullptr: refused
  };
  const Case cases[] = {
      {"below", "https://ci.example/logs/42", "https://ci.example:443/logs/42"},
      {"the prefix itself with a query", "https://CI.example/logs?id=42",
       "https://ci.example:443/logs?id=42"},
      {"beside", "https://ci.example/logs-of-others/42", nullptr},
      {"climbing", "https://ci.example/logs/../admin", nullptr},
      {"climbing in disguise", "https://ci.example/logs/%2e%2e/admin", nullptr},
      {"another host", "https://evil.example/logs/42", nullptr},
      {"another host that begins alike", "https://ci.example.evil/logs/42", nullptr},
      {"user information", "https://ci.example@evil.example/logs/42", nullptr},
      {"another scheme", "http://ci.example/logs/42", nullptr},
      {"another port", "https://ci.example:8443/logs/42", nullptr},
      {"a file", "file:///etc/passwd", nullptr},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto event = Decode(Payload(Cat(R"(,"log_url":")", c.url, "\"")));
    if (c.taken == nullptr) {
      EXPECT_EQ(event.status().code(), StatusCode::kInvalidArgument);
    } else {
      ASSERT_TRUE(event.ok()) << event.status();
      EXPECT_EQ(event->run.log_url, c.taken);
    }
  }
}

TEST(GenericCi, KeepsTheEndsOfALongInlineLog) {
  const auto event =
      Decode(Payload(Cat(R"(,"log":"first )", std::string(5 << 20, 'x'), R"( last")")));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_LT(event->run.inline_log.size(), (4u << 20) + 100);
  EXPECT_TRUE(event->run.inline_log.starts_with("first "));
  EXPECT_TRUE(event->run.inline_log.ends_with(" last"));
}

TEST(GenericCi, RefusesFieldsOfOtherTypesAndForms) {
  struct Case {
    const char* name;
    std::string body;
  };
  const Case cases[] = {
      {"no repository", R"({"build":{}})"},
      {"no JSON", "{"},
      {"a bare string", "\"x\""},
      {"repository as array", R"({"project":["a/b"]})"},
      {"repository of one part", R"({"project":"widget"})"},
      {"repository that climbs", R"({"project":"a/../b"})"},
      {"repository as URL", R"({"project":"https://h/a/b"})"},
      {"command as object", Payload(R"(,"log":{"a":1})")},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Decode(c.body).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(GenericCi, AuthenticatesByHmacWithOrWithoutItsPrefix) {
  const auto source = Source();
  const std::string hex = HexEncode(HmacSha256("s3cret", "body"));
  EXPECT_TRUE(source->Authenticate({{"x-signature", hex}}, "body").ok());
  EXPECT_TRUE(source->Authenticate({{"x-signature", Cat("sha256=", hex)}}, "body").ok());
  EXPECT_EQ(source->Authenticate({{"x-signature", hex}}, "bodY").code(),
            StatusCode::kUnauthenticated);
  EXPECT_EQ(source->Authenticate({{"x-signature", hex.substr(2)}}, "body").code(),
            StatusCode::kUnauthenticated);
  EXPECT_EQ(source->Authenticate({{"x-signature", ""}}, "body").code(),
            StatusCode::kUnauthenticated);
}

TEST(GenericCi, AuthenticatesByToken) {
  CiOptions options = Options();
  options.signature_header.clear();
  options.token_header = "X-Token";
  EXPECT_TRUE(Source(options)->Authenticate({{"x-token", "s3cret"}}, "").ok());
  for (const char* token : {"", "s3cre", "s3crets", "S3CRET"}) {
    EXPECT_EQ(Source(options)->Authenticate({{"x-token", token}}, "").code(),
              StatusCode::kUnauthenticated);
  }
  options.token_header = "Authorization";
  EXPECT_TRUE(Source(options)->Authenticate({{"authorization", "Bearer s3cret"}}, "").ok());
}

TEST(GenericCi, NamesEveryMistakeOfItsOptions) {
  CiOptions options = Options();
  options.secret = Secret();
  options.token_header = "X-Token";
  options.map["comit"] = "/x";
  options.map["step"] = "no pointer";
  options.map["job"] = "/a~2";
  options.map.erase("run_id");
  options.failed_when.clear();
  options.log_url_prefixes = {"https://user@ci.example/"};
  const Status status = CreateCiSource(options).status();
  ASSERT_EQ(status.code(), StatusCode::kInvalidArgument);
  const std::string message = Message(status);
  for (const char* part :
       {"secret", "exactly one of", "\"comit\", did you mean \"commit\"?", "map.step", "map.job",
        "map.run_id", "failed_when", "log_url_prefixes"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " is not in\n" << message;
  }
  EXPECT_EQ(SplitLines(message).size(), 8u) << message;
}

TEST(CiRegistry, NamesTheNearestKind) {
  CiOptions options;
  options.kind = "githib";
  EXPECT_NE(Message(CreateCiSource(options).status()).find("github"), std::string::npos);
}

}  // namespace
}  // namespace regreen
