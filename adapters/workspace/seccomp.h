// The system calls that a sandbox may not make (libseccomp; seccomp.cc owns it).
#pragma once

#include <string>

#include "daemon/base/status.h"

namespace regreen {

// A filter for bubblewrap's --seccomp, as the kernel takes it. It is a second wall behind the
// namespaces: sockets that reach past them (AF_VSOCK, AF_NETLINK, AF_PACKET and all others but unix
// and internet), new namespaces, mounts, and interfaces that CI never needs and exploits often do.
StatusOr<std::string> SandboxFilter();

}  // namespace regreen
