#include "adapters/ci/mapping.h"

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

const std::vector<std::string>& Fields() {
  static const std::vector<std::string> fields = {
      "repo", "commit", "branch",  "run_id", "attempt", "conclusion", "event", "workflow",
      "job",  "step",   "command", "log",    "log_url", "link",       "key"};
  return fields;
}

// RFC 6901: "~" is followed by 0 or 1.
bool IsPointer(std::string_view text) {
  if (!text.starts_with('/')) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
      return false;
  }
  return true;
}

}  // namespace

Mapping Mapping::Read(const std::map<std::string, std::string>& map,
                      std::vector<std::string>& problems) {
  Mapping mapping;
  for (const auto& [field, source] : map) {
    if (std::find(Fields().begin(), Fields().end(), field) == Fields().end()) {
      problems.push_back(Cat("map has the unknown field \"", EscapeControl(field), "\"",
                             DidYouMean(field, Fields())));
    } else if (source.starts_with('=')) {
      mapping.sources_[field] = {true, source.substr(1)};
    } else if (IsPointer(source)) {
      mapping.sources_[field] = {false, source};
    } else {
      problems.push_back(
          Cat("map.", field, " = \"", EscapeControl(source),
              "\" must be a JSON pointer such as \"/run/id\" or a constant such as \"=text\""));
    }
  }
  for (const char* needed : {"repo", "commit", "run_id"}) {
    if (map.count(needed) == 0) problems.push_back(Cat("map.", needed, " is needed"));
  }
  return mapping;
}

StatusOr<std::string> Mapping::Text(const Json& payload, std::string_view field) const {
  const auto found = sources_.find(field);
  if (found == sources_.end()) return std::string();
  const Source& source = found->second;
  if (source.constant) return source.text;
  const auto value = payload.Pointer(source.text);
  if (value.status().code() == StatusCode::kNotFound || (value.ok() && value->IsNull()))
    return std::string();
  if (!value.ok()) return value.status();
  if (value->IsInt()) return Cat(value->IntOr(0));
  const auto text = value->String();
  if (!text.ok())
    return InvalidArgument(
        Cat("the payload's ", source.text, " is neither a string nor a whole number"));
  return std::string(*text);
}

}  // namespace regreen
