#include <gtest/gtest.h>

#include <mutex>

#include "daemon/base/http.h"
#include "daemon/base/text.h"
#include "tests/support/refusing_proxy.h"

namespace regreen {
namespace {

struct EchoServer {
  std::unique_ptr<HttpServer> server;
  HttpRequest seen;

  explicit EchoServer(HttpResponse answer = {}) {
    HttpServerOptions options;
    server = *HttpServer::Start(options, [this, answer](const HttpRequest& request) {
      seen = request;
      return answer;
    });
  }
  std::string url(std::string_view path) const {
    return Cat("http://127.0.0.1:", server->port(), path);
  }
};

TEST(HttpClient, SendsMethodHeadersAndBody) {
  HttpResponse answer;
  answer.status = 201;
  answer.body = "{\"ok\":true}";
  answer.headers = {{"X-Kind", "fake"}};
  EchoServer echo(answer);
  HttpCall call;
  call.method = "PATCH";
  call.url = echo.url("/a%2Fb/c?q=x%20y&z");
  call.headers = {{"X-Token", "abc"}, {"Content-Type", "application/json"}};
  call.body = std::string(5000, 'x');
  const auto got = NewHttpClient()->Call(call);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->status, 201);
  EXPECT_EQ(got->body, "{\"ok\":true}");
  EXPECT_EQ(HeaderValue(got->headers, "x-kind"), "fake");
  echo.server->Stop();
  EXPECT_EQ(echo.seen.method, "PATCH");
  EXPECT_EQ(echo.seen.path, "/a/b/c");
  ASSERT_EQ(echo.seen.query.size(), 2u);
  EXPECT_EQ(echo.seen.query[0].second, "x y");
  EXPECT_EQ(HeaderValue(echo.seen.headers, "x-token"), "abc");
  EXPECT_EQ(HeaderValue(echo.seen.headers, "user-agent"), "regreen");
  EXPECT_EQ(echo.seen.body.size(), 5000u);
}

TEST(HttpClient, TakesARedirectAsAnAnswer) {
  HttpResponse answer;
  answer.status = 302;
  answer.headers = {{"Location", "http://127.0.0.1:1/elsewhere?sig=a%2Bb"}};
  EchoServer echo(answer);
  HttpCall call;
  call.url = echo.url("/");
  const auto got = NewHttpClient()->Call(call);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->status, 302);
  EXPECT_EQ(HeaderValue(got->headers, "location"), "http://127.0.0.1:1/elsewhere?sig=a%2Bb");
}

TEST(HttpClient, RefusesLineBreaksInWhatItSends) {
  EchoServer echo;
  const Headers cases[] = {{{"x-a", "b\r\nevil: 1"}},
                           {{"x-a", "b\nc"}},
                           {{"x-a\r\nevil", "b"}},
                           {{"", "b"}},
                           {{"x-a", std::string("b\0c", 3)}}};
  for (const Headers& headers : cases) {
    HttpCall call;
    call.url = echo.url("/");
    call.headers = headers;
    EXPECT_EQ(NewHttpClient()->Call(call).status().code(), StatusCode::kInvalidArgument);
  }
  HttpCall call;
  call.url = echo.url("/");
  call.method = "GET / HTTP/1.1\r\nX: y\r\n\r\nGET";
  EXPECT_EQ(NewHttpClient()->Call(call).status().code(), StatusCode::kInvalidArgument);
}

TEST(HttpClient, HandsAnAnswerOnInsteadOfKeepingIt) {
  HttpResponse answer;
  answer.status = 201;
  answer.body = std::string(100'000, 'x');
  EchoServer echo(answer);
  int status = 0;
  std::size_t bytes = 0;
  HttpCall call;
  call.url = echo.url("/");
  call.on_head = [&](const HttpAnswer& head) {
    status = head.status;
    return true;
  };
  call.on_bytes = [&](std::string_view piece) {
    EXPECT_EQ(status, 201) << "the head comes first";
    bytes += piece.size();
    return true;
  };
  const auto got = NewHttpClient()->Call(call);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->body, "");
  EXPECT_EQ(status, 201);
  EXPECT_EQ(bytes, 100'000u);
  call.max_body_bytes = 99'999;
  EXPECT_EQ(NewHttpClient()->Call(call).status().code(), StatusCode::kResourceExhausted);
  call.on_bytes = [](std::string_view) { return false; };
  EXPECT_EQ(NewHttpClient()->Call(call).status().code(), StatusCode::kCancelled);
}

TEST(HttpClient, MakesNoCallThatWasStopped) {
  EchoServer echo;
  std::stop_source stop;
  stop.request_stop();
  HttpCall call;
  call.url = echo.url("/never");
  call.stop = stop.get_token();
  EXPECT_EQ(NewHttpClient()->Call(call).status().code(), StatusCode::kCancelled);
  echo.server->Stop();
  EXPECT_EQ(echo.seen.path, "");
}

TEST(HttpClient, StopsAtTheCapOfAnAnswer) {
  HttpResponse answer;
  answer.body = std::string(100'000, 'x');
  EchoServer echo(answer);
  HttpCall call;
  call.url = echo.url("/");
  call.max_body_bytes = 99'999;
  EXPECT_EQ(NewHttpClient()->Call(call).status().code(), StatusCode::kResourceExhausted);
  call.max_body_bytes = 100'000;
  EXPECT_TRUE(NewHttpClient()->Call(call).ok());
}

TEST(HttpClient, KeepsTheEndsOfALongAnswerWhenAsked) {
  HttpResponse answer;
  answer.body = std::string(50'000, 'a') + std::string(100'000, 'b') + std::string(50'000, 'c');
  EchoServer echo(answer);
  HttpCall call;
  call.url = echo.url("/");
  call.max_body_bytes = 60'000;
  call.keep_ends = true;
  const auto got = NewHttpClient()->Call(call);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_TRUE(got->truncated);
  EXPECT_EQ(got->body.substr(0, 30'000), std::string(30'000, 'a'));
  EXPECT_EQ(got->body.substr(got->body.size() - 30'000), std::string(30'000, 'c'));
  EXPECT_LT(got->body.size(), 60'100u);
  call.max_body_bytes = 200'000;
  const auto whole = NewHttpClient()->Call(call);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_FALSE(whole->truncated);
  EXPECT_EQ(whole->body, answer.body);
}

TEST(HttpClient, SaysUnavailableWhenNobodyListens) {
  std::string url;
  {
    EchoServer gone;
    url = gone.url("/");
  }
  HttpCall call;
  call.url = url;
  EXPECT_EQ(NewHttpClient()->Call(call).status().code(), StatusCode::kUnavailable);
}

TEST(HttpClient, SaysDeadlineExceededWhenTheAnswerIsLate) {
  std::mutex held;
  held.lock();
  HttpServerOptions options;
  auto server = *HttpServer::Start(options, [&held](const HttpRequest&) {
    const std::lock_guard<std::mutex> wait(held);
    return HttpResponse();
  });
  HttpCall call;
  call.url = Cat("http://127.0.0.1:", server->port(), "/");
  call.timeout = absl::Milliseconds(50);
  const auto got = NewHttpClient()->Call(call);
  held.unlock();
  EXPECT_EQ(got.status().code(), StatusCode::kDeadlineExceeded) << got.status();
}

TEST(HttpClient, DoesNotSpeakTlsToWhoIsNotTrusted) {
  EchoServer plain;
  HttpCall call;
  call.url = Cat("https://127.0.0.1:", plain.server->port(), "/");
  call.timeout = absl::Milliseconds(100);
  const auto got = NewHttpClient()->Call(call);
  EXPECT_TRUE(IsRetryable(got.status())) << got.status();
}

TEST(HttpClient, GoesToTlsThroughATunnelThatSeesNoCredential) {
  RefusingProxy proxy;
  HttpCall call;
  call.url = "https://forge.invalid/api";
  call.headers = {{"authorization", "Bearer secret"}};
  call.timeout = absl::Seconds(5);
  const auto got = NewHttpClient("", proxy.url())->Call(call);
  EXPECT_EQ(got.status().code(), StatusCode::kUnavailable) << "a proxy's refusal is no forge's";
  proxy.listener->Stop();
  EXPECT_EQ(proxy.seen.find("CONNECT forge.invalid:443 HTTP/1.1\r\n"), 0u) << proxy.seen;
  EXPECT_EQ(proxy.seen.find("secret"), std::string::npos);
}

TEST(HttpClient, AsksAProxyForAPlainAddress) {
  RefusingProxy proxy;
  HttpCall call;
  call.url = "http://forge.invalid/api?x=1";
  const auto got = NewHttpClient("", proxy.url())->Call(call);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->status, 403);
  proxy.listener->Stop();
  EXPECT_EQ(proxy.seen.find("GET http://forge.invalid/api?x=1 HTTP/1.1\r\n"), 0u) << proxy.seen;
}

TEST(HttpClient, AProxyIsAHostAndAPort) {
  EXPECT_EQ(ParseProxy("http://proxy.example:3128")->port, 3128);
  EXPECT_EQ(ParseProxy("http://proxy.example:3128/")->host, "proxy.example");
  for (const char* text : {"", "proxy:3128", "https://proxy:3128", "socks5://proxy:1080",
                           "http://user:word@proxy:3128", "http://proxy:3128/path", "http://:1"})
    EXPECT_EQ(ParseProxy(text).status().code(), StatusCode::kInvalidArgument) << text;
}

}  // namespace
}  // namespace regreen
