// A TCP port or a unix socket, and a thread for each connection to it. Knows nothing of HTTP.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/mutex.h"
#include "daemon/base/status.h"

namespace regreen {

struct ListenerOptions {
  std::string address;
  int port = 0;                         // 0: a free one
  int max_connections = 512;            // each has a thread of its own
  int max_connections_per_address = 0;  // 0: no cap; an IPv6 client is its /64
  std::string busy_answer;              // sent, unasked, to a connection beyond a cap
  std::string unix_path;                // a socket file to be made, instead of a port; not removed
};

// Threads are made when they are needed and kept: an idle one costs some kilobytes. Never shares
// the port with another process, so that a second instance fails instead of taking half of the
// requests.
class Listener {
 public:
  // Serves one connection to its end, on a worker's thread. Must not throw.
  using Serve = std::function<void(UniqueFd fd, const std::string& peer)>;
  // Called once for each worker thread.
  using MakeWorker = std::function<Serve(const Listener& listener)>;

  // AlreadyExists when the port is taken; PermissionDenied; InvalidArgument for an address that is
  // none.
  static StatusOr<std::unique_ptr<Listener>> Start(ListenerOptions options, MakeWorker make_worker);
  ~Listener() { Stop(); }

  int port() const { return port_; }
  int stop_fd() const { return stop_fd_.get(); }  // readable from Stop() on
  // More than three quarters of the connections are taken: idle ones should end.
  bool crowded() const {
    return connections_.load(std::memory_order_relaxed) > options_.max_connections * 3 / 4;
  }
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

  // Accepts no more, and waits for the connections being served. Not from a worker.
  void Stop();

 private:
  struct Connection {
    UniqueFd fd;
    std::string peer, counted_as;
  };
  Listener(ListenerOptions options, MakeWorker make_worker);
  Status Open();
  Status OpenPort();
  void AcceptLoop();
  void Admit(Connection connection);
  bool Enqueue(Connection& connection);
  void Work();
  void Forget(const std::string& counted_as);

  const ListenerOptions options_;
  const MakeWorker make_worker_;
  UniqueFd listen_fd_, stop_fd_;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;

  Mutex mutex_;
  CondVar wake_;
  std::deque<Connection> waiting_ RG_GUARDED_BY(mutex_);
  int idle_ RG_GUARDED_BY(mutex_) = 0;
  std::map<std::string, int> per_address_ RG_GUARDED_BY(mutex_);
  std::vector<std::thread> workers_ RG_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace regreen
