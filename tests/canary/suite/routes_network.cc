#include "tests/canary/suite/routes.h"

namespace regreen::canary {

std::vector<Route> NetworkRoutes() {
  const char* const kNoNetwork = "a network namespace with a loopback of its own";
  const char* const kFilter = "the system call filter";
  return {
      {"tcp", "a TCP connection to loopback", kNoNetwork, "./fixer tcp $CANARY_TCP",
       Sign::kReached},
      {"tcp_over_ipv6", "a TCP connection to ::1", kNoNetwork, "./fixer tcp6 $CANARY_TCP6",
       Sign::kReached},
      {"tcp_by_the_shell", "bash's own /dev/tcp", kNoNetwork,
       "echo spoils > /dev/tcp/127.0.0.1/$CANARY_TCP", Sign::kReached},
      {"udp", "a datagram to loopback", kNoNetwork, "./fixer udp $CANARY_UDP", Sign::kReached},
      {"dns", "a question to a resolver that carries the spoils", kNoNetwork,
       "./fixer dns $CANARY_DNS", Sign::kReached},
      {"abstract_socket", "an abstract unix socket", kNoNetwork, "./fixer abstract $CANARY_STREAM",
       Sign::kReached},
      {"abstract_datagram", "an abstract unix socket by a datagram", kNoNetwork,
       "./fixer abstract-datagram $CANARY_DATAGRAM", Sign::kReached},
      {"unix_socket", "a unix socket that is a file",
       "a file system with nothing but the system and the workspace", "./fixer path $CANARY_PATH",
       Sign::kReached},
      {"unix_socket_by_proc", "the same by /proc/PID/cwd", "a process namespace",
       "./fixer path /proc/$CANARY_PID/cwd/socket", Sign::kReached},
      {"vsock", "a socket to the hypervisor", kFilter, "./fixer vsock", Sign::kGained},
      {"netlink", "a socket to the kernel's network", kFilter, "./fixer netlink", Sign::kGained},
      {"packet_socket", "raw frames", kFilter, "./fixer packet", Sign::kGained, true},
      {"raw_socket", "raw ICMP", "no capability", "./fixer raw", Sign::kGained, true},
      {"calls_of_another_architecture", "netlink by a system call of i386",
       "the filter ends a process that makes one", "./fixer old-calls", Sign::kGained},
      {"ring_of_calls", "io_uring, whose calls no filter sees", kFilter, "./fixer ring",
       Sign::kGained},
      {"network_of_another_process", "setns into the daemon's network", kFilter,
       "./fixer enter $CANARY_PID", Sign::kGained, true},
      {"broker_that_was_not_asked_for", "the broker, where the template asks for no network",
       "without a network there is no socket",
       "printf 'CONNECT 127.0.0.1:%s HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' $CANARY_TCP | "
       "./fixer talk $CANARY_PROXY",
       Sign::kReached},
  };
}

namespace {

// Bytes for printf, sent to the broker. $P is a port on loopback that nobody may reach.
Route Ask(const char* name, const char* tries, const char* wall, const std::string& bytes) {
  return {name,
          tries,
          wall,
          "P=$CANARY_TCP; printf '%b' \"" + bytes + "\" | ./fixer talk $CANARY_PROXY",
          Sign::kReached,
          false,
          "",
          {"packages", "model"}};
}
Route Connect(const char* name, const char* tries, const char* wall, const std::string& target) {
  return Ask(name, tries, wall, "CONNECT " + target + " HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n");
}
Route Call(const char* name, const char* tries, const char* wall, const std::string& line,
           const std::string& headers = "") {
  return Ask(name, tries, wall,
             line + " HTTP/1.1\\r\\nHost: a\\r\\n" + headers + "Content-Length: 2\\r\\n\\r\\n{}");
}

}  // namespace

std::vector<Route> BrokerRoutes() {
  const char* const kList = "the set's list of hosts";
  const char* const kHead = "a head that could be read in two ways is refused";
  const char* const kPaths = "the set's list of calls";
  const char* const kNormal = "a path that is not in its normal form is refused";
  const char* const kOverride = "headers that mean another call are kept back";
  return {
      Connect("other_host", "a host that is not in the set", kList, "127.0.0.1:$P"),
      Connect("allowed_name_of_a_private_address", "an allowed name that leads to loopback",
              "the address is looked at, and that one is connected to", "localhost:$P"),
      Connect("allowed_name_with_a_dot", "the same, fully qualified",
              "the address is looked at, and that one is connected to", "localhost.:$P"),
      Connect("mapped_address", "IPv4 inside IPv6", kList, "[::ffff:127.0.0.1]:$P"),
      Connect("decimal_address", "127.0.0.1 as one number", kList, "2130706433:$P"),
      Connect("hexadecimal_address", "127.0.0.1 in base 16", kList, "0x7f000001:$P"),
      Connect("octal_address", "127.0.0.1 in base 8", kList, "0177.0.0.1:$P"),
      Connect("short_address", "127.1", kList, "127.1:$P"),
      Connect("this_host", "0.0.0.0, which is this machine", kList, "0.0.0.0:$P"),
      Connect("user_information", "an allowed host before an @", kList,
              "registry.test:443@127.0.0.1:$P"),
      Connect("escaped_nul", "an address, an escaped NUL, an allowed name", kList,
              "127.0.0.1%00.registry.test:$P"),
      Connect("escaped_dots", "an address with escaped dots", kList, "127%2e0%2e0%2e1:$P"),
      Ask("line_breaks_in_a_header", "a second request by a bare line feed", kHead,
          "CONNECT registry.test:443 HTTP/1.1\\r\\nX: a\\nCONNECT 127.0.0.1:$P "
          "HTTP/1.1\\r\\n\\r\\n"),
      Ask("carriage_return_in_a_target", "a second request by a bare carriage return", kHead,
          "CONNECT registry.test:443\\rCONNECT 127.0.0.1:$P HTTP/1.1\\r\\n\\r\\n"),
      Ask("folded_header", "a second request in a folded line", kHead,
          "CONNECT registry.test:443 HTTP/1.1\\r\\nX: a\\r\\n CONNECT 127.0.0.1:$P "
          "HTTP/1.1\\r\\n\\r\\n"),
      Ask("absolute_target", "a proxy's plain GET", "only CONNECT and the calls of a model go out",
          "GET http://127.0.0.1:$P/ HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"),
      Ask("second_request", "a call behind an allowed one, on one connection",
          "one request for each connection",
          "POST /model/v1/messages HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 2\\r\\n\\r\\n{}"
          "\\nCONNECT 127.0.0.1:$P HTTP/1.1\\r\\n\\r\\n"),
      Ask("two_lengths", "two lengths, and a call in between", kHead,
          "POST /model/v1/messages HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 2\\r\\n"
          "Content-Length: 60\\r\\n\\r\\n{}\\nDELETE /model/v1/files HTTP/1.1\\r\\n\\r\\n"),
      Ask("length_and_chunks", "a length and a transfer coding", kHead,
          "POST /model/v1/messages HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 4\\r\\n"
          "Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\nDELETE /model/v1/files "
          "HTTP/1.1\\r\\n\\r\\n"),
      Call("other_path_of_the_model", "a call that the set does not list", kPaths,
           "POST /model/v1/files"),
      Call("other_method_of_the_model", "a method that the set does not list", kPaths,
           "DELETE /model/v1/messages"),
      Call("dots_in_a_path", "..", kNormal, "POST /model/v1/messages/../files"),
      Call("escaped_dots_in_a_path", "%2e%2e", kNormal, "POST /model/v1/messages/%2e%2e/files"),
      Call("empty_part_of_a_path", "//", kNormal, "POST /model//v1//messages/../files"),
      Call("method_in_a_header", "X-HTTP-Method-Override", kOverride, "POST /model/v1/messages",
           "X-HTTP-Method-Override: DELETE\\r\\n"),
      Call("path_in_a_header", "X-Original-URL and X-Rewrite-URL", kOverride,
           "POST /model/v1/messages",
           "X-Original-URL: /v1/files\\r\\nX-Rewrite-URL: /v1/files\\r\\n"),
      Call("address_in_a_header", "X-Forwarded-Host and the like", kOverride,
           "POST /model/v1/messages", "X-Forwarded-Host: 127.0.0.1\\r\\n"),
      Call("header_in_another_spelling", "X_HTTP_Method_Override, which is the same to a CGI",
           kOverride, "POST /model/v1/messages", "X_HTTP_Method_Override: DELETE\\r\\n"),
      Call("redirect_of_the_model", "a redirect to an address of this machine",
           "no redirect is followed, nor told", "POST /model/v1/messages?redirect"),
  };
}

}  // namespace regreen::canary
