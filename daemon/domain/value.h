// Typed values of templates: what operators declare under [inputs] and [outputs], and what a value
// must be to have that type. Values travel as text; this says whether a text is one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/json.h"

namespace regreen {

enum class ValueType { kString, kInt, kNumber, kBool, kEnum, kList, kPath, kPatch };
std::string_view ToString(ValueType type);
std::optional<ValueType> ParseValueType(std::string_view name);
const std::vector<std::string>& ValueTypeNames();

struct ValueSpec {
  std::string name;  // [a-z][a-z0-9_]*, at most 40
  ValueType type = ValueType::kString;
  std::vector<std::string> choices;  // kEnum
  std::string pattern;               // RE2 that the whole text (each line of a list) must match
  std::size_t max_bytes = 4096;      // of the text
};

// What is wrong with a text as a value of that type, as a clause ("is not a whole number"), or ""
// when nothing is. A list has one element a line. A path is relative, stays below the tree, and no
// command could take it for an option. `pattern` must compile.
std::string ValueMistake(const ValueSpec& spec, std::string_view text);

void WriteJson(const ValueSpec& spec, JsonWriter& out);
ValueSpec ValueSpecFromJson(const Json& json);

}  // namespace regreen
