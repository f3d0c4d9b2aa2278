#include "tests/canary/suite/model.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen::canary {
namespace {

constexpr int kSilence = 150;  // milliseconds

UniqueFd Connect(const std::string& host, const std::string& port) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;  // no name of these tests is asked for outside
  const std::string plain = host == "localhost" ? "127.0.0.1" : host;
  if (getaddrinfo(plain.c_str(), port.c_str(), &hints, &found) != 0) return UniqueFd();
  UniqueFd fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0) fd.Reset();
  freeaddrinfo(found);
  return fd;
}

// Whatever stands before an `@` or behind a NUL is overlooked, an address may be spelled in any
// way, and the port that is missing is the web's.
void Touch(std::string authority) {
  authority = authority.substr(0, authority.find('/'));
  authority = PercentDecode(authority, false);
  authority = authority.substr(authority.rfind('@') + 1);
  const std::size_t colon = authority.rfind(':');
  std::string host = authority.substr(0, colon);
  host = host.substr(0, host.find('\0'));
  std::erase_if(host, [](char c) { return c == '[' || c == ']'; });
  if (host.ends_with('.')) host.pop_back();
  const UniqueFd fd =
      Connect(host, colon == std::string::npos ? "80" : authority.substr(colon + 1));
  if (fd) SendAll(fd.get(), "spoils\n");
}

// What came until there was silence.
std::string ReadAllThatComes(int fd) {
  std::string text;
  char bytes[16 << 10];
  for (pollfd polled = {fd, POLLIN, 0}; poll(&polled, 1, text.empty() ? 5000 : kSilence) > 0;) {
    const ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) break;
    text.append(bytes, static_cast<std::size_t>(n));
  }
  return text;
}

// "/a/../b", "/a/%2e%2e/b" and "//b" are "/b".
std::string Normal(const std::string& target) {
  const std::string path = PercentDecode(target.substr(0, target.find('?')), false);
  std::vector<std::string> parts;
  for (const std::string_view part : Split(path, '/')) {
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.emplace_back(part);
  }
  const std::size_t query = target.find('?');
  return Cat("/", Join(parts, "/"), query == std::string::npos ? "" : target.substr(query));
}

}  // namespace

Model::Model(std::string key, int forbidden_port)
    : key_(std::move(key)),
      forbidden_port_(forbidden_port),
      server_(std::make_unique<OpenServer>([this](int fd) { Serve(fd); })),
      lenient_(std::make_unique<OpenServer>([this](int fd) { ServeLeniently(fd); })) {}

void Model::Serve(int fd) {
  const std::string head = ReadUntil(fd, "\r\n\r\n");
  const std::string line = head.substr(0, head.find("\r\n"));
  const std::string lower = Lower(head);
  const bool allowed = line.starts_with("POST /v1/messages HTTP/1.1") ||
                       line.starts_with("POST /v1/messages?redirect HTTP/1.1");
  const bool means_other = lower.find("override") != std::string::npos ||
                           lower.find("x_http_method") != std::string::npos ||
                           lower.find("x-original-url") != std::string::npos ||
                           lower.find("x-rewrite-url") != std::string::npos ||
                           lower.find("x-forwarded") != std::string::npos;
  {
    const std::lock_guard lock(mutex_);
    if (!allowed || means_other) Append(forbidden_, "the model's ", line, " ");
    if (allowed && head.find(key_) != std::string::npos) ++allowed_;
  }
  if (line.find("?redirect") != std::string::npos) {
    SendAll(fd, Cat("HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:", forbidden_port_,
                    "/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
  } else {
    SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
  }
}

void Model::Forward(const std::string& method, const std::string& target,
                    const std::string& headers) const {
  const UniqueFd fd = Connect("127.0.0.1", std::to_string(server_->port()));
  SendAll(fd.get(), Cat(method, " ", Normal(target), " HTTP/1.1\r\nx-api-key: ", key_, "\r\n",
                        headers, "\r\n"));
  const std::string answer = ReadAllThatComes(fd.get());
  constexpr std::string_view kLocation = "Location: http://";
  const std::size_t at = answer.find(kLocation);
  if (at != std::string::npos) Touch(answer.substr(at + kLocation.size()));
}

// Every line that looks like a request is one, wherever it stands.
void Model::ServeLeniently(int fd) const {
  const std::string text = ReadAllThatComes(fd);
  std::string headers;
  for (const std::string_view line : Split(text, '\n'))
    if (Lower(line).starts_with("x-") || Lower(line).starts_with("x_"))
      Append(headers, Trim(line), "\r\n");
  std::string flat = text;
  std::replace(flat.begin(), flat.end(), '\r', '\n');
  for (const std::string_view line : Split(flat, '\n')) {
    std::vector<std::string> words;
    for (const std::string_view word : Split(line, ' '))
      if (!word.empty()) words.emplace_back(word);
    if (words.size() < 2) continue;
    constexpr std::string_view kModel = "/model/", kScheme = "http://";
    if (words[0] == "CONNECT") Touch(words[1]);
    if (words[1].starts_with(kScheme)) Touch(words[1].substr(kScheme.size()));
    if (words[1].starts_with(kModel))
      Forward(words[0], words[1].substr(kModel.size() - 1), headers);
  }
  SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

std::string Model::Forbidden() {
  const std::lock_guard lock(mutex_);
  return std::exchange(forbidden_, "");
}

int Model::allowed() const {
  const std::lock_guard lock(mutex_);
  return allowed_;
}

}  // namespace regreen::canary
