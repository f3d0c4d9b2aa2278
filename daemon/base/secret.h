// Secrets are referred to, never written: "file:PATH", "env:NAME" or "credential:NAME" (a systemd
// credential). The value lives in a type that has no way to be printed by accident.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/status.h"

namespace regreen {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  bool empty() const { return value_.empty(); }
  // The one way to the bytes: for a header, a signature or a child's standard input; never a log,
  // an argument list, an environment or a file.
  const std::string& Reveal() const { return value_; }

 private:
  std::string value_;
};

// Reads a reference. One trailing line break of a file is not part of the secret. InvalidArgument
// for a reference of another form, NotFound when there is nothing there or it is empty.
StatusOr<Secret> ResolveSecret(std::string_view reference);

}  // namespace regreen
