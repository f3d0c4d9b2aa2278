// Where the value of an input may come from: `from` of an input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/status.h"

namespace regreen {

struct InputSource {
  enum class Kind {
    kLog,      // log.<name>: what a named group of a log or command pattern caught
    kFact,     // incident.<name> or run.<name>: what is known of the failure
    kOutputs,  // outputs.<name>: what a step before writes, so known only then
  };
  Kind kind = Kind::kFact;
  std::string name;      // "cause"; of a fact the whole, "incident.class"
  bool trusted = false;  // no stranger writes it
  bool list = false;     // it gives a list
};

// InvalidArgument says what is wrong, with the nearest right name.
StatusOr<InputSource> ParseInputSource(std::string_view from);

// [a-z][a-z0-9_]*, at most 40.
bool IsValueName(std::string_view name);

}  // namespace regreen
