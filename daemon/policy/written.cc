#include "daemon/policy/written.h"

#include "daemon/base/text.h"
#include "daemon/base/toml.h"

namespace regreen {

std::string List(const std::vector<std::string>& elements) {
  std::string out;
  for (const std::string& element : elements)
    Append(out, out.empty() ? "" : ", ", TomlString(element));
  return Cat("[", out, "]");
}

std::string Length(absl::Duration duration) {
  return TomlQuote(absl::FormatDuration(duration));
}

}  // namespace regreen
