// The standard input of a command that is spoken with, as a test hears it.
#pragma once

#include <string>
#include <string_view>

#include "daemon/ports/workspace.h"

namespace regreen {

struct HeardInput final : ExecInput {
  void Write(std::string_view bytes) override { text += bytes; }
  void Close() override { closed = true; }
  std::string text;
  bool closed = false;
};

}  // namespace regreen
