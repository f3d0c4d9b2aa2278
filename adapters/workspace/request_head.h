// The head of an HTTP/1.1 request from inside a sandbox, read more strictly than a server must:
// what two programs could read in two ways is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/http.h"
#include "daemon/base/status.h"

namespace regreen {

struct RequestHead {
  std::string method, target;  // as sent; visible ASCII
  Headers headers;             // names in lower case
  std::int64_t content_length = 0;
  bool chunked = false;  // the only transfer coding that is taken
  bool expects_continue = false;
};

// `head` ends with its empty line. InvalidArgument for bare CR or LF, folded lines, control
// characters, spaces before a colon, two lengths or hosts, a transfer coding but `chunked` or one
// beside a length, another version (but of CONNECT also 1.0).
StatusOr<RequestHead> ParseRequestHead(std::string_view head);

// Without what belongs to this connection only (RFC 9110 section 7.6.1, also what `connection`
// names), what says who calls from where or means another call than the request line, and every
// credential.
Headers ForwardedHeaders(const Headers& headers, std::string_view key_header);

}  // namespace regreen
