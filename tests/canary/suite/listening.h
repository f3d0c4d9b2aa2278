// Sockets of this machine that nothing should reach. Nobody serves them: the kernel keeps what
// came.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/file.h"

namespace regreen::canary {

class Listening {
 public:
  // `folder`: where the socket that is a file lies.
  explicit Listening(const std::string& folder);

  // "tcp", "tcp6", "udp", "dns"; 0 where this machine has no such network.
  int port(const std::string& name) const;
  // "stream", "datagram": abstract names. "path": of a file.
  const std::string& address(const std::string& name) const;
  // The names of those that were reached since it was asked last.
  std::string Reached();

 private:
  struct Socket {
    UniqueFd fd;
    bool stream = true;
    int port = 0;
    std::string address;
  };
  void AddInternet(const std::string& name, int family, int type);
  void AddUnix(const std::string& name, int type, const std::string& address, bool abstract);

  std::map<std::string, Socket> sockets_;
};

}  // namespace regreen::canary
