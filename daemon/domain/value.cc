#include "daemon/domain/value.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "daemon/base/regex.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

std::string NumberMistake(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  const bool whole = !copy.empty() && end == copy.c_str() + copy.size();
  return whole && std::isfinite(value) ? "" : "is not a number";
}

std::string PathMistake(std::string_view path) {
  if (path.empty()) return "is empty, and a path is not";
  if (path.front() == '/' || path.front() == '-') return "must not begin with '/' or '-'";
  if (EscapeControl(path) != path) return "holds control characters";
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == "." || part == ".." || part == ".git")
      return "must be a plain path below the repository";
  }
  return "";
}

std::string PatternMistake(const ValueSpec& spec, std::string_view text) {
  if (spec.pattern.empty()) return "";
  const auto pattern = Regex::Compile(Cat("^(?:", spec.pattern, ")$"));
  if (pattern.ok() && pattern->Contains(text)) return "";
  return Cat("does not match /", spec.pattern, "/");
}

std::string OneMistake(const ValueSpec& spec, std::string_view text) {
  std::int64_t number = 0;
  switch (spec.type) {
    case ValueType::kInt:
      if (!ParseInt64(text, &number)) return "is not a whole number";
      break;
    case ValueType::kNumber:
      if (std::string mistake = NumberMistake(text); !mistake.empty()) return mistake;
      break;
    case ValueType::kBool:
      if (text != "true" && text != "false") return "is neither \"true\" nor \"false\"";
      break;
    case ValueType::kEnum:
      if (std::find(spec.choices.begin(), spec.choices.end(), text) == spec.choices.end())
        return Cat("is not one of ", Join(spec.choices, ", "));
      break;
    case ValueType::kPath:
      if (std::string mistake = PathMistake(text); !mistake.empty()) return mistake;
      break;
    case ValueType::kString:
    case ValueType::kList:
    case ValueType::kPatch:
      break;
  }
  return PatternMistake(spec, text);
}

}  // namespace

const std::vector<std::string>& ValueTypeNames() {
  static const std::vector<std::string> names = {"string", "int",  "number", "bool",
                                                 "enum",   "list", "path",   "patch"};
  return names;
}

std::string_view ToString(ValueType type) {
  return ValueTypeNames()[static_cast<std::size_t>(type)];
}

std::optional<ValueType> ParseValueType(std::string_view name) {
  const auto& names = ValueTypeNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<ValueType>(found - names.begin());
}

std::string ValueMistake(const ValueSpec& spec, std::string_view text) {
  if (text.size() > spec.max_bytes)
    return Cat("is ", text.size(), " bytes long, and at most ", spec.max_bytes, " are allowed");
  if (text.find('\0') != std::string_view::npos) return "holds a NUL character";
  if (spec.type != ValueType::kList) return OneMistake(spec, text);
  for (const std::string_view line : SplitLines(text)) {
    if (std::string mistake = OneMistake(spec, line); !mistake.empty()) return mistake;
  }
  return "";
}

void WriteJson(const ValueSpec& spec, JsonWriter& out) {
  out.BeginObject().Field("name", spec.name).Field("type", ToString(spec.type));
  out.Field("choices", spec.choices).Field("pattern", spec.pattern);
  out.Field("max_bytes", static_cast<std::int64_t>(spec.max_bytes)).EndObject();
}

ValueSpec ValueSpecFromJson(const Json& json) {
  ValueSpec spec;
  spec.name = json["name"].StringOr("");
  spec.type = ParseValueType(json["type"].StringOr("")).value_or(ValueType::kString);
  spec.choices = json["choices"].Strings();
  spec.pattern = json["pattern"].StringOr("");
  spec.max_bytes = static_cast<std::size_t>(
      std::max<std::int64_t>(0, json["max_bytes"].IntOr(static_cast<std::int64_t>(4096))));
  return spec;
}

}  // namespace regreen
