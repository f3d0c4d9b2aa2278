// A GitHub App beside a small stand-in of what GitHub answers to one.
#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "adapters/forge/github_tokens.h"
#include "adapters/forge/registry.h"
#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/json.h"
#include "daemon/base/mutex.h"
#include "daemon/base/text.h"
#include "tests/support/test_keys.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

std::string Base64UrlDecoded(std::string_view text) {
  std::string padded(text), bytes;
  for (char& c : padded) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (padded.size() % 4 != 0) padded += '=';
  EXPECT_TRUE(Base64Decode(padded, &bytes)) << text;
  return bytes;
}

// Answers as GitHub does, and keeps what it was asked.
class AppHost final : public HttpClient {
 public:
  explicit AppHost(const Clock& clock) : clock_(clock) {}

  std::string permissions =
      R"({"contents":"write","pull_requests":"write","actions":"write","checks":"read","metadata":"read","workflows":"write"})";
  bool installed = true, suspended = false;
  absl::Duration ahead;  // its clock
  absl::Duration life = absl::Hours(1);
  int failures = 0;  // calls that are answered with 502
  int made() {
    MutexLock lock(mutex_);
    return made_;
  }
  std::vector<HttpCall> calls() {
    MutexLock lock(mutex_);
    return calls_;
  }

  StatusOr<HttpAnswer> Call(const HttpCall& call) override {
    MutexLock lock(mutex_);
    calls_.push_back(call);
    if (failures > 0) {
      --failures;
      return HttpAnswer{502, {}, "", false};
    }
    const absl::Time now = clock_.Now() + ahead;
    const std::string date =
        absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone());
    const Headers headers = {{"date", date}};
    if (!call.url.ends_with("/installation") && !call.url.ends_with("/access_tokens"))
      return HttpAnswer{404, headers, R"({"message":"Not Found"})", false};
    if (!IsTheApp(HeaderValue(call.headers, "authorization"), now))
      return HttpAnswer{401, headers, R"({"message":"A JSON web token could not be decoded"})",
                        false};
    if (call.method == "GET") return Installation(headers);
    ++made_;
    return HttpAnswer{
        201, headers,
        Cat(R"({"token":"ghs_)", made_, R"(","expires_at":")",
            absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now + life, absl::UTCTimeZone()), R"("})"),
        false};
  }

 private:
  HttpAnswer Installation(const Headers& headers) const {
    if (!installed) return HttpAnswer{404, headers, R"({"message":"Not Found"})", false};
    return HttpAnswer{
        200, headers,
        Cat(R"({"id":42,"suspended_at":)", suspended ? R"("2026-01-01T00:00:00Z")" : "null",
            R"(,"permissions":)", permissions, "}"),
        false};
  }
  // As GitHub's documentation asks for it.
  static bool IsTheApp(std::string_view authorization, absl::Time now) {
    if (!authorization.starts_with("Bearer ")) return false;
    const auto parts = Split(authorization.substr(7), '.');
    if (parts.size() != 3) return false;
    const Json header = Json::Parse(Base64UrlDecoded(parts[0])).value();
    const Json claims = Json::Parse(Base64UrlDecoded(parts[1])).value();
    const std::int64_t seconds = absl::ToUnixSeconds(now);
    return header["alg"].StringOr("") == "RS256" && claims["iss"].StringOr("") == "Iv1.app" &&
           claims["iat"].IntOr(0) <= seconds && claims["exp"].IntOr(0) > seconds &&
           claims["exp"].IntOr(0) <= seconds + 600 &&
           IsSignedByTestKey(Cat(parts[0], ".", parts[1]), Base64UrlDecoded(parts[2]));
  }

  const Clock& clock_;
  Mutex mutex_;
  int made_ RG_GUARDED_BY(mutex_) = 0;
  std::vector<HttpCall> calls_ RG_GUARDED_BY(mutex_);
};

struct Fixture {
  ManualClock clock;
  AppHost host{clock};
  ForgeClient client{ClientOptions(host, clock)};
  std::unique_ptr<GithubTokens> tokens =
      NewGithubAppTokens(client, "Iv1.app", RsaKey::FromPem(Secret(Keys().pkcs1)).value());

  static ForgeClientOptions ClientOptions(HttpClient& http, const Clock& clock) {
    ForgeClientOptions options;
    options.forge = "ghe";
    options.api = "https://ghe.example/api/v3";
    options.manners = &GithubManners();
    options.http = &http;
    options.clock = &clock;
    return options;
  }

  std::string Token(const std::string& repo = "acme/widget") {
    const auto token = tokens->For(repo, {});
    return token.ok() ? token->token.Reveal() : Message(token.status());
  }
};

TEST(GithubApp, AsksForATokenOnceAndRenewsItEarly) {
  Fixture f;
  EXPECT_EQ(f.Token(), "ghs_1");
  f.clock.Advance(absl::Minutes(54));
  EXPECT_EQ(f.Token(), "ghs_1");
  f.clock.Advance(absl::Minutes(2));
  EXPECT_EQ(f.Token(), "ghs_2");
  EXPECT_EQ(f.Token("acme/other"), "ghs_3") << "a token is for one repository";
  EXPECT_EQ(f.host.calls()[0].url, "https://ghe.example/api/v3/repos/acme/widget/installation");
  EXPECT_EQ(f.host.calls()[1].url, "https://ghe.example/api/v3/app/installations/42/access_tokens");
}

TEST(GithubApp, AsksForNoMoreThanItNeedsAndHas) {
  Fixture f;
  f.Token();
  EXPECT_EQ(
      f.host.calls()[1].body,
      R"({"repositories":["widget"],"permissions":{"contents":"write","pull_requests":"write",)"
      R"("actions":"write","checks":"read"}})");
}

std::map<std::string, std::string> TextsOf(const Json& object) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : object.Members()) texts[name] = value.StringOr("");
  return texts;
}

TEST(GithubApp, AsksForWhatItsManifestNames) {
  const auto text =
      ReadFile(Cat(REGREEN_SOURCE_FOLDER, "/deploy/github/app-manifest.json"), 1 << 16);
  ASSERT_TRUE(text.ok()) << text.status();
  const auto manifest = Json::Parse(*text);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  Fixture f;
  // An installation that may do anything, so that everything that is asked for is seen.
  JsonWriter all;
  all.BeginObject();
  for (const char* name : {"actions", "administration", "checks", "contents", "deployments",
                           "environments", "issues", "members", "metadata", "packages", "pages",
                           "pull_requests", "secrets", "statuses", "variables", "workflows"})
    all.Field(name, "write");
  f.host.permissions = all.EndObject().Take();
  f.Token();
  const auto asked = Json::Parse(f.host.calls()[1].body);
  ASSERT_TRUE(asked.ok()) << asked.status();
  EXPECT_EQ(TextsOf((*asked)["permissions"]), TextsOf((*manifest)["default_permissions"]));
  EXPECT_EQ((*manifest)["default_events"].Strings(),
            (std::vector<std::string>{"workflow_run", "pull_request"}))
      << "what the CI of the kind github works on";
}

TEST(GithubApp, ManyThreadsShareOneToken) {
  Fixture f;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_EQ(f.Token(), "ghs_1"); });
  threads.clear();
  EXPECT_EQ(f.host.made(), 1);
}

TEST(GithubApp, LearnsGithubsClockFromItsAnswer) {
  for (const absl::Duration ahead : {absl::Minutes(-20), absl::Minutes(20)}) {
    Fixture f;
    f.host.ahead = ahead;
    EXPECT_EQ(f.Token(), "ghs_1");
    EXPECT_EQ(f.host.calls().size(), 3u) << "one refusal taught it";
    f.clock.Advance(absl::Minutes(56));
    EXPECT_EQ(f.Token(), "ghs_2") << "the token's end is by GitHub's clock";
  }
}

TEST(GithubApp, SaysWhyThereIsNoToken) {
  {
    Fixture f;
    f.host.installed = false;
    EXPECT_EQ(f.tokens->For("acme/widget", {}).status().code(), StatusCode::kNotFound);
    EXPECT_THAT(f.Token(), HasSubstr("is not installed there"));
  }
  {
    Fixture f;
    f.host.suspended = true;
    EXPECT_THAT(f.Token(), HasSubstr("is suspended"));
    EXPECT_EQ(f.host.made(), 0);
  }
  {
    Fixture f;
    f.host.permissions = R"({"contents":"read","actions":"write","issues":"write"})";
    EXPECT_THAT(f.Token(), HasSubstr("may not write contents, pull_requests"));
  }
  {
    Fixture f;
    f.tokens = NewGithubAppTokens(f.client, "another",
                                  RsaKey::FromPem(Secret(Keys().pkcs1)).value());
    EXPECT_EQ(f.tokens->For("acme/widget", {}).status().code(), StatusCode::kUnauthenticated);
    EXPECT_THAT(f.Token(), HasSubstr("check that app_id and app_key are of one app"));
  }
}

TEST(GithubApp, GoesOnWithAGoodTokenWhenTheNextCannotBeHad) {
  Fixture f;
  EXPECT_EQ(f.Token(), "ghs_1");
  f.clock.Advance(absl::Minutes(57));
  f.host.failures = 1;
  EXPECT_EQ(f.Token(), "ghs_1");
  f.clock.Advance(absl::Minutes(4));
  f.host.failures = 1;
  EXPECT_THAT(f.Token(), HasSubstr("502"));
  EXPECT_EQ(f.Token(), "ghs_2");
}

TEST(GithubApp, AsksAnewWhenGithubTookATokenBack) {
  Fixture f;
  EXPECT_EQ(f.Token(), "ghs_1");
  EXPECT_TRUE(f.tokens->Refused("acme/widget"));
  EXPECT_EQ(f.Token(), "ghs_2");
}

TEST(GithubApp, TheForgeSpeaksAndClonesByIt) {
  Fixture f;
  ForgeOptions options;
  options.name = "gh";
  options.kind = "github";
  options.app_id = "Iv1.app";
  options.app_key = Secret(Keys().pkcs8);
  options.repos = {"acme/*"};
  const auto forge = CreateForge(options, {&f.host, nullptr, &f.clock});
  ASSERT_TRUE(forge.ok()) << forge.status();
  const auto remote = (*forge)->Remote("acme/widget");
  ASSERT_TRUE(remote.ok()) << remote.status();
  EXPECT_EQ(remote->user, "x-access-token");
  EXPECT_EQ(remote->password.Reveal(), "ghs_1");
  RunHint hint;
  hint.key = {"gh", "acme/widget", "1", 1};
  EXPECT_EQ((*forge)->ReadRun(hint, {}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(HeaderValue(f.host.calls().back().headers, "authorization"), "Bearer ghs_1");
  EXPECT_EQ((*forge)->Remote("evil/widget").status().code(), StatusCode::kPermissionDenied);
}

TEST(GithubApp, NamesEveryMistakeOfItsOptions) {
  ForgeOptions options;
  options.kind = "github";
  options.repos = {"acme/*"};
  options.app_key = Secret("not a key");
  std::string mistakes = Message(CreateForge(options, {}).status());
  EXPECT_THAT(mistakes, HasSubstr("app_id is needed"));
  EXPECT_THAT(mistakes, HasSubstr("app_key: this is no PEM file"));
  options.token = Secret("ghp_x");
  EXPECT_THAT(Message(CreateForge(options, {}).status()), HasSubstr("exactly one of"));
}

}  // namespace
}  // namespace regreen
