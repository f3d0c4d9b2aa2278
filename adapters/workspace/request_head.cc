#include "adapters/workspace/request_head.h"

#include <algorithm>
#include <array>
#include <vector>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxHeaders = 100;
constexpr std::int64_t kMostLength = std::int64_t{1} << 40;

constexpr std::array<std::string_view, 20> kKeptBack = {"connection",
                                                        "keep-alive",
                                                        "proxy-connection",
                                                        "te",
                                                        "trailer",
                                                        "transfer-encoding",
                                                        "upgrade",
                                                        "host",
                                                        "cookie",
                                                        "content-length",
                                                        "authorization",
                                                        "x-api-key",
                                                        "proxy-authorization",
                                                        "api-key",
                                                        "x-goog-api-key",
                                                        "accept-encoding",
                                                        "expect",
                                                        "forwarded",
                                                        "x-real-ip",
                                                        "via"};

// By these some servers take a request for another: its method, path, host or sender.
constexpr std::array<std::string_view, 6> kMeansAnother = {
    "x-forwarded-", "x-original-", "x-rewrite-", "x-http-", "x-method-", "x-host"};

// A name with `_` is the one with `-` to whoever hands headers on as variables (RFC 3875 section
// 4.1.18).
bool IsKeptBackByItsLooks(const std::string& name) {
  return name.find('_') != std::string::npos ||
         std::any_of(kMeansAnother.begin(), kMeansAnother.end(),
                     [&](std::string_view start) { return name.starts_with(start); });
}

bool IsTokenByte(char c) {  // RFC 9110 section 5.6.2
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenByte);
}

bool IsVisible(char c) {
  return c > 0x20 && c < 0x7f;
}

bool IsValueByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

Status ReadRequestLine(std::string_view line, RequestHead& out) {
  const std::vector<std::string_view> words = Split(line, ' ');
  // A tunnel means the same in both versions, and Python asks for it in the older one.
  const bool known = words.size() == 3 &&
                     (words[2] == "HTTP/1.1" || (words[2] == "HTTP/1.0" && words[0] == "CONNECT"));
  if (!known) return InvalidArgument("the request line must be a method, a target and HTTP/1.1");
  if (!IsToken(words[0])) return InvalidArgument("the method is no word");
  if (words[1].empty() || !std::all_of(words[1].begin(), words[1].end(), IsVisible))
    return InvalidArgument("the target holds a character that may not be there");
  out.method = words[0];
  out.target = words[1];
  return OkStatus();
}

Status ReadHeader(std::string_view line, RequestHead& out) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon)))
    return InvalidArgument("a header has no name, or one that may not be");
  const std::string_view value = Trim(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), IsValueByte))
    return InvalidArgument("a header holds a control character");
  if (out.headers.size() >= kMaxHeaders) return InvalidArgument("there are too many headers");
  out.headers.emplace_back(Lower(line.substr(0, colon)), value);
  return OkStatus();
}

Status ReadFraming(RequestHead& out) {
  int lengths = 0, hosts = 0, codings = 0;
  for (const auto& [name, value] : out.headers) {
    if (name == "transfer-encoding") {
      ++codings;
      out.chunked = Lower(value) == "chunked";
      if (!out.chunked) return InvalidArgument("of transfer codings only chunked is taken");
    }
    if (name == "host") ++hosts;
    if (name == "expect") out.expects_continue = Lower(value) == "100-continue";
    if (name != "content-length") continue;
    ++lengths;
    const bool digits = !value.empty() && std::all_of(value.begin(), value.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || !ParseInt64(value, &out.content_length) || out.content_length > kMostLength)
      return InvalidArgument("the Content-Length is no length");
  }
  if (lengths + codings > 1 || hosts > 1) return InvalidArgument("a header is there twice");
  return OkStatus();
}

}  // namespace

StatusOr<RequestHead> ParseRequestHead(std::string_view head) {
  RequestHead out;
  bool first = true;
  while (true) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos) return InvalidArgument("the head does not end");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
      return InvalidArgument("a line of the head is broken in another way than by CR and LF");
    if (line.empty()) break;
    if (first) {
      RETURN_IF_ERROR(ReadRequestLine(line, out));
    } else {
      RETURN_IF_ERROR(ReadHeader(line, out));
    }
    first = false;
  }
  if (first || !head.empty()) return InvalidArgument("the head is not one request");
  RETURN_IF_ERROR(ReadFraming(out));
  return out;
}

Headers ForwardedHeaders(const Headers& headers, std::string_view key_header) {
  std::vector<std::string> kept_back = {Lower(key_header)};
  for (const auto& [name, value] : headers) {
    if (name != "connection") continue;
    for (const std::string_view word : Split(value, ',')) kept_back.push_back(Lower(Trim(word)));
  }
  Headers out;
  for (const auto& header : headers) {
    const std::string& name = header.first;
    if (std::find(kKeptBack.begin(), kKeptBack.end(), name) != kKeptBack.end()) continue;
    if (std::find(kept_back.begin(), kept_back.end(), name) != kept_back.end()) continue;
    if (!IsKeptBackByItsLooks(name)) out.push_back(header);
  }
  return out;
}

}  // namespace regreen
