// A proxy that opens no way to anywhere.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <string>

#include "daemon/base/http.h"
#include "daemon/base/listener.h"
#include "daemon/base/text.h"

namespace regreen {

// Takes one request, says no, and keeps what it saw: to be read after the listener has stopped.
struct RefusingProxy {
  std::string seen;
  std::unique_ptr<Listener> listener;

  RefusingProxy() {
    ListenerOptions options;
    options.address = "127.0.0.1";
    listener = *Listener::Start(options, [this](const Listener&) {
      return [this](UniqueFd fd, const std::string&) {
        char buffer[4096];
        while (seen.find("\r\n\r\n") == std::string::npos) {
          pollfd readable{fd.get(), POLLIN, 0};  // the listener's sockets do not block
          if (poll(&readable, 1, 5000) <= 0) return;
          const ssize_t n = recv(fd.get(), buffer, sizeof buffer, 0);
          if (n <= 0) return;
          seen.append(buffer, static_cast<std::size_t>(n));
        }
        const std::string no = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        send(fd.get(), no.data(), no.size(), MSG_NOSIGNAL);
      };
    });
  }
  HttpUrl url() const { return *ParseProxy(Cat("http://127.0.0.1:", listener->port())); }
};

}  // namespace regreen
