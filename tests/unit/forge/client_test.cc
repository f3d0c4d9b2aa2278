#include "adapters/forge/client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/forge/client/endpoint.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct Host final : public HttpClient {
  StatusOr<HttpAnswer> Call(const HttpCall& call) override {
    calls.push_back(call);
    return answer(call);
  }
  std::function<StatusOr<HttpAnswer>(const HttpCall&)> answer = [](const HttpCall&) {
    return HttpAnswer{200, {}, "{}", false};
  };
  std::vector<HttpCall> calls;
};

struct Heard final : public ForgeTraffic {
  void CountForgeRequest(const ForgeRequest& request) override {
    requests.push_back(Cat(request.forge, " ", request.endpoint, " ", request.outcome));
  }
  void ShowForgeLimit(const ForgeLimit& limit) override {
    limits.push_back(Cat(limit.forge, " ", limit.credential, " ", limit.resource, " ",
                         limit.remaining ? Cat(*limit.remaining) : "unknown"));
  }
  std::vector<std::string> requests, limits;
};

struct Fixture {
  ManualClock clock;
  Host host;
  Heard heard;
  ForgeClient client{Options()};
  std::shared_ptr<Gate> gate = client.GateOf("the-token", "token");

  ForgeClientOptions Options() {
    ForgeClientOptions options;
    options.forge = "gh";
    options.api = "https://ghe.example/api/v3";
    options.graphql = "https://ghe.example/api/graphql";
    options.manners = &GithubManners();
    options.http = &host;
    options.clock = &clock;
    options.traffic = &heard;
    return options;
  }
  static HttpCall To(const std::string& url, const std::string& method = "GET") {
    HttpCall call;
    call.method = method;
    call.url = url;
    call.headers = {{"authorization", "Bearer the-token"}};
    return call;
  }
  StatusOr<ForgeClient::JsonAnswer> Get(const std::string& path) {
    return client.CallJson(*gate, To("https://ghe.example/api/v3" + path), {});
  }
};

TEST(ForgeClient, AsksForWhatItKnowsByItsEtag) {
  Fixture f;
  f.host.answer = [](const HttpCall& call) -> StatusOr<HttpAnswer> {
    if (HeaderValue(call.headers, "if-none-match") == "W/\"1\"")
      return HttpAnswer{304, {{"etag", "W/\"1\""}, {"x-ratelimit-remaining", "9"}}, "", false};
    return HttpAnswer{
        200, {{"etag", "W/\"1\""}, {"link", "<x?page=2>; rel=\"next\""}}, R"({"id":7})", false};
  };
  ASSERT_TRUE(f.Get("/repos/a/b").ok());
  const auto again = f.Get("/repos/a/b");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->http.status, 200);
  EXPECT_EQ(again->json["id"].IntOr(0), 7);
  EXPECT_EQ(NextPage(again->http, ""), "?page=2") << "the headers are kept with the body";
  EXPECT_EQ(HeaderValue(again->http.headers, "x-ratelimit-remaining"), "9");
  EXPECT_THAT(f.heard.requests,
              ElementsAre("gh /repos/{repo} ok", "gh /repos/{repo} not_modified"));
}

TEST(ForgeClient, TakesTheNewAnswerWhenThereIsOne) {
  Fixture f;
  int version = 0;
  f.host.answer = [&](const HttpCall&) -> StatusOr<HttpAnswer> {
    ++version;
    return HttpAnswer{200, {{"etag", Cat(version)}}, Cat("{\"id\":", version, "}"), false};
  };
  f.Get("/repos/a/b").value();
  EXPECT_EQ(f.Get("/repos/a/b")->json["id"].IntOr(0), 2);
  f.Get("/repos/a/b").value();
  EXPECT_EQ(HeaderValue(f.host.calls[2].headers, "if-none-match"), "2");
}

TEST(ForgeClient, ShowsWhatOneCredentialSeesToNoOther) {
  Fixture f;
  f.host.answer = [](const HttpCall&) -> StatusOr<HttpAnswer> {
    return HttpAnswer{200, {{"etag", "1"}}, "{}", false};
  };
  f.Get("/repos/a/b").value();
  const auto other = f.client.GateOf("another-token", "installation 2");
  ASSERT_TRUE(f.client.Call(*other, Fixture::To("https://ghe.example/api/v3/repos/a/b"), {}).ok());
  EXPECT_EQ(HeaderValue(f.host.calls[1].headers, "if-none-match"), "");
}

TEST(ForgeClient, AWriteIsNeverAnsweredByWhatIsKnown) {
  Fixture f;
  f.host.answer = [](const HttpCall&) -> StatusOr<HttpAnswer> {
    return HttpAnswer{200, {{"etag", "1"}}, "{}", false};
  };
  const std::string url = "https://ghe.example/api/v3/repos/a/b/pulls";
  for (const char* method : {"POST", "POST", "GET"})
    ASSERT_TRUE(f.client.Call(*f.gate, Fixture::To(url, method), {}).ok());
  for (const HttpCall& call : f.host.calls)
    EXPECT_EQ(HeaderValue(call.headers, "if-none-match"), "");
}

TEST(ForgeClient, SendsNothingWhileTheGateIsClosed) {
  Fixture f;
  f.host.answer = [](const HttpCall&) -> StatusOr<HttpAnswer> {
    return HttpAnswer{429, {{"retry-after", "40"}}, "Retry later", false};
  };
  ASSERT_TRUE(f.Get("/repos/a/b").ok());
  const Status status = f.Get("/repos/a/c/pulls").status();
  EXPECT_EQ(RetryAfter(status), absl::Seconds(40)) << status;
  EXPECT_THAT(f.host.calls, SizeIs(1));
  EXPECT_THAT(f.heard.requests,
              ElementsAre("gh /repos/{repo} limited", "gh /repos/{repo}/pulls held_back"));
}

TEST(ForgeClient, AnotherHostsRefusalIsNoneOfTheApi) {
  Fixture f;
  f.host.answer = [](const HttpCall& call) -> StatusOr<HttpAnswer> {
    return HttpAnswer{call.url.find("store") == std::string::npos ? 200 : 429, {}, "{}", false};
  };
  for (const char* url : {"https://store.example/log", "https://ghe.example/api/v3store/x"})
    ASSERT_TRUE(f.client.Call(*f.gate, Fixture::To(url), {}).ok());
  EXPECT_TRUE(f.Get("/repos/a/b").ok());
  EXPECT_THAT(f.heard.requests,
              ElementsAre("gh outside limited", "gh outside limited", "gh /repos/{repo} ok"));
}

TEST(ForgeClient, CountsEachRequestByItsOutcome) {
  struct Case {
    StatusOr<HttpAnswer> answer;
    const char* outcome;
  };
  const auto status = [](int code, std::string body = "{}", Headers headers = {}) {
    return HttpAnswer{code, std::move(headers), std::move(body), false};
  };
  const Case cases[] = {
      {status(200), "ok"},
      {status(204, ""), "ok"},
      {status(200, "<html>"), "malformed"},
      {status(200, R"({"id":)"), "malformed"},
      {status(302), "redirect"},
      {status(401), "unauthorized"},
      {status(403), "forbidden"},
      {status(403, "{}", {{"retry-after", "1"}}), "limited"},
      {status(403, "You have exceeded a secondary rate limit"), "limited"},
      {status(404), "not_found"},
      {status(410), "not_found"},
      {status(409), "conflict"},
      {status(422), "refused"},
      {status(429, "Retry later"), "limited"},
      {status(500), "server_error"},
      {status(503, "<html>"), "server_error"},
      {Unavailable("no connection"), "no_answer"},
      {DeadlineExceeded("late"), "timeout"},
      {ResourceExhausted("too long"), "too_long"},
      {Cancelled("stopped"), "stopped"},
  };
  for (const Case& c : cases) {
    Fixture f;
    f.host.answer = [&](const HttpCall&) { return c.answer; };
    const auto answered = f.Get("/repos/a/b/pulls/7");
    EXPECT_THAT(f.heard.requests, ElementsAre(Cat("gh /repos/{repo}/pulls/{id} ", c.outcome)));
    EXPECT_NE(answered.status().code(), StatusCode::kInternal);
  }
}

TEST(ForgeClient, KnowsARefusalOfGraphQlInAGoodAnswer) {
  Fixture f;
  std::string body = R"({"data":null,"errors":[{"type":"RATE_LIMITED","message":"later"}]})";
  f.host.answer = [&](const HttpCall&) -> StatusOr<HttpAnswer> {
    return HttpAnswer{200, {}, body, false};
  };
  const auto ask = [&] {
    return f.client.Call(*f.gate, Fixture::To("https://ghe.example/api/graphql", "POST"), {});
  };
  ASSERT_TRUE(ask().ok());
  EXPECT_GE(RetryAfter(ask().status()).value(), absl::Seconds(60));
  f.clock.Advance(absl::Minutes(2));
  body = R"({"title":"\"type\":\"RATE_LIMITED\""})";
  ASSERT_TRUE(ask().ok());
  EXPECT_TRUE(ask().ok()) << "a title is no refusal";
}

TEST(ForgeClient, TellsWhatIsLeft) {
  Fixture f;
  f.host.answer = [&](const HttpCall&) -> StatusOr<HttpAnswer> {
    return HttpAnswer{200,
                      {{"x-ratelimit-remaining", "4321"},
                       {"x-ratelimit-reset", Cat(absl::ToUnixSeconds(f.clock.Now()) + 600)}},
                      "{}",
                      false};
  };
  f.Get("/repos/a/b").value();
  ASSERT_TRUE(
      f.client.Call(*f.gate, Fixture::To("https://ghe.example/api/graphql", "POST"), {}).ok());
  EXPECT_THAT(f.heard.limits, ElementsAre("gh token core 4321", "gh token graphql 4321"));
  EXPECT_EQ(f.heard.requests[1], "gh /graphql ok");
}

TEST(ForgeClient, LogsEachRequestWithoutASecret) {
  ConfigureLog(LogFormat::kJson, LogLevel::kDebug);
  testing::internal::CaptureStderr();
  {
    Fixture f;
    f.Get("/repos/a/b/branches/secret-plan?token=x").value();
  }
  const std::string log = testing::internal::GetCapturedStderr();
  ConfigureLog(LogFormat::kText, LogLevel::kInfo);
  EXPECT_THAT(log, HasSubstr(R"("endpoint":"/repos/{repo}/branches/{id}")"));
  EXPECT_THAT(log, HasSubstr(R"("method":"GET")"));
  for (const char* part : {"the-token", "secret-plan", "token=x"})
    EXPECT_THAT(log, Not(HasSubstr(part)));
}

TEST(Endpoint, IsOneOfAFew) {
  const std::pair<const char*, const char*> cases[] = {
      {"/repos/acme/widget/pulls?state=open&head=x", "/repos/{repo}/pulls"},
      {"/repos/acme/widget/actions/runs/7/attempts/2/jobs",
       "/repos/{repo}/actions/runs/{id}/attempts/{id}/jobs"},
      {"/repos/pulls/issues/branches/feature%2Fx", "/repos/{repo}/branches/{id}"},
      {"/projects/acme%2Fwidget/jobs/3/trace", "/projects/{repo}/jobs/{id}/trace"},
      {"/projects/acme%2Fwidget", "/projects/{repo}"},
      {"/app/installations/42/access_tokens", "/app/installations/{id}/access_tokens"},
      {"/graphql", "/graphql"},
      {"", "other"},
      {"/repos", "/{id}"},
      {"//", "/{id}/{id}"},
      {"/a/b/c/d/e/f/g/h/i/j/k/l", "other"},
  };
  for (const auto& [path, endpoint] : cases) EXPECT_EQ(EndpointOf(path), endpoint) << path;
}

TEST(NextPage, IsAQueryAndNeverAnAddress) {
  const auto of = [](Headers headers, std::string_view query) {
    return NextPage({200, std::move(headers), "", false}, query);
  };
  EXPECT_EQ(of({{"link",
                 "<https://evil.example/x?page=2&per_page=9>; rel=\"next\", "
                 "<https://a.example/x?page=9>; rel=\"last\""}},
               "?per_page=9"),
            "?page=2&per_page=9");
  EXPECT_EQ(of({{"link", "<https://a.example/x?page=1>; rel=\"prev\""}}, ""), "");
  EXPECT_EQ(of({{"link", "<https://a.example/x>; rel=\"next\""}}, ""), "");
  EXPECT_EQ(of({{"link", "garbage; rel=\"next\""}}, ""), "");
  EXPECT_EQ(of({{"x-next-page", "3"}}, "?per_page=100&page=2&a=b"), "?per_page=100&a=b&page=3");
  EXPECT_EQ(of({{"x-next-page", "3"}}, ""), "?page=3");
  for (const char* page : {"", " ", "0", "-1", "x", "3&token=y"})
    EXPECT_EQ(of({{"x-next-page", page}}, "?page=2"), "") << page;
}

TEST(Etags, AreBoundedInNumberAndBytes) {
  Etags few({2, 1000, 400});
  const auto answer = [](std::size_t bytes, const char* tag = "t") {
    return HttpAnswer{200, {{"etag", tag}}, std::string(bytes, 'x'), false};
  };
  few.Keep("a", answer(10));
  few.Keep("b", answer(10));
  EXPECT_TRUE(few.Find("a").has_value());
  few.Keep("c", answer(10));
  EXPECT_FALSE(few.Find("b").has_value()) << "the longest unused goes first";
  EXPECT_TRUE(few.Find("a").has_value());
  few.Keep("a", answer(401));
  EXPECT_FALSE(few.Find("a").has_value()) << "what is too long is not kept, nor what was before";
  Etags bytes({100, 1000, 400});
  for (char key = 'a'; key < 'k'; ++key) bytes.Keep(std::string(1, key), answer(380));
  EXPECT_FALSE(bytes.Find("h").has_value());
  EXPECT_TRUE(bytes.Find("j").has_value());
  bytes.Keep("no-tag", {200, {}, "x", false});
  bytes.Keep("long-tag", answer(1, std::string(300, 't').c_str()));
  bytes.Keep("created", {201, {{"etag", "t"}}, "x", false});
  bytes.Keep("cut", {200, {{"etag", "t"}}, "x", true});
  for (const char* key : {"no-tag", "long-tag", "created", "cut"})
    EXPECT_FALSE(bytes.Find(key).has_value()) << key;
}

}  // namespace
}  // namespace regreen
