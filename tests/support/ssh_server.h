// A real sshd on the loopback, of the user that runs the tests: its own configuration, keys and
// port. It ends with this object.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/status.h"

namespace regreen {

class SshServer {
 public:
  // FailedPrecondition says what this machine has not.
  static StatusOr<std::unique_ptr<SshServer>> Start();
  ~SshServer();

  // Words for a client, so that it logs in here and asks nothing.
  std::vector<std::string> ClientOptions() const;
  // Ends every session and takes no more, as when the machine is gone.
  void Stop();

 private:
  explicit SshServer(TempDir folder) : folder_(std::move(folder)) {}

  TempDir folder_;
  int port_ = 0;
  std::jthread server_;
};

}  // namespace regreen
