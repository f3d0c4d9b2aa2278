// The broker from its own side of the sandbox's wall: bytes on its socket, servers on loopback.
#include "adapters/workspace/broker.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <iostream>
#include <mutex>

#include "adapters/workspace/forwarder.h"
#include "tests/unit/workspace/inner_client.h"

namespace regreen {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kCall[] =
    "POST /model/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
constexpr char kEventHead[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nSet-Cookie: a=b\r\n"
    "Connection: close\r\n\r\n";

sockaddr_storage Loopback(int port) {
  sockaddr_storage out{};
  auto& address = reinterpret_cast<sockaddr_in&>(out);
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

std::string Connect(std::string_view target) {
  return Cat("CONNECT ", target, " HTTP/1.1\r\nHost: ", target, "\r\n\r\n");
}

class BrokerTest : public testing::Test {
 protected:
  static EgressSet Packages(int port) {
    EgressSet set;
    set.allow = {Cat("registry.example:", port)};
    set.allow_private = true;
    return set;
  }
  static EgressSet Model(const std::string& upstream) {
    EgressSet set;
    set.kind = "model";
    set.upstream = upstream;
    set.paths = {"POST /v1/messages"};
    set.key = Secret("the-real-key");
    set.key_header = "authorization";
    set.key_prefix = "Bearer ";
    set.timeout = absl::Seconds(20);
    set.env = {{"ANTHROPIC_BASE_URL", "{url}"}, {"OPENAI_BASE_URL", "{url}/v1"}};
    return set;
  }
  // Every name leads to loopback, at the port that was asked for.
  void Start(EgressSets sets) {
    BrokerOptions options;
    options.folder = folder_.path().string() + "/egress";
    options.sets = std::move(sets);
    options.resolve = [this](const HostPort& target) -> StatusOr<std::vector<sockaddr_storage>> {
      ++resolved_;
      return std::vector<sockaddr_storage>{Loopback(target.port)};
    };
    auto broker = Broker::Start(std::move(options));
    ASSERT_TRUE(broker.ok()) << broker.status();
    broker_ = *std::move(broker);
  }
  std::string Ask(std::string_view bytes) { return InnerClient(broker_->socket()).Ask(bytes); }

  TempDir folder_ = *TempDir::Create(std::filesystem::temp_directory_path(), "broker");
  std::atomic<int> resolved_ = 0;
  std::unique_ptr<Broker> broker_;
};

TEST_F(BrokerTest, TunnelsToAHostOfItsSetAndNotesIt) {
  OpenServer server([](int fd) {
    const std::string seen = ReadUntil(fd, "\n");
    SendAll(fd, "seen " + seen);
  });
  Start({{"packages", Packages(server.port())}});
  // What comes right behind the head is the tunnel's.
  const std::string answer = Ask(Cat(Connect(Cat("Registry.Example.:", server.port())), "early\n"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("seen early\n"));
  EXPECT_EQ(resolved_, 1) << "the address that was looked at is the one that is connected to";
}

TEST_F(BrokerTest, RefusesEveryOtherTarget) {
  std::atomic<int> reached = 0;
  OpenServer server([&](int) { ++reached; });
  Start({{"packages", Packages(server.port())}});
  const std::string port = std::to_string(server.port());
  for (const std::string& target : std::vector<std::string>{
           "github.com:443", "127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port,
           "registry.example:1", "registry.example.evil.example:" + port,
           "evil.registry.example:" + port, "user@registry.example:" + port,
           "registry.example:" + port + "/", "registry%2eexample:" + port, "169.254.169.254:80",
           "2130706433:" + port}) {
    EXPECT_THAT(Ask(Connect(target)), StartsWith("HTTP/1.1 40")) << target;
  }
  for (const char* request :
       {"GET http://registry.example/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET /packages/x HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n", "\x16\x03\x01\r\n\r\n"}) {
    EXPECT_THAT(Ask(request), StartsWith("HTTP/1.1 40")) << request;
  }
  EXPECT_THAT(Ask(Cat("GET /", std::string(40'000, 'a'), " HTTP/1.1\r\n\r\n")),
              StartsWith("HTTP/1.1 431"));
  EXPECT_EQ(reached, 0);
  EXPECT_EQ(resolved_, 0) << "a name that is not allowed is not even asked for: DNS carries data";
  EXPECT_THAT(broker_->TakeNotes(),
              HasSubstr("refused: CONNECT github.com:443: no egress set of this workspace"));
}

TEST_F(BrokerTest, RefusesAnAllowedNameThatLeadsToAPrivateAddress) {
  std::atomic<int> reached = 0;
  OpenServer server([&](int) { ++reached; });
  EgressSet set = Packages(server.port());
  set.allow_private = false;
  Start({{"packages", set}});
  EXPECT_THAT(Ask(Connect(Cat("registry.example:", server.port()))), StartsWith("HTTP/1.1 403"));
  EXPECT_EQ(reached, 0);
  EXPECT_EQ(resolved_, 1);
}

TEST_F(BrokerTest, EndsATunnelWhenItsBytesAreUsedUp) {
  OpenServer server([](int fd) {
    while (SendAll(fd, std::string(64 << 10, 'x'))) {
    }
  });
  EgressSet set = Packages(server.port());
  set.max_bytes = 1 << 20;
  Start({{"packages", set}});
  const std::string target = Cat("registry.example:", server.port());
  const std::size_t got = Ask(Connect(target)).size();
  EXPECT_GE(got, std::size_t{1} << 19);
  EXPECT_LE(got, (std::size_t{1} << 20) + (256 << 10));
  EXPECT_THAT(Ask(Connect(target)), StartsWith("HTTP/1.1 429"));
  EXPECT_THAT(broker_->TakeNotes(), HasSubstr("max_bytes are used up"));
}

TEST_F(BrokerTest, KeepsToItsConnectionsUnderAThousand) {
  OpenServer server([](int fd) { ReadUntil(fd, "\n"); });
  EgressSet set = Packages(server.port());
  set.max_connections = 4;
  Start({{"packages", set}});
  const std::string connect = Connect(Cat("registry.example:", server.port()));
  std::vector<std::unique_ptr<InnerClient>> clients;
  int established = 0, refused = 0;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<InnerClient>(broker_->socket()));
    ASSERT_TRUE(clients.back()->connected());
    clients.back()->Send(connect);
    const std::string line = clients.back()->Read("\r\n");
    established += line.starts_with("HTTP/1.1 200") ? 1 : 0;
    refused += line.starts_with("HTTP/1.1 429") || line.starts_with("HTTP/1.1 503") ? 1 : 0;
  }
  EXPECT_EQ(established, 4);
  EXPECT_EQ(refused, 996);
  EXPECT_THAT(broker_->TakeNotes(), HasSubstr(" more\n"));
}

TEST_F(BrokerTest, EndsWithEverythingThatIsOpen) {
  OpenServer server([](int fd) { ReadUntil(fd, "\n"); });
  Start({{"packages", Packages(server.port())}});
  const std::string path = broker_->socket();
  InnerClient client(path);
  client.Send(Connect(Cat("registry.example:", server.port())));
  ASSERT_THAT(client.Read("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  broker_.reset();
  EXPECT_EQ(client.Read(), "");
  EXPECT_FALSE(InnerClient(path).connected());
}

TEST_F(BrokerTest, AddsTheKeyOutsideAndKeepsTheClientsOwnBack) {
  std::mutex mutex;
  std::string seen;
  OpenServer server([&](int fd) {
    const std::string head = ReadUntil(fd, "}");
    const std::lock_guard lock(mutex);
    seen = head;
    SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nLocation: x\r\nX-Kept: y\r\n\r\nok");
  });
  Start({{"model", Model(server.url() + "/base/")}});
  const std::string answer =
      Ask("POST /model/v1/messages?beta=true HTTP/1.1\r\nHost: api.evil.example\r\n"
          "Authorization: Bearer inner\r\nX-Api-Key: inner\r\nConnection: x-hop\r\nX-Hop: inner\r\n"
          "anthropic-version: 2023\r\nContent-Length: 8\r\n\r\n{\"a\": 1}");
  const std::lock_guard lock(mutex);
  EXPECT_THAT(seen, StartsWith("POST /base/v1/messages?beta=true HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("authorization: Bearer the-real-key\r\n"));
  EXPECT_THAT(seen, HasSubstr("anthropic-version: 2023\r\n"));
  EXPECT_THAT(seen, HasSubstr("{\"a\": 1}"));
  EXPECT_THAT(seen, Not(HasSubstr("inner")));
  EXPECT_THAT(seen, Not(HasSubstr("evil")));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Lower(answer), HasSubstr("x-kept: y\r\n"));
  EXPECT_THAT(Lower(answer), Not(HasSubstr("location")));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n2\r\nok\r\n0\r\n\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("the-real-key")));
  EXPECT_THAT(broker_->TakeNotes(), HasSubstr("POST /model/v1/messages answered 200: 8 bytes out"));
}

TEST_F(BrokerTest, MakesNoOtherCallOfAModel) {
  std::atomic<int> reached = 0;
  OpenServer server([&](int) { ++reached; });
  Start({{"model", Model(server.url())}});
  for (const char* line :
       {"GET /model/v1/messages", "DELETE /model/v1/messages", "POST /model/v1/files",
        "POST /model/v1/messages/../files", "POST /model/v1/%6dessages", "POST /model//v1/messages",
        "POST /other/v1/messages", "POST /v1/messages", "POST /model", "POST /",
        "POST /model/v1/messages#a", "POST //api.evil.example/v1/messages",
        "POST http://api.evil.example/model/v1/messages", "POST /Model/v1/messages"}) {
    EXPECT_THAT(Ask(Cat(line, " HTTP/1.1\r\nContent-Length: 0\r\n\r\n")),
                StartsWith("HTTP/1.1 403"))
        << line;
  }
  EXPECT_THAT(Ask("POST /model/v1/messages HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Ask(Connect(Cat("127.0.0.1:", server.port()))), StartsWith("HTTP/1.1 403"))
      << "a model's set opens no tunnel";
  EXPECT_EQ(reached, 0);
}

TEST_F(BrokerTest, FollowsNoRedirect) {
  std::atomic<int> elsewhere = 0;
  OpenServer other([&](int) { ++elsewhere; });
  OpenServer server([&](int fd) {
    ReadUntil(fd, "}");
    SendAll(fd, Cat("HTTP/1.1 307 Moved\r\nContent-Length: 0\r\nLocation: ", other.url(),
                    "/v1/messages\r\n\r\n"));
  });
  Start({{"model", Model(server.url())}});
  const std::string answer = Ask(kCall);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 502"));
  EXPECT_THAT(answer, Not(HasSubstr(other.url())));
  EXPECT_EQ(elsewhere, 0);
}

TEST_F(BrokerTest, StopsAtItsRequestsAndItsTokens) {
  OpenServer server([](int fd) {
    ReadUntil(fd, "}");
    SendAll(fd, Cat(kEventHead, "data: {\"usage\":{\"input_tokens\":60}}\n\n"));
  });
  EgressSet by_requests = Model(server.url());
  by_requests.max_requests = 2;
  Start({{"model", by_requests}});
  EXPECT_THAT(Ask(kCall), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Ask(kCall), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Ask(kCall), HasSubstr("max_requests are used up"));
  EXPECT_THAT(broker_->TakeNotes(), HasSubstr("60 tokens"));
}

TEST_F(BrokerTest, CountsTheTokensOfAnswers) {
  OpenServer server([](int fd) {
    ReadUntil(fd, "}");
    SendAll(fd, Cat(kEventHead, "data: {\"usage\":{\"input_tokens\":60}}\n\n"));
  });
  EgressSet set = Model(server.url());
  set.max_tokens = 100;
  Start({{"model", set}});
  EXPECT_THAT(Ask(kCall), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Ask(kCall), StartsWith("HTTP/1.1 200"));
  const std::string over = Ask(kCall);
  EXPECT_THAT(over, StartsWith("HTTP/1.1 403")) << "so that no client tries again";
  EXPECT_THAT(over, HasSubstr("max_tokens are used up"));
  EXPECT_TRUE(broker_->Usage().over);
  EXPECT_EQ(broker_->Usage().input_tokens, 120);
  EXPECT_EQ(broker_->Usage().requests, 2);
}

TEST_F(BrokerTest, LeavesAnAnswerThatBreaksOffWithoutItsEnd) {
  OpenServer server([](int fd) {
    ReadUntil(fd, "}");
    SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  Start({{"model", Model(server.url())}});
  const std::string answer = Ask(kCall);
  EXPECT_THAT(answer, HasSubstr("4\r\nhalf\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("0\r\n\r\n")));
  EXPECT_THAT(broker_->TakeNotes(), HasSubstr("broke off"));
}

TEST_F(BrokerTest, EndsACallThatWaitsForItsAnswer) {
  std::promise<void> asked;
  OpenServer server([&](int fd) {
    ReadUntil(fd, "}");
    asked.set_value();
    ReadUntil(fd, "\n");
  });
  Start({{"model", Model(server.url())}});
  InnerClient client(broker_->socket());
  client.Send(kCall);
  asked.get_future().wait();
  broker_.reset();
  EXPECT_THAT(client.Read(), StartsWith("HTTP/1.1 502"));
}

TEST_F(BrokerTest, HandsEventsOnAsTheyCome) {
  std::promise<void> first_seen;
  auto seen = first_seen.get_future().share();
  OpenServer server([seen](int fd) {
    ReadUntil(fd, "}");
    SendAll(fd, Cat(kEventHead, "data: one\n\n"));
    seen.wait();  // for ever, if the first were held back until more comes
    SendAll(fd, "data: two\n\n");
  });
  Start({{"model", Model(server.url())}});
  InnerClient client(broker_->socket());
  client.Send(kCall);
  EXPECT_THAT(client.Read("data: one"), Not(HasSubstr("ookie")));
  first_seen.set_value();
  EXPECT_THAT(client.Read(), HasSubstr("data: two"));
}

TEST_F(BrokerTest, TellsCommandsWhereItIs) {
  Start({{"packages", Packages(443)}, {"model", Model("http://127.0.0.1:1")}});
  const auto env = broker_->Environment();
  const std::string inside = Cat("http://127.0.0.1:", kForwarderPort);
  EXPECT_THAT(env, testing::Contains(std::pair<std::string, std::string>("HTTPS_PROXY", inside)));
  EXPECT_THAT(env, testing::Contains(std::pair<std::string, std::string>("OPENAI_BASE_URL",
                                                                         inside + "/model/v1")));
  for (const auto& [name, value] : env) EXPECT_THAT(value, Not(HasSubstr("the-real-key"))) << name;
}

double FirstByteMillis(int fd) {
  const auto begin = std::chrono::steady_clock::now();
  SendAll(fd, kCall);
  ReadUntil(fd, "data:");
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

int ConnectDirectly(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_storage address = Loopback(port);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(sockaddr_in)), 0);
  return fd;
}

// Figures for people; the assertion is only that all bytes come.
TEST_F(BrokerTest, MeasuresWhatItAdds) {
  constexpr std::size_t kMegabytes = 64;
  std::atomic<std::size_t> megabytes = 0;
  OpenServer server([&](int fd) {
    ReadUntil(fd, "}");
    SendAll(fd, Cat(kEventHead, "data: one\n\n"));
    const std::string line = Cat("data: ", std::string((64 << 10) - 8, 'x'), "\n\n");
    for (std::size_t i = 0; i < 16 * megabytes; ++i) SendAll(fd, line);
  });
  Start({{"model", Model(server.url())}});
  std::vector<double> direct, brokered;
  for (int i = 0; i < 41; ++i) {
    const UniqueFd plain(ConnectDirectly(server.port()));
    direct.push_back(FirstByteMillis(plain.get()));
    InnerClient client(broker_->socket());
    brokered.push_back(FirstByteMillis(client.fd()));
  }
  std::sort(direct.begin(), direct.end());
  std::sort(brokered.begin(), brokered.end());
  megabytes = kMegabytes;
  const auto begin = std::chrono::steady_clock::now();
  const std::size_t bytes = Ask(kCall).size();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  EXPECT_GT(bytes, kMegabytes << 20);
  std::cout << "first byte: " << direct[20] << " ms direct, " << brokered[20]
            << " ms through the broker; " << static_cast<double>(kMegabytes) / seconds << " MB/s\n";
}

}  // namespace
}  // namespace regreen
