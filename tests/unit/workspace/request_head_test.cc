#include "adapters/workspace/request_head.h"

#include <gtest/gtest.h>

#include <string>

#include "adapters/workspace/usage_reader.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

TEST(RequestHead, ReadsWhatClientsSend) {
  const auto head = ParseRequestHead(
      "POST /model/v1/messages?beta=true HTTP/1.1\r\nHost: 127.0.0.1:47128\r\n"
      "Content-Length: 12\r\nX-Api-Key:  inner \r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->method, "POST");
  EXPECT_EQ(head->target, "/model/v1/messages?beta=true");
  EXPECT_EQ(head->content_length, 12);
  EXPECT_TRUE(head->expects_continue);
  EXPECT_EQ(HeaderValue(head->headers, "x-api-key"), "inner");
}

TEST(RequestHead, TakesATunnelInTheOlderVersionToo) {
  EXPECT_TRUE(ParseRequestHead("CONNECT packages.example.com:443 HTTP/1.0\r\n\r\n").ok());
  EXPECT_FALSE(ParseRequestHead("CONNECT packages.example.com:443 HTTP/0.9\r\n\r\n").ok());
}

TEST(RequestHead, RefusesWhatCouldBeReadInTwoWays) {
  const std::string_view heads[] = {
      "",
      "\r\n",
      "GET / HTTP/1.1\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/2\r\n\r\n",
      "GET  / HTTP/1.1\r\n\r\n",
      "GET /a b HTTP/1.1\r\n\r\n",
      "GET\t/ HTTP/1.1\r\n\r\n",
      "GE(T / HTTP/1.1\r\n\r\n",
      "GET /\x7f HTTP/1.1\r\n\r\n",
      "GET /\xc3\xa9 HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nA: b\nc: d\r\n\r\n",
      "GET / HTTP/1.1\r\nA: b\rX: y\r\n\r\n",
      "GET / HTTP/1.1\r\nA : b\r\n\r\n",
      "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
      "GET / HTTP/1.1\r\n: b\r\n\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n\r\n",
      "GET / HTTP/1.1\r\nA: \x01\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 0x10\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n",
  };
  for (const std::string_view head : heads)
    EXPECT_FALSE(ParseRequestHead(head).ok()) << EscapeControl(head);
  EXPECT_FALSE(ParseRequestHead(std::string_view("GET /\0 HTTP/1.1\r\n\r\n", 19)).ok());
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 101; ++i) many += "a: b\r\n";
  EXPECT_FALSE(ParseRequestHead(many + "\r\n").ok());
}

TEST(RequestHead, KeepsBackCredentialsAndWhatBelongsToTheConnection) {
  const Headers forwarded = ForwardedHeaders({{"host", "127.0.0.1"},
                                              {"authorization", "Bearer inner"},
                                              {"x-api-key", "inner"},
                                              {"api-key", "inner"},
                                              {"cookie", "inner"},
                                              {"my-key", "inner"},
                                              {"connection", "close, X-Hop"},
                                              {"x-hop", "inner"},
                                              {"te", "trailers"},
                                              {"content-length", "3"},
                                              {"x-forwarded-for", "inner"},
                                              {"x-http-method-override", "DELETE"},
                                              {"x_http_method", "DELETE"},
                                              {"x-original-url", "/v1/files"},
                                              {"x-rewrite-url", "/v1/files"},
                                              {"accept-encoding", "gzip"},
                                              {"anthropic-version", "2023-06-01"},
                                              {"content-type", "application/json"}},
                                             "My-Key");
  EXPECT_EQ(forwarded,
            (Headers{{"anthropic-version", "2023-06-01"}, {"content-type", "application/json"}}));
}

TEST(UsageReader, CountsTheLastFiguresOfEachCall) {
  UsageReader events(true, 0);
  const std::string stream =
      "event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":10,"
      "\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n"
      "data: {\"usage\":{\"output_tokens\":7}}\r\n\ndata: [DONE] \"usage\"\n";
  for (const char byte : stream) events.Take({&byte, 1});
  events.Finish();
  EXPECT_EQ(events.usage().tokens(), 22);

  UsageReader chat(false, 0);
  chat.Take("{\"choices\":[],\"usage\":{\"prompt_tokens\":3,");
  chat.Take("\"completion_tokens\":4}}");
  chat.Finish();
  EXPECT_EQ(chat.usage().tokens(), 7);
}

TEST(UsageReader, CountsNothingOfWhatItCannotRead) {
  UsageReader events(true, 0);
  events.Take("data: {\"usage\":{\"input_tokens\":-5,\"output_tokens\":\"many\"}}\n");
  events.Take(Cat("data: {\"usage\":", std::string(300'000, ' '), "{\"input_tokens\":5}}\n"));
  events.Take("data: {\"usage\": nonsense\n");
  EXPECT_EQ(events.usage().tokens(), 0);
}

}  // namespace
}  // namespace regreen
