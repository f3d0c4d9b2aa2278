// A load generator for webhooks: keep-alive connections on one thread by epoll, a GUID of its own
// for each delivery, the signature computed once beforehand (the body is the same).
//   accept_load --port P --path /hooks/github --secret-file F --body F [--connections 64]
//   [--seconds 5] [--rate R]
// Without --rate the loop is closed: each connection sends its next delivery when it has its
// answer. With it the loop is open: deliveries are due R times a second, and latency counts from
// when one was due, so that a server that stalls cannot hide it. Prints one line of key=value;
// exits 1 when an answer was not 2xx.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/hmac.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "accept_load: %s\n", why.c_str());
  std::exit(2);
}

struct Options {
  int port = 0, connections = 64, seconds = 5;
  double rate = 0;  // a second; 0: closed loop
  std::string path = "/hooks/github", secret_file, body_file;
};

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) Die("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

Options ParseOptions(int argc, char** argv) {
  Options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    const char* value = argv[i + 1];
    if (key == "--port")
      o.port = std::atoi(value);
    else if (key == "--path")
      o.path = value;
    else if (key == "--secret-file")
      o.secret_file = value;
    else if (key == "--body")
      o.body_file = value;
    else if (key == "--connections")
      o.connections = std::atoi(value);
    else if (key == "--seconds")
      o.seconds = std::atoi(value);
    else if (key == "--rate")
      o.rate = std::atof(value);
    else
      Die("unknown option " + std::string(key));
  }
  const bool bounded =
      o.connections >= 1 && o.connections <= 1000 && o.seconds >= 1 && o.seconds <= 60;
  if (o.port <= 0 || o.body_file.empty() || o.secret_file.empty() || !bounded)
    Die("see the head of accept_load.cc");
  return o;
}

std::string Hex(const unsigned char* bytes, std::size_t size) {
  std::string out;
  char two[3];
  for (std::size_t i = 0; i < size; ++i) {
    std::snprintf(two, sizeof two, "%02x", bytes[i]);
    out += two;
  }
  return out;
}

std::string SignatureOf(const std::string& secret, const std::string& body) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest, &size);
  return Hex(digest, size);
}

struct Connection {
  int fd = -1;
  bool busy = false, fresh = true;
  std::string head;      // of the request being sent
  std::size_t sent = 0;  // of head and body together
  std::string answer;
  Clock::time_point due;
};

class Load {
 public:
  Load(const Options& options, std::string secret, std::string body)
      : options_(options), body_(std::move(body)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    fixed_ = "POST " + options.path +
             " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" +
             "X-GitHub-Event: workflow_run\r\nX-Hub-Signature-256: sha256=" +
             SignatureOf(secret, body_) + "\r\nContent-Length: " + std::to_string(body_.size()) +
             "\r\nX-GitHub-Delivery: ";
    unsigned char random[8];
    if (getrandom(random, sizeof random, 0) != sizeof random) Die("no random bytes");
    guid_prefix_ = Hex(random, sizeof random);
    connections_.resize(static_cast<std::size_t>(options.connections));
    for (std::size_t i = 0; i < connections_.size(); ++i) Connect(i);
  }

  int Run() {
    start_ = Clock::now();
    end_ = start_ + std::chrono::seconds(options_.seconds);
    // What is under way at the end gets a little longer to be answered.
    const auto last = end_ + std::chrono::seconds(10);
    while (Clock::now() < last) {
      Dispatch();
      if (Clock::now() >= end_ && under_way_ == 0) break;
      Wait();
    }
    return Report();
  }

 private:
  void Connect(std::size_t index) {
    Connection& c = connections_[index];
    if (c.fd >= 0) close(c.fd);
    c = Connection();
    c.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(c.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      Die(std::string("cannot connect: ") + std::strerror(errno));
    }
    const int one = 1;
    setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c.fd, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
    idle_.push_back(index);
  }

  // Gives idle connections their next delivery, when one is due.
  void Dispatch() {
    const auto now = Clock::now();
    while (!idle_.empty()) {
      auto due = now;
      if (options_.rate > 0) {
        due = start_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                           static_cast<double>(started_) / options_.rate));
        if (due > now) return;
      }
      if (due >= end_) return;
      const std::size_t index = idle_.front();
      idle_.pop_front();
      Begin(index, due);
    }
  }

  void Begin(std::size_t index, Clock::time_point due) {
    Connection& c = connections_[index];
    c.head = fixed_ + guid_prefix_ + "-" + std::to_string(started_++) + "\r\n\r\n";
    c.sent = 0;
    c.due = due;
    c.busy = true;
    c.answer.clear();
    ++under_way_;
    Send(index);
  }

  void Send(std::size_t index) {
    Connection& c = connections_[index];
    const std::size_t all = c.head.size() + body_.size();
    while (c.sent < all) {
      iovec parts[2];
      int count = 0;
      if (c.sent < c.head.size()) parts[count++] = {c.head.data() + c.sent, c.head.size() - c.sent};
      const std::size_t of_body = c.sent > c.head.size() ? c.sent - c.head.size() : 0;
      parts[count++] = {body_.data() + of_body, body_.size() - of_body};
      const ssize_t n = writev(c.fd, parts, count);
      if (n < 0 && errno == EAGAIN) break;
      if (n < 0) return Broken(index);
      c.sent += static_cast<std::size_t>(n);
    }
    epoll_event event{};
    event.events = EPOLLIN | (c.sent < all ? static_cast<std::uint32_t>(EPOLLOUT) : 0u);
    event.data.u64 = index;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
  }

  void Wait() {
    epoll_event events[256];
    // In the open loop the next delivery may be due before anything is answered.
    const int n = epoll_wait(epoll_, events, 256, options_.rate > 0 ? 1 : 100);
    for (int i = 0; i < n; ++i) {
      const std::size_t index = events[i].data.u64;
      if (events[i].events & EPOLLOUT) Send(index);
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) Receive(index);
    }
  }

  void Receive(std::size_t index) {
    Connection& c = connections_[index];
    char buffer[4096];
    const ssize_t n = read(c.fd, buffer, sizeof buffer);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return Broken(index);
    c.answer.append(buffer, static_cast<std::size_t>(n));
    const std::size_t head = c.answer.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const bool length_known = HeaderNumber(c.answer, head) >= 0;
    if (length_known &&
        c.answer.size() < head + 4 + static_cast<std::size_t>(HeaderNumber(c.answer, head)))
      return;
    Finish(index);
  }

  static long HeaderNumber(const std::string& answer, std::size_t head) {
    const std::size_t at = answer.find("Content-Length: ");
    return at == std::string::npos || at > head ? -1 : std::atol(answer.c_str() + at + 16);
  }

  void Finish(std::size_t index) {
    Connection& c = connections_[index];
    const int status = std::atoi(c.answer.c_str() + 9);
    status >= 200 && status < 300 ? ++ok_ : ++other_;
    latencies_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - c.due).count());
    last_answer_ = Clock::now();
    --under_way_;
    c.busy = c.fresh = false;
    if (c.answer.find("Connection: close") != std::string::npos) return Connect(index);
    idle_.push_back(index);
  }

  // A server may close a kept connection between two requests; the one that raced with it is sent
  // again.
  void Broken(std::size_t index) {
    Connection& c = connections_[index];
    const bool was_busy = c.busy, was_fresh = c.fresh;
    if (was_busy) --under_way_;
    if (was_busy && was_fresh) ++other_;
    idle_.erase(std::remove(idle_.begin(), idle_.end(), index), idle_.end());
    Connect(index);
    if (was_busy && !was_fresh) ++resent_;
  }

  int Report() {
    other_ += under_way_;
    if (latencies_.empty()) Die("nothing was answered");
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [&](double q) {
      return latencies_[static_cast<std::size_t>(q * static_cast<double>(latencies_.size() - 1))];
    };
    const double seconds = std::chrono::duration<double>(last_answer_ - start_).count();
    std::printf(
        "answered=%zu per_second=%.0f not_2xx=%zu resent=%zu p50_ms=%.3f p99_ms=%.3f max_ms=%.3f\n",
        ok_, static_cast<double>(ok_) / seconds, other_, resent_, at(0.5), at(0.99),
        latencies_.back());
    return other_ == 0 ? 0 : 1;
  }

  const Options options_;
  std::string body_;
  std::string fixed_, guid_prefix_;
  int epoll_;
  std::vector<Connection> connections_;
  std::deque<std::size_t> idle_;
  std::size_t started_ = 0, under_way_ = 0, ok_ = 0, other_ = 0, resent_ = 0;
  std::vector<double> latencies_;
  Clock::time_point start_, end_, last_answer_;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  return Load(options, ReadFile(options.secret_file), ReadFile(options.body_file)).Run();
}
