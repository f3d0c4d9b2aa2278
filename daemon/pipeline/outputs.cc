#include "daemon/pipeline/outputs.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostMistakes = 10;
constexpr std::size_t kMostName = 60;

const ValueSpec* Find(const std::vector<ValueSpec>& declared, std::string_view name) {
  for (const ValueSpec& spec : declared) {
    if (spec.name == name && spec.type != ValueType::kPatch) return &spec;
  }
  return nullptr;
}

std::vector<std::string> NamesOf(const std::vector<ValueSpec>& declared) {
  std::vector<std::string> names;
  for (const ValueSpec& spec : declared) {
    if (spec.type != ValueType::kPatch) names.push_back(spec.name);
  }
  return names;
}

}  // namespace

ParsedOutputs ParseOutputs(std::string_view text, const std::vector<ValueSpec>& declared) {
  ParsedOutputs parsed;
  const auto mistake = [&](std::string sentence) {
    if (parsed.mistakes.size() < kMostMistakes) parsed.mistakes.push_back(std::move(sentence));
  };
  if (text.size() > kMostOutputBytes) {
    mistake(Cat("the outputs are longer than ", kMostOutputBytes, " bytes, and all are left out"));
    return parsed;
  }
  for (const std::string_view line : SplitLines(text)) {
    if (line.empty()) continue;
    const std::size_t equals = line.find('=');
    const std::string_view name = line.substr(0, equals);
    const ValueSpec* spec = Find(declared, name);
    if (equals == std::string_view::npos || spec == nullptr) {
      const std::string shown = EscapeControl(Truncate(name, kMostName));
      mistake(Cat("the template declares no output named \"", shown, "\"",
                  DidYouMean(shown, NamesOf(declared))));
      continue;
    }
    const std::string value(line.substr(equals + 1));
    auto [at, first] = parsed.values.emplace(name, value);
    if (first) continue;
    at->second = spec->type == ValueType::kList ? Cat(at->second, "\n", value) : value;
  }
  std::erase_if(parsed.values, [&](const auto& output) {
    const std::string wrong = ValueMistake(*Find(declared, output.first), output.second);
    if (wrong.empty() && IsValidUtf8(output.second)) return false;
    mistake(Cat("the output ", output.first, " ", wrong.empty() ? "is not UTF-8" : wrong,
                ", and is left out"));
    return true;
  });
  return parsed;
}

bool TakesOutputs(const Plan& plan) {
  return std::any_of(plan.outputs.begin(), plan.outputs.end(),
                     [](const ValueSpec& spec) { return spec.type != ValueType::kPatch; });
}

std::string OutputsToJson(const Outputs& outputs) {
  JsonWriter out;
  out.BeginObject();
  for (const auto& [name, value] : outputs) out.Field(name, value);
  out.EndObject();
  return out.Take();
}

StatusOr<Outputs> OutputsFromJson(std::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  Outputs outputs;
  for (const auto& [name, value] : json.Members()) outputs[name] = value.StringOr("");
  return outputs;
}

}  // namespace regreen
