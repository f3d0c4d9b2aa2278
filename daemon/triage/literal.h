// What text a regular expression cannot do without. Looking for that first, in one sweep over a
// log, spares running every expression on every line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regreen {

struct Literal {
  std::string text;
  bool caseless = false;  // ASCII letters of both cases are equal
  auto operator<=>(const Literal&) const = default;
};

// Every text that matches `pattern` (RE2 syntax, valid) holds at least one of these. Empty when
// nothing can be said. Among several such sets the one with the longest shortest text is taken.
std::vector<Literal> RequiredLiterals(std::string_view pattern);

}  // namespace regreen
