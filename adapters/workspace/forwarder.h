// The inner half of the one way out of a sandbox: a port of its loopback, carried to the broker's
// socket. Runs inside, in the hands of hostile code; it holds nothing.
#pragma once

#include <string>
#include <vector>

namespace regreen {

inline constexpr char kBrokerInside[] = "/regreen/egress";
inline constexpr char kForwarderInside[] = "/regreen/forward";
inline constexpr char kForwarderCommand[] = "internal-forward";
inline constexpr int kForwarderPort = 47128;

// Offers 127.0.0.1:PORT, runs the command, and carries until it ends. Arguments: the socket, the
// port, then the command. Answers its exit code, 126 with a sentence when it cannot be started.
int RunForwarder(const std::vector<std::string>& arguments);

}  // namespace regreen
