#include "daemon/domain/usage.h"

namespace regreen {

std::string ModelUrlVariable(std::string_view set) {
  std::string name = "REGREEN_MODEL_URL_";
  for (const char c : set)
    name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' ? '_' : c;
  return name;
}

}  // namespace regreen
