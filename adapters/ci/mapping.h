// The map of a generic CI: for each field of a run a JSON pointer (RFC 6901) or a constant.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/base/status.h"

namespace regreen {

class Mapping {
 public:
  // `problems` gets a line for each unknown field, missing field and malformed source.
  static Mapping Read(const std::map<std::string, std::string>& map,
                      std::vector<std::string>& problems);

  bool Has(std::string_view field) const { return sources_.find(field) != sources_.end(); }
  // The field's value as text: a constant, a string, or a whole number. "" when it is not mapped,
  // absent or null; InvalidArgument for another type.
  StatusOr<std::string> Text(const Json& payload, std::string_view field) const;

 private:
  struct Source {
    bool constant = false;
    std::string text;  // the constant, or the pointer
  };
  std::map<std::string, Source, std::less<>> sources_;
};

}  // namespace regreen
