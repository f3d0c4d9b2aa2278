// What the calls of a model cost, and the end of what may be spent; bodies in chunks; answers that
// are coded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <mutex>

#include "adapters/workspace/broker.h"
#include "adapters/workspace/prices.h"
#include "adapters/workspace/usage_reader.h"
#include "tests/unit/workspace/inner_client.h"

namespace regreen {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kCall[] =
    "POST /model/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
constexpr char kEventHead[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

class BrokerMoneyTest : public testing::Test {
 protected:
  void Start(const std::string& upstream, double max_usd, std::int64_t max_tokens = 0) {
    BrokerOptions options;
    options.folder = folder_.path().string() + "/egress";
    EgressSet& set = options.sets["model"];
    set.kind = "model";
    set.upstream = upstream;
    set.paths = {"POST /v1/messages"};
    set.key = Secret("the-real-key");
    set.key_header = "x-api-key";
    set.prices = {{"small-*", "input=1 output=2"}, {"*", "input=10 output=20 cache_read=1"}};
    options.max_usd = max_usd;
    options.max_tokens = max_tokens;
    auto broker = Broker::Start(std::move(options));
    ASSERT_TRUE(broker.ok()) << broker.status();
    broker_ = *std::move(broker);
  }
  std::string Ask(std::string_view bytes) { return InnerClient(broker_->socket()).Ask(bytes); }

  TempDir folder_ = *TempDir::Create(std::filesystem::temp_directory_path(), "broker");
  std::unique_ptr<Broker> broker_;
};

TEST_F(BrokerMoneyTest, CountsWhatEachModelCosts) {
  std::atomic<int> calls = 0;
  OpenServer server([&](int fd) {
    ReadUntil(fd, "}");
    const char* model = calls++ == 0 ? "small-1" : "other";
    SendAll(
        fd,
        Cat(kEventHead, R"(data: {"type":"message_start","message":{"model":")", model,
            R"(","usage":{"input_tokens":1000,"cache_read_input_tokens":100,"output_tokens":1}}})",
            "\n\n", R"(data: {"type":"message_delta","usage":{"output_tokens":500}})", "\n\n"));
  });
  Start(server.url(), 0);
  Ask(kCall);
  EXPECT_NEAR(broker_->Usage().usd, (1100 * 1 + 500 * 2) / 1e6, 1e-12);
  Ask(kCall);
  EXPECT_NEAR(broker_->Usage().usd,
              (1100 * 1 + 500 * 2) / 1e6 + (1000 * 10 + 100 * 1 + 500 * 20) / 1e6, 1e-12);
  EXPECT_EQ(broker_->Usage().output_tokens, 1000);
  EXPECT_EQ(broker_->Usage().cache_read_tokens, 200);
  EXPECT_FALSE(broker_->Usage().over);
}

TEST_F(BrokerMoneyTest, BreaksAStreamOffInTheMiddleWhenTheMoneyIsSpent) {
  std::promise<void> broken;
  OpenServer server([&](int fd) {
    ReadUntil(fd, "}");
    SendAll(fd,
            Cat(kEventHead, "data: {\"usage\":{\"input_tokens\":1000,\"output_tokens\":1}}\n\n"));
    SendAll(fd, "data: first\n\n");
    SendAll(fd, "data: {\"usage\":{\"output_tokens\":50000}}\n\n");
    // It is the broker that ends it.
    ReadUntil(fd, "never sent");
    broken.set_value();
  });
  Start(server.url(), 0.5);
  const std::string answer = Ask(kCall);
  broken.get_future().wait();
  EXPECT_THAT(answer, HasSubstr("data: first"));
  EXPECT_THAT(answer, Not(HasSubstr("\r\n0\r\n"))) << "it has no end";
  EXPECT_TRUE(broker_->Usage().over);
  const std::string again = Ask(kCall);
  EXPECT_THAT(again, StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(again, HasSubstr("what may be spent on the model is spent"));
  EXPECT_THAT(broker_->TakeNotes(), HasSubstr("was broken off: what may be spent is spent"));
  EXPECT_EQ(broker_->Usage().requests, 1);
}

TEST_F(BrokerMoneyTest, TokensOfTheWorkspaceEndItToo) {
  OpenServer server([&](int fd) {
    ReadUntil(fd, "}");
    SendAll(fd,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
            R"({"usage":{"prompt_tokens":60,"completion_tokens":50}})");
  });
  Start(server.url(), 0, 100);
  EXPECT_THAT(Ask(kCall), StartsWith("HTTP/1.1 200")) << "the figures come at its end";
  EXPECT_THAT(Ask(kCall), StartsWith("HTTP/1.1 403"));
}

TEST_F(BrokerMoneyTest, AsksForAnAnswerThatItCanReadAndTakesNoOther) {
  std::mutex mutex;
  std::string seen;
  OpenServer server([&](int fd) {
    const std::lock_guard lock(mutex);
    seen = ReadUntil(fd, "}");
    SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n\x1f\x8b");
  });
  Start(server.url(), 0);
  const std::string answer =
      Ask("POST /model/v1/messages HTTP/1.1\r\nAccept-Encoding: gzip, br\r\nContent-Length: 2\r\n"
          "\r\n{}");
  const std::lock_guard lock(mutex);
  EXPECT_THAT(Lower(seen), HasSubstr("accept-encoding: identity\r\n"));
  EXPECT_THAT(Lower(seen), Not(HasSubstr("gzip")));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 502"));
  EXPECT_THAT(answer, HasSubstr("a coding that was not asked for"));
}

TEST_F(BrokerMoneyTest, TakesABodyInChunks) {
  std::mutex mutex;
  std::string seen;
  OpenServer server([&](int fd) {
    const std::lock_guard lock(mutex);
    seen = ReadUntil(fd, "}");
    SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  Start(server.url(), 0);
  const std::string head = "POST /model/v1/messages HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(Ask(head + "5;ext=1\r\n{\"a\":\r\n3\r\n 1}\r\n0\r\nTrailer: x\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
  {
    const std::lock_guard lock(mutex);
    EXPECT_THAT(Lower(seen), HasSubstr("content-length: 8\r\n"));
    EXPECT_THAT(seen, HasSubstr("{\"a\": 1}"));
    EXPECT_THAT(Lower(seen), Not(HasSubstr("chunked")));
  }
  for (const char* body : {"x\r\n", "-5\r\nabcde\r\n", "5\r\nabcdefg\r\n", "ffffffff\r\n",
                           "fffffffffffffffff\r\n", "5 5\nabc", "\r\n", "0x5\r\nabcde\r\n"}) {
    EXPECT_THAT(Ask(head + body + "\r\n\r\n"), StartsWith("HTTP/1.1 400")) << EscapeControl(body);
  }
}

TEST(Prices, AreReadStrictly) {
  const auto prices = ParsePrices(" input=3  output=15 cache_read=0.3");
  ASSERT_TRUE(prices.ok()) << prices.status();
  EXPECT_EQ(prices->input, 3);
  EXPECT_EQ(prices->cache_read, 0.3);
  EXPECT_EQ(prices->cache_write, 3) << "as input";
  for (const char* wrong :
       {"", "input=3", "output=3", "input=3 output=x", "input=-1 output=1", "input=nan output=1",
        "input=1 output=1 input=2", "3 15", "input=1 output=1 inptu=2", "input=1e999 output=1"})
    EXPECT_FALSE(ParsePrices(wrong).ok()) << wrong;
  EXPECT_THAT(Message(ParsePrices("inptu=1 output=1").status()),
              HasSubstr("did you mean \"input\""));
}

TEST(Prices, OfAModelThatIsNotKnownAreTheDearest) {
  const PriceTable table = {{"small-*", *ParsePrices("input=1 output=1")},
                            {"small-large", *ParsePrices("input=5 output=5")},
                            {"large", *ParsePrices("input=9 output=9")}};
  ModelUsage million;
  million.input_tokens = 1'000'000;
  EXPECT_EQ(PriceOf(table, "small-1", million), 1);
  EXPECT_EQ(PriceOf(table, "small-large", million), 5) << "the longest pattern";
  EXPECT_EQ(PriceOf(table, "vendor/small-1", million), 1);
  EXPECT_EQ(PriceOf(table, "unheard-of", million), 9);
  EXPECT_EQ(PriceOf(table, "", million), 9);
  EXPECT_EQ(PriceOf({}, "small-1", million), 0);
}

TEST(UsageReader, KnowsTheStreamsOfAllThreeApis) {
  struct Case {
    const char* name;
    const char* stream;
    std::int64_t input, cached, output;
    const char* model;
  };
  for (const Case& c :
       std::initializer_list<Case>{{"messages",
                                    R"(event: message_start
data: {"type":"message_start","message":{"model":"m-1","usage":{"input_tokens":800,"cache_read_input_tokens":200,"output_tokens":1}}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":50}}

)",
                                    800, 200, 50, "m-1"},
                                   {"responses",
                                    R"(event: response.completed
data: {"type":"response.completed","response":{"model":"m-2","usage":{"input_tokens":1000,"input_tokens_details":{"cached_tokens":200},"output_tokens":50,"total_tokens":1050}}}

)",
                                    800, 200, 50, "m-2"},
                                   {"chat completions",
                                    R"(data: {"model":"m-3","choices":[{"delta":{"content":"x"}}]}

data: {"model":"m-3","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":50,"prompt_tokens_details":{"cached_tokens":200}}}

data: [DONE]

)",
                                    800, 200, 50, "m-3"}}) {
    SCOPED_TRACE(c.name);
    const std::string_view stream = c.stream;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, stream.size()}) {
      UsageReader reader(true, 4000);
      for (std::size_t at = 0; at < stream.size(); at += piece)
        reader.Take(stream.substr(at, piece));
      reader.Finish();
      EXPECT_EQ(reader.usage().input_tokens, c.input);
      EXPECT_EQ(reader.usage().cache_read_tokens, c.cached);
      EXPECT_EQ(reader.usage().output_tokens, c.output);
      EXPECT_EQ(reader.model(), c.model);
    }
  }
}

TEST(UsageReader, AStreamThatTellsNothingIsNotFree) {
  UsageReader reader(true, 4000);
  reader.Take("data: {\"choices\":[{\"delta\":{\"content\":\"four\"}}]}\n\n");
  reader.Finish();
  EXPECT_EQ(reader.usage().input_tokens, 1000);
  EXPECT_GT(reader.usage().output_tokens, 5);
}

}  // namespace
}  // namespace regreen
