// A living process that stands for the daemon: secrets in its environment, its arguments, its
// memory and behind a descriptor.
#pragma once

#include <sys/types.h>

#include <string>

#include "daemon/base/file.h"

namespace regreen::canary {

struct StandInSecrets {
  std::string environment, arguments, memory, descriptor;
};

class StandIn {
 public:
  static constexpr int kDescriptor = 9;

  // `program` is the fixer, which has a route that only waits.
  StandIn(const std::string& program, const std::string& folder, const StandInSecrets& secrets);
  ~StandIn();
  StandIn(const StandIn&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& address() const { return address_; }  // of the secret in its memory
  bool Lives() const;

 private:
  pid_t pid_ = 0;
  UniqueFd input_;
  std::string address_;
};

}  // namespace regreen::canary
