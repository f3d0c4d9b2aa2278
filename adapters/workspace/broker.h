// The one way out of a sandbox: a unix socket in the workspace's own folder, served by the trusted
// side. Nothing but the egress sets that the workspace may use goes through; names are resolved and
// keys are added out here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/workspace/egress.h"
#include "daemon/base/listener.h"
#include "daemon/base/status.h"
#include "daemon/domain/usage.h"

namespace regreen {

using HostResolver = std::function<StatusOr<std::vector<sockaddr_storage>>(const HostPort&)>;

struct BrokerOptions {
  std::string folder;   // made for its owner alone; the socket is in it, and goes with it
  EgressSets sets;      // those that this workspace may use; CheckEgressSet has passed them
  std::string ca_file;  // for the calls of models; empty: the system's
  HostResolver resolve = ResolveHost;  // any thread
  // Of all calls of models together, beside the caps of the sets; 0: no cap.
  double max_usd = 0;
  std::int64_t max_tokens = 0;
};

struct BrokerState;

// A request from inside is one of two:
//   CONNECT host:port            a tunnel, of a set of packages. The address that was looked at is
//                                the one that is connected to.
//   METHOD /SET/path?query       a call of a model's fixed upstream; one for each connection, its
//                                answer is handed on as it comes
// All else is answered with 4xx and a sentence; what is used up with 403, so that no client tries
// again. A call whose answer passes what may be spent is broken off. Any thread; serves on threads
// of its own.
class Broker {
 public:
  static StatusOr<std::unique_ptr<Broker>> Start(BrokerOptions options);
  // Ends every connection. A call of a model that is still being resolved or connected is waited
  // for.
  ~Broker();

  const std::string& socket() const { return socket_; }
  // What commands find, so that their programs use it.
  std::vector<std::pair<std::string, std::string>> Environment() const;
  // What was connected, called and refused since it was asked last: a sentence a line, escaped. The
  // first few hundred, then their number.
  std::string TakeNotes();
  // What the calls of models came to so far, those that are being answered included.
  ModelUsage Usage() const;

 private:
  Broker(std::string socket, std::unique_ptr<BrokerState> state);

  const std::string socket_;
  std::unique_ptr<BrokerState> state_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace regreen
