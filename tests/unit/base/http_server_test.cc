#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <span>
#include <stdexcept>
#include <thread>

#include "daemon/base/http.h"
#include "daemon/base/text.h"
#include "tests/unit/base/raw_connection.h"

namespace regreen {
namespace {

std::unique_ptr<HttpServer> Echo(HttpServerOptions options = {}) {
  auto server = HttpServer::Start(options, [](const HttpRequest& request) {
    HttpResponse response;
    response.content_type = "text/plain";
    response.body = Cat(request.method, " ", request.path, " ", request.body.size(), ".");
    return response;
  });
  EXPECT_TRUE(server.ok()) << server.status();
  return std::move(server).value();
}

std::string Exchange(const HttpServer& server, std::string_view bytes) {
  RawConnection connection(server.port());
  connection.Send(bytes);
  return connection.ReadToEnd();
}

std::string Chunked(std::size_t chunks, std::size_t size) {
  std::string body;
  for (std::size_t i = 0; i < chunks; ++i) {
    Append(body, absl::StrCat(absl::Hex(size)), "\r\n", std::string(size, 'x'), "\r\n");
  }
  return body + "0\r\n\r\n";
}

struct RequestCase {
  const char* name;
  std::string line;     // "GET /a"
  std::string headers;  // each with its line break
  std::string body;
  int status;
  const char* answer;  // a part of the answer's body
};

// Sends each over a connection of its own to a server that takes bodies of at most 1,000 bytes.
void Check(std::span<const RequestCase> cases) {
  HttpServerOptions options;
  options.max_body_bytes = 1000;
  const auto server = Echo(options);
  for (const RequestCase& c : cases) {
    SCOPED_TRACE(c.name);
    RawConnection connection(server->port());
    connection.Send(Cat(c.line, " HTTP/1.1\r\nConnection: close\r\n", c.headers, "\r\n", c.body));
    const std::string answer =
        *c.answer == '\0' ? connection.ReadToEnd() : connection.ReadUntil(c.answer);
    EXPECT_EQ(answer.substr(0, 13), Cat("HTTP/1.1 ", c.status, " ")) << answer;
    EXPECT_NE(answer.find(c.answer), std::string::npos) << answer;
  }
}

TEST(HttpServer, TakesBodiesUpToItsCap) {
  const std::string form =
      "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n";
  const std::string parts =
      "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 2\r\n";
  const std::string chunks = "Transfer-Encoding: chunked\r\n";
  const std::string zipped = "Content-Encoding: gzip\r\nContent-Length: 2\r\n";
  const RequestCase cases[] = {
      {"GET", "GET /a%20b?c", "", "", 200, "GET /a b 0."},
      {"HEAD", "HEAD /a", "", "", 200, ""},
      {"OPTIONS", "OPTIONS /a", "", "", 200, "OPTIONS /a 0."},
      {"POST", "POST /a", "Content-Length: 5\r\n", "12345", 200, "POST /a 5."},
      {"POST without a body", "POST /a", "", "", 200, "POST /a 0."},
      {"DELETE without a body", "DELETE /a", "", "", 200, "DELETE /a 0."},
      {"at the cap", "PUT /a", "Content-Length: 1000\r\n", std::string(1000, 'x'), 200,
       "PUT /a 1000."},
      {"over the cap", "POST /a", "Content-Length: 1001\r\n", std::string(1001, 'x'), 413, "error"},
      {"chunked", "POST /a", chunks, Chunked(10, 100), 200, "POST /a 1000."},
      {"chunked over the cap", "POST /a", chunks, Chunked(11, 100), 413, "error"},
      {"form", "POST /a", form, "payload=x", 200, "POST /a 9."},
      {"multipart", "POST /a", parts, "xy", 200, "POST /a 2."},
      {"compressed", "POST /a", zipped, "xy", 415, "error"},
  };
  Check(cases);
}

TEST(HttpServer, RefusesABodyOfDoubtfulLength) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string two = "Content-Length: 2\r\n";
  const RequestCase cases[] = {
      {"a sign", "POST /a", "Content-Length: +2\r\n", "xy", 400, "error"},
      {"negative", "POST /a", "Content-Length: -2\r\n", "", 400, "error"},
      {"endless", "POST /a", "Content-Length: 99999999999999999999\r\n", "", 400, "error"},
      {"two lengths", "POST /a", two + "Content-Length: 3\r\n", "xyz", 400, "error"},
      {"one length twice", "POST /a", two + two, "xy", 400, "error"},
      {"a length and chunks", "POST /a", two + chunked, "0\r\n\r\n", 400, "error"},
      {"another encoding", "POST /a", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n", 400,
       "error"},
      {"chunked twice", "POST /a", chunked + chunked, "0\r\n\r\n", 400, "error"},
      {"no chunk size", "POST /a", chunked, "zz\r\nxx\r\n", 400, "error"},
      {"a body of a GET", "GET /a", "Content-Length: 5\r\n", "GET /", 400, "error"},
  };
  Check(cases);
}

TEST(HttpServer, RefusesAMalformedOrOverlongHead) {
  std::string many, long_total;
  for (int i = 0; i < 101; ++i) Append(many, "X-", i, ": y\r\n");
  for (int i = 0; i < 20; ++i) Append(long_total, "X-", i, ": ", std::string(8000, 'y'), "\r\n");
  const std::string upgrade =
      "Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nConnection: Upgrade\r\n";
  const RequestCase cases[] = {
      {"no HTTP", "nonsense", "", "", 400, "error"},
      {"unknown method", "BREW /", "", "", 400, "error"},
      {"four words", "GET / HTTP/1.1", "", "", 400, "error"},
      {"a header without a colon", "GET /", "nonsense\r\n", "", 400, "error"},
      {"too many headers", "GET /", many, "", 400, "error"},
      {"a long header", "GET /", Cat("X: ", std::string(9000, 'y'), "\r\n"), "", 400, "error"},
      {"long headers together", "GET /", long_total, "", 431, "error"},
      {"a long address", "GET /" + std::string(9000, 'y'), "", "", 414, "error"},
      {"Range is not applied", "GET /a", "Range: bytes=0-1\r\n", "", 200, "GET /a 0."},
      {"no upgrade", "GET /a", upgrade, "", 200, "GET /a 0."},
  };
  Check(cases);
}

TEST(HttpServer, TakesAFormLargerThanALibraryLimit) {
  const auto server = Echo();
  HttpCall call;
  call.method = "POST";
  call.url = Cat("http://127.0.0.1:", server->port(), "/hooks/x");
  call.headers = {{"content-type", "application/x-www-form-urlencoded"}};
  call.body = "payload=" + std::string(2 << 20, 'a');
  const auto got = NewHttpClient()->Call(call);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->body, Cat("POST /hooks/x ", call.body.size(), "."));
}

TEST(HttpServer, ServesRequestsThatAreSentBehindEachOther) {
  const auto server = Echo();
  const std::string answer = Exchange(*server,
                                      "POST /1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
                                      "DELETE /2 HTTP/1.1\r\n\r\n"
                                      "GET /3 HTTP/1.1\r\n\r\n"
                                      "GET /4 HTTP/1.1\r\nConnection: close\r\n\r\n");
  for (const char* part : {"POST /1 3.", "DELETE /2 0.", "GET /3 0.", "GET /4 0."}) {
    EXPECT_NE(answer.find(part), std::string::npos) << part << " is not in\n" << answer;
  }
}

TEST(HttpServer, ContinuesOnlyWhatItWillTake) {
  HttpServerOptions options;
  options.max_body_bytes = 10;
  const auto server = Echo(options);
  RawConnection good(server->port());
  good.Send(
      "POST /a HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  EXPECT_NE(good.ReadUntil("\r\n\r\n").find("100 Continue"), std::string::npos);
  good.Send("abc");
  EXPECT_NE(good.ReadToEnd().find("POST /a 3."), std::string::npos);
  EXPECT_EQ(
      Exchange(*server, "POST /a HTTP/1.1\r\nContent-Length: 30\r\nExpect: 100-continue\r\n\r\n")
          .substr(0, 12),
      "HTTP/1.1 413");
}

TEST(HttpServer, TurnsAnExceptionInto500) {
  HttpServerOptions options;
  const auto server = *HttpServer::Start(options, [](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/odd") throw 7;
    throw std::runtime_error("secret detail");
  });
  for (const char* path : {"/", "/odd"}) {
    const std::string answer = Exchange(*server, Cat("GET ", path, " HTTP/1.1\r\n\r\n"));
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 500");
    EXPECT_EQ(answer.find("secret detail"), std::string::npos);
  }
}

TEST(HttpServer, DoesNotShareItsPort) {
  const auto first = Echo();
  HttpServerOptions options;
  options.port = first->port();
  const auto second = HttpServer::Start(options, [](const HttpRequest&) { return HttpResponse(); });
  EXPECT_EQ(second.status().code(), StatusCode::kAlreadyExists);
}

TEST(HttpServer, NamesAnAddressThatIsNone) {
  for (const char* address : {"", "256.1.1.1", "203.0.113.7"}) {
    HttpServerOptions options;
    options.address = address;
    const auto server =
        HttpServer::Start(options, [](const HttpRequest&) { return HttpResponse(); });
    EXPECT_EQ(server.status().code(), StatusCode::kInvalidArgument) << address;
  }
}

TEST(HttpServer, EndsARequestThatDripsAtItsDeadline) {
  HttpServerOptions options;
  options.read_timeout = absl::Seconds(30);
  options.request_deadline = absl::Milliseconds(100);
  const auto server = Echo(options);
  EXPECT_EQ(Exchange(*server, "GET / HTT").size(), 0u);
  EXPECT_EQ(Exchange(*server, "GET / HTTP/1.1\r\nX: ").substr(0, 12), "HTTP/1.1 408");
  EXPECT_EQ(Exchange(*server, "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc").substr(0, 12),
            "HTTP/1.1 408");
}

TEST(HttpServer, EndsARequestThatPausesForTooLong) {
  HttpServerOptions options;
  options.read_timeout = absl::Milliseconds(100);
  const auto server = Echo(options);
  EXPECT_EQ(Exchange(*server, "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc").substr(0, 12),
            "HTTP/1.1 408");
}

TEST(HttpServer, RefusesConnectionsOfOneAddressBeyondItsCap) {
  HttpServerOptions options;
  options.max_connections_per_address = 2;
  const auto server = Echo(options);
  const std::string request = "GET / HTTP/1.1\r\n\r\n";
  {
    RawConnection one(server->port()), two(server->port());
    one.Send(request);
    two.Send(request);
    ASSERT_NE(one.ReadUntil("GET / 0.").find("200"), std::string::npos);
    ASSERT_NE(two.ReadUntil("GET / 0.").find("200"), std::string::npos);
    RawConnection three(server->port());
    EXPECT_EQ(three.ReadToEnd().substr(0, 12), "HTTP/1.1 503");
    one.Send(request);
    EXPECT_NE(one.ReadUntil("GET / 0.").find("200"), std::string::npos);
  }
  std::string answer;
  for (int attempt = 0; attempt < 1000 && answer.find("200 OK") == std::string::npos; ++attempt) {
    answer = Exchange(*server, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  }
  EXPECT_NE(answer.find("200 OK"), std::string::npos) << "the ended connections are still counted";
}

TEST(HttpServer, BoundsTheBytesOfAllBodiesTogether) {
  HttpServerOptions options;
  options.max_body_bytes = 1 << 20;
  options.max_inflight_bytes = 1 << 20;
  std::mutex held;
  held.lock();
  std::atomic<bool> entered = false;
  const auto server = *HttpServer::Start(options, [&](const HttpRequest& request) {
    if (request.path == "/hold") {
      entered = true;
      entered.notify_all();
      const std::lock_guard<std::mutex> wait(held);
    }
    return HttpResponse();
  });
  const std::string body(800'000, 'x');
  RawConnection holder(server->port());
  holder.Send(Cat("POST /hold HTTP/1.1\r\nConnection: close\r\nContent-Length: ", body.size(),
                  "\r\n\r\n", body));
  const std::string second = Cat(
      "POST /b HTTP/1.1\r\nConnection: close\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
  entered.wait(false);
  const std::string answer = Exchange(*server, second);
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 503");
  EXPECT_NE(answer.find("Retry-After"), std::string::npos);
  held.unlock();
  EXPECT_EQ(holder.ReadToEnd().substr(0, 12), "HTTP/1.1 200");
  EXPECT_EQ(Exchange(*server, second).substr(0, 12), "HTTP/1.1 200");
}

TEST(HttpServer, StopsWhileConnectionsAreIdleOrHalfSent) {
  const auto server = Echo();
  RawConnection idle(server->port()), half(server->port()), served(server->port());
  half.Send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  served.Send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_NE(served.ReadUntil("GET / 0.").find("200"), std::string::npos);
  const absl::Time before = absl::Now();
  server->Stop();
  EXPECT_LT(absl::Now() - before, absl::Seconds(5));
  EXPECT_FALSE(RawConnection(server->port()).connected());
}

TEST(HttpServer, WaitsForTheRequestBeingServed) {
  std::mutex held;
  held.lock();
  std::atomic<bool> entered = false;
  HttpServerOptions options;
  const auto server = *HttpServer::Start(options, [&](const HttpRequest&) {
    entered = true;
    entered.notify_all();
    const std::lock_guard<std::mutex> wait(held);
    return HttpResponse();
  });
  RawConnection connection(server->port());
  connection.Send("GET / HTTP/1.1\r\n\r\n");
  entered.wait(false);
  std::thread stopper([&] { server->Stop(); });
  held.unlock();
  EXPECT_EQ(connection.ReadToEnd().substr(0, 12), "HTTP/1.1 200");
  stopper.join();
}

std::unique_ptr<HttpServer> Streaming(std::function<void(HttpStream&)> stream) {
  auto server = HttpServer::Start({}, [stream](const HttpRequest&) {
    HttpResponse response;
    response.content_type = "text/event-stream";
    response.headers = {{"cache-control", "no-store"}};
    response.stream = stream;
    return response;
  });
  EXPECT_TRUE(server.ok()) << server.status();
  return std::move(server).value();
}

TEST(HttpServerStream, SendsPiecesAsTheyComeAndEndsWithTheConnection) {
  std::atomic<bool> seen = false;
  const auto server = Streaming([&](HttpStream& out) {
    out.Write("data: one\n\n");
    while (!seen && out.Wait(absl::Milliseconds(5))) {
    }
    out.Write("data: two\n\n");
  });
  RawConnection connection(server->port());
  connection.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string first = connection.ReadUntil("one\n\n");
  EXPECT_NE(first.find("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"),
            std::string::npos);
  EXPECT_NE(first.find("cache-control: no-store"), std::string::npos);
  EXPECT_EQ(first.find("two"), std::string::npos);
  seen = true;
  EXPECT_EQ(connection.ReadToEnd(), "data: two\n\n");
}

TEST(HttpServerStream, LearnsThatItsPeerHasGone) {
  std::atomic<bool> ended = false;
  const auto server = Streaming([&](HttpStream& out) {
    out.Write("hello");
    while (out.Wait(absl::Seconds(60))) {
    }
    ended = true;
  });
  {
    RawConnection connection(server->port());
    connection.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    connection.ReadUntil("hello");
  }
  server->Stop();  // waits for what is being served
  EXPECT_TRUE(ended);
}

TEST(HttpServerStream, EndsWhenTheServerStops) {
  std::atomic<bool> begun = false;
  const auto server = Streaming([&](HttpStream& out) {
    out.Write("hello");
    begun = true;
    while (out.Wait(absl::Seconds(60))) {
    }
  });
  RawConnection connection(server->port());
  connection.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  connection.ReadUntil("hello");
  server->Stop();
  EXPECT_TRUE(begun);
  EXPECT_EQ(connection.ReadToEnd(), "");
}

TEST(HttpServerStream, AHeadRequestGetsNoBody) {
  const auto server = Streaming([](HttpStream& out) { out.Write("body"); });
  const std::string answer =
      Exchange(*server, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 200");
  EXPECT_EQ(answer.find("body"), std::string::npos);
}

}  // namespace
}  // namespace regreen
