#include "daemon/base/http.h"

#include <algorithm>
#include <optional>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxUrlBytes = 8192;

bool IsUrlByte(unsigned char c) {
  return c > 0x20 && c < 0x7f && c != '\\' && c != '"' && c != '<' && c != '>';
}

bool IsHostByte(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool IsIpv6Byte(unsigned char c) {
  return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

// "." and ".." in the spellings that servers decode.
std::size_t DotsIn(std::string_view segment) {
  std::size_t dots = 0;
  while (!segment.empty() && dots < 3) {
    if (segment[0] == '.') {
      segment.remove_prefix(1);
    } else if (segment.size() >= 3 && Lower(segment.substr(0, 3)) == "%2e") {
      segment.remove_prefix(3);
    } else {
      return 0;
    }
    ++dots;
  }
  return segment.empty() ? dots : 0;
}

// RFC 3986 section 5.2.4, so that a prefix that was allowed cannot be climbed out of.
std::string RemoveDotSegments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_in_slash = true;
  for (std::string_view segment : Split(path.substr(1), '/')) {
    const std::size_t dots = DotsIn(segment);
    ends_in_slash = segment.empty() || dots == 1 || dots == 2;
    if (dots == 1) continue;
    if (dots == 2) {
      if (!kept.empty()) kept.pop_back();
      continue;
    }
    kept.push_back(segment);
  }
  std::string out;
  for (std::string_view segment : kept) Append(out, '/', segment);
  if (ends_in_slash && (out.empty() || out.back() != '/')) out += '/';
  return out;
}

// Splits "host", "host:port" and "[v6]:port"; false when it is none of them.
bool ReadAuthority(std::string_view authority, HttpUrl* url) {
  std::string_view port;
  const std::string lower = Lower(authority);
  std::string_view rest = lower;
  if (!rest.empty() && rest[0] == '[') {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return false;
    url->host = std::string(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest[0] != ':') return false;
    if (!rest.empty()) port = rest.substr(1);
    if (!std::all_of(url->host.begin(), url->host.end(), IsIpv6Byte)) return false;
  } else {
    const std::size_t colon = rest.find(':');
    url->host = std::string(rest.substr(0, colon));
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
    if (!std::all_of(url->host.begin(), url->host.end(), IsHostByte)) return false;
  }
  if (url->host.empty()) return false;
  url->port = url->scheme == "https" ? 443 : 80;
  if (!port.empty()) {
    std::int64_t number = 0;
    if (!std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return false;
    if (!ParseInt64(port, &number) || number < 1 || number > 65535) return false;
    url->port = static_cast<int>(number);
  }
  return true;
}

}  // namespace

std::string_view HeaderValue(const Headers& headers, std::string_view lower_name) {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return {};
}

std::string HttpUrl::Origin() const {
  const bool v6 = host.find(':') != std::string::npos;
  return Cat(scheme, "://", v6 ? "[" : "", host, v6 ? "]" : "", ":", port);
}

bool IsLoopbackHost(std::string_view host) {
  // A name may begin with the same digits: 127.example.org is another machine.
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") &&
          host.find_first_not_of("0123456789.") == std::string_view::npos);
}

StatusOr<HttpUrl> ParseUrl(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return InvalidArgument("The URL is longer than 8192 bytes.");
  if (!std::all_of(text.begin(), text.end(), IsUrlByte)) {
    return InvalidArgument("The URL holds a character that must be percent-encoded.");
  }
  HttpUrl url;
  const std::size_t colon = text.find("://");
  if (colon != std::string_view::npos) url.scheme = Lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") {
    return InvalidArgument("The URL must begin with http:// or https://.");
  }
  text.remove_prefix(colon + 3);
  text = text.substr(0, text.find('#'));
  const std::size_t end = text.find_first_of("/?");
  const std::string_view authority = text.substr(0, end);
  const std::string_view rest =
      end == std::string_view::npos ? std::string_view() : text.substr(end);
  if (authority.find('@') != std::string_view::npos) {
    return InvalidArgument(
        "The URL must not hold a user name or a password: give them by a secret.");
  }
  if (!ReadAuthority(authority, &url)) {
    return InvalidArgument("The URL must name a host, and a port from 1 to 65535 if any.");
  }
  const std::size_t query = rest.find('?');
  const std::string_view path = rest.substr(0, query);
  url.path = path.empty() ? "/" : RemoveDotSegments(path);
  if (query != std::string_view::npos) Append(url.path, rest.substr(query));
  return url;
}

StatusOr<HttpUrl> ParseProxy(std::string_view text) {
  ASSIGN_OR_RETURN(HttpUrl url, ParseUrl(text));
  if (url.scheme != "http" || url.path != "/")
    return InvalidArgument("A proxy is named by http://HOST:PORT alone; https goes through it.");
  return url;
}

}  // namespace regreen
