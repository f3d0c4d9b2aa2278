// What GitHub knows and its webhooks did not tell.
#include <gmock/gmock.h>

#include <functional>

#include "adapters/forge/registry.h"
#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/ports/forge_missed.h"
#include "tests/support/test_keys.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kApi[] = "https://github.test/api/v3";

// Answers by the beginning of "METHOD path?query", the first that fits; all else is not there.
class Host final : public HttpClient {
 public:
  StatusOr<HttpAnswer> Call(const HttpCall& call) override {
    const std::string place = Cat(call.method, " ", call.url.substr(sizeof kApi - 1));
    calls.push_back(place);
    credentials.emplace_back(HeaderValue(call.headers, "authorization"));
    for (const auto& [begin, answer] : answers) {
      if (place.starts_with(begin)) return answer;
    }
    return HttpAnswer{404, {}, R"({"message":"Not Found"})", false};
  }
  void Expect(const std::string& begin, std::string body, Headers headers = {}, int status = 200) {
    answers.emplace_back(begin, HttpAnswer{status, std::move(headers), std::move(body), false});
  }
  int Count(const std::string& begin) const {
    int count = 0;
    for (const std::string& call : calls) count += call.starts_with(begin);
    return count;
  }
  std::vector<std::pair<std::string, HttpAnswer>> answers;
  std::vector<std::string> calls, credentials;
};

struct Fixture {
  ManualClock clock;
  Host host;
  std::unique_ptr<Forge> forge;

  explicit Fixture(bool app) {
    ForgeOptions options;
    options.name = "gh";
    options.kind = "github";
    options.api = kApi;
    options.git = "https://github.test";
    options.repos = {"acme/*"};
    if (app) {
      options.app_id = "Iv1.app";
      options.app_key = Secret(Keys().pkcs8);
    } else {
      options.token = Secret("token");
    }
    auto created = CreateForge(options, {&host, nullptr, &clock});
    EXPECT_TRUE(created.ok()) << created.status();
    forge = std::move(created).value();
  }
  absl::Time Since() const { return clock.Now() - absl::Hours(6); }
};

std::string DeliveryRow(int id, const std::string& guid, int status) {
  return Cat(R"({"id":)", id, R"(,"guid":")", guid, R"(","event":"workflow_run","status_code":)",
             status, R"(,"delivered_at":"2023-11-14T22:00:00.123Z"})");
}

TEST(GithubMissed, NamesTheRepositoriesOfEachInstallationWithinItsOwn) {
  Fixture f(true);
  f.host.Expect("GET /app/installations",
                R"([{"id":7,"suspended_at":null},{"id":8,"suspended_at":"2023-01-01T00:00:00Z"}])");
  f.host.Expect("POST /app/installations/7/access_tokens", R"({"token":"ghs_7"})", {}, 201);
  f.host.Expect("GET /installation/repositories",
                R"({"repositories":[{"full_name":"acme/widget"},{"full_name":"other/thing"}]})");
  const auto repos = f.forge->missed()->Repositories({});
  ASSERT_TRUE(repos.ok()) << repos.status();
  EXPECT_THAT(*repos, ElementsAre("acme/widget"));
  EXPECT_EQ(f.host.credentials.back(), "Bearer ghs_7");
  EXPECT_EQ(f.host.Count("POST /app/installations/8"), 0);
}

TEST(GithubMissed, NamesWhatAPersonsTokenSees) {
  Fixture f(false);
  f.host.Expect("GET /user/repos", R"([{"full_name":"acme/widget"},{"full_name":"dev/own"}])");
  EXPECT_THAT(*f.forge->missed()->Repositories({}), ElementsAre("acme/widget"));
}

TEST(GithubMissed, ReadsTheAppsDeliveriesPageAfterPage) {
  Fixture f(true);
  f.host.Expect("GET /app/hook/deliveries?per_page=100&cursor=v1_2",
                Cat("[", DeliveryRow(1, "arrived", 502), ",", DeliveryRow(2, "lost", 502), "]"));
  f.host.Expect("GET /app/hook/deliveries", Cat("[", DeliveryRow(3, "arrived", 202), "]"),
                {{"link", Cat("<", kApi,
                              "/app/hook/deliveries?per_page=100&cursor=v1_2>; "
                              "rel=\"next\"")}});
  f.host.Expect("POST /app/hook/deliveries/2/attempts", "{}", {}, 202);
  const auto sent = f.forge->missed()->Redeliver("", {}, f.Since(), {});
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->asked, 1);
  EXPECT_EQ(f.host.Count("POST"), 1);
  EXPECT_THAT(f.host.credentials.back(), HasSubstr("Bearer ey")) << "as the app itself";
}

TEST(GithubMissed, LeavesTheHooksOfRepositoriesToAToken) {
  Fixture f(true);
  EXPECT_EQ(f.forge->missed()->Redeliver("acme/widget", {"/hooks/gh"}, f.Since(), {})->asked, 0);
  EXPECT_THAT(f.host.calls, IsEmpty());
}

TEST(GithubMissed, SaysThatATokenMayNotSeeWebhooks) {
  Fixture f(false);
  const auto sent = f.forge->missed()->Redeliver("acme/widget", {"/hooks/gh"}, f.Since(), {});
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_THAT(sent->refused, HasSubstr("acme/widget"));
}

TEST(GithubMissed, ReadsNothingOfARepositoryThatIsNotNamed) {
  Fixture f(false);
  EXPECT_EQ(f.forge->missed()->FailedRuns("other/thing", f.Since(), {}).status().code(),
            StatusCode::kPermissionDenied);
  EXPECT_THAT(f.host.calls, IsEmpty());
}

TEST(GithubMissed, LeavesRunsOutThatAreOldOrNoRuns) {
  Fixture f(false);
  f.host.Expect("GET /repos/acme/widget/actions/runs?status=timed_out", R"({"workflow_runs":[]})");
  f.host.Expect("GET /repos/acme/widget/actions/runs?status=failure",
                R"({"workflow_runs":[{"id":9,"run_attempt":2,"updated_at":"2023-11-14T22:00:00Z"},
          {"id":8,"updated_at":"2023-11-14T02:00:00Z"},{"id":-1,"updated_at":"2023-11-14T22:00:00Z"},
          {"id":7,"run_attempt":-3,"updated_at":"2023-11-14T22:00:00Z"},
          {"id":6,"updated_at":"soon"},7,null]})");
  const auto runs = f.forge->missed()->FailedRuns("acme/widget", f.Since(), {});
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_EQ(runs->size(), 1u);
  EXPECT_EQ(ToString(runs->front().run), "/acme/widget/9/2");
  EXPECT_THAT(runs->front().body, HasSubstr(R"("action":"completed")"));
}

}  // namespace
}  // namespace regreen
