#include "daemon/base/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// A burst of new connections waits here; the kernel lowers it to net.core.somaxconn.
constexpr int kBacklog = 4096;
constexpr int kPauseMillis = 100;  // when the process is out of descriptors

struct AddressInfoDeleter {
  void operator()(addrinfo* info) const { freeaddrinfo(info); }
};

bool IsMappedV4(const in6_addr& address) {
  return IN6_IS_ADDR_V4MAPPED(&address);
}

// What a person calls the peer.
std::string PeerName(const sockaddr_storage& peer) {
  char text[INET6_ADDRSTRLEN] = "";
  if (peer.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(peer).sin_addr, text, sizeof text);
  } else if (peer.ss_family == AF_INET6) {
    const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    if (IsMappedV4(address)) {
      inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &address, text, sizeof text);
    }
  }
  return text;
}

// One client of IPv6 has a whole /64 to choose addresses from.
std::string CountedAs(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET6) {
    const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    if (!IsMappedV4(address)) return std::string(reinterpret_cast<const char*>(&address), 8);
  }
  return PeerName(peer);
}

StatusOr<UniqueFd> Bind(const addrinfo& info, const ListenerOptions& options) {
  UniqueFd fd(socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return ErrnoStatus(errno, "A socket could not be made");
  const int on = 1;
  // Binds again at once after a restart; two listeners at a time stay impossible.
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd.get(), info.ai_addr, info.ai_addrlen) == 0 && listen(fd.get(), kBacklog) == 0)
    return fd;
  const int error = errno;
  const std::string where = Cat(options.address, " port ", options.port);
  if (error == EADDRINUSE) {
    return AlreadyExists(
        Cat("Something listens on ", where, " already: stop it, or choose another port."));
  }
  if (error == EADDRNOTAVAIL) {
    return InvalidArgument(Cat("This machine has no address ", options.address, "."));
  }
  return ErrnoStatus(error, Cat("Could not listen on ", where));
}

StatusOr<UniqueFd> BindUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return InvalidArgument(Cat("The path of a socket is too long: ", path));
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return ErrnoStatus(errno, "A socket could not be made");
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return ErrnoStatus(errno, Cat("Could not listen on ", path));
  }
  return fd;
}

}  // namespace

Listener::Listener(ListenerOptions options, MakeWorker make_worker)
    : options_(std::move(options)), make_worker_(std::move(make_worker)) {}

Status Listener::Open() {
  if (options_.unix_path.empty()) {
    RETURN_IF_ERROR(OpenPort());
  } else {
    ASSIGN_OR_RETURN(listen_fd_, BindUnix(options_.unix_path));
  }
  stop_fd_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_fd_) return ErrnoStatus(errno, "An event descriptor could not be made");
  return OkStatus();
}

Status Listener::OpenPort() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(options_.port);
  if (options_.port < 0 || options_.port > 65535 || options_.address.empty() ||
      getaddrinfo(options_.address.c_str(), service.c_str(), &hints, &found) != 0) {
    return InvalidArgument(
        Cat("\"", options_.address, "\" port ", options_.port, " is not an address to listen on."));
  }
  const std::unique_ptr<addrinfo, AddressInfoDeleter> owner(found);
  ASSIGN_OR_RETURN(listen_fd_, Bind(*found, options_));
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(listen_fd_.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return ErrnoStatus(errno, "The port that was bound could not be read");
  }
  // The port is at one place in both families' structures.
  port_ = ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
  return OkStatus();
}

StatusOr<std::unique_ptr<Listener>> Listener::Start(ListenerOptions options,
                                                    MakeWorker make_worker) {
  std::unique_ptr<Listener> listener(new Listener(std::move(options), std::move(make_worker)));
  RETURN_IF_ERROR(listener->Open());
  try {
    listener->acceptor_ = std::thread([raw = listener.get()] { raw->AcceptLoop(); });
  } catch (const std::system_error& error) {
    return ErrnoStatus(error.code().value(), "A thread for new connections could not be made");
  }
  return listener;
}

void Listener::AcceptLoop() {
  while (!stopping()) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    UniqueFd fd(accept4(listen_fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                        SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd) {
      const int on = 1;
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      Admit({std::move(fd), PeerName(peer), CountedAs(peer)});
      continue;
    }
    const bool nobody = errno == EAGAIN || errno == EWOULDBLOCK;
    const bool spent = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (!nobody && !spent) continue;  // that one connection failed before it was accepted
    pollfd polled[2] = {{stop_fd_.get(), POLLIN, 0}, {listen_fd_.get(), POLLIN, 0}};
    poll(polled, spent ? 1 : 2, spent ? kPauseMillis : -1);
  }
}

void Listener::Admit(Connection connection) {
  if (Enqueue(connection)) return;
  // A fresh socket's buffer takes this without waiting. Reading what has come already keeps the
  // close from resetting the connection before the answer is seen.
  const std::string& answer = options_.busy_answer;
  if (send(connection.fd.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    shutdown(connection.fd.get(), SHUT_WR);
    char discarded[4096];
    (void)!recv(connection.fd.get(), discarded, sizeof discarded, MSG_DONTWAIT);
  }
}

bool Listener::Enqueue(Connection& connection) {
  MutexLock lock(mutex_);
  if (connections_ >= options_.max_connections) return false;
  int& of_address = per_address_[connection.counted_as];
  const int cap = options_.max_connections_per_address;
  if (cap > 0 && of_address >= cap) return false;
  if (idle_ <= static_cast<int>(waiting_.size())) {
    try {
      workers_.emplace_back([this] { Work(); });
    } catch (const std::system_error&) {
      LogWarning("No thread could be made for a connection; it was refused.",
                 {{"peer", connection.peer}});
      if (of_address == 0) per_address_.erase(connection.counted_as);
      return false;
    }
  }
  ++of_address;
  ++connections_;
  waiting_.push_back(std::move(connection));
  wake_.notify_one();
  return true;
}

void Listener::Work() {
  const Serve serve = make_worker_(*this);
  while (true) {
    Connection connection;
    {
      MutexLock lock(mutex_);
      ++idle_;
      while (waiting_.empty() && !stopping()) wake_.wait(mutex_);
      --idle_;
      if (waiting_.empty()) return;
      connection = std::move(waiting_.front());
      waiting_.pop_front();
    }
    serve(std::move(connection.fd), connection.peer);
    Forget(connection.counted_as);
  }
}

void Listener::Forget(const std::string& counted_as) {
  MutexLock lock(mutex_);
  --connections_;
  const auto found = per_address_.find(counted_as);
  if (--found->second == 0) per_address_.erase(found);
}

void Listener::Stop() {
  if (!acceptor_.joinable()) return;
  stopping_ = true;
  const std::uint64_t one = 1;
  (void)!write(stop_fd_.get(), &one, sizeof one);
  acceptor_.join();
  listen_fd_.Reset();
  std::vector<std::thread> workers;
  {
    MutexLock lock(mutex_);
    workers.swap(workers_);
    wake_.notify_all();
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace regreen
