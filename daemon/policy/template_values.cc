// [inputs] and [outputs] of a template.
#include <algorithm>

#include "daemon/base/regex.h"
#include "daemon/base/text.h"
#include "daemon/policy/input_sources.h"
#include "daemon/policy/template_reader.h"
#include "daemon/policy/texts.h"

namespace regreen {
namespace {

constexpr std::size_t kMostValues = 40;
constexpr std::size_t kLongestAbout = 300;
constexpr int kMostValueBytes = 64 << 10;  // of an environment variable that no kernel refuses
constexpr std::int64_t kMostPatchBytes = 64 << 20;

// What commands get anyway, or what texts call by that name.
bool IsTaken(const std::string& name) {
  return name == "directory" || name == "files" || IsTextVariable(name);
}

bool CheckValueName(TomlTable& table, const std::string& name) {
  if (!IsValueName(name)) {
    table.Error(name, Cat("the name ", TomlQuote(name),
                          " must be made of a-z, 0-9 and '_', begin with a letter, and have at "
                          "most 40 characters"));
    return false;
  }
  return true;
}

void ReadType(TomlTable& table, bool output, ValueSpec& out) {
  const auto name = table.String("type");
  if (!table.Has("type")) table.Error("type", "a value needs a \"type\"");
  if (!name) return;
  std::vector<std::string> names = ValueTypeNames();
  if (!output) std::erase(names, "patch");
  if (std::find(names.begin(), names.end(), *name) == names.end()) {
    const std::string nearest = DidYouMean(*name, names);
    table.Error("type", Cat("unknown type ", TomlQuote(*name), nearest,
                            nearest.empty() ? Cat(": there are ", Join(names, ", ")) : ""));
    return;
  }
  out.type = *ParseValueType(*name);
}

void ReadChoices(TomlTable& table, ValueSpec& out) {
  const auto choices = table.Strings("choices");
  if (out.type != ValueType::kEnum) {
    if (table.Has("choices")) table.Error("choices", "only the type \"enum\" has choices");
    return;
  }
  if (!table.Has("choices")) table.Error("type", "an enum needs its \"choices\"");
  if (!choices) return;
  if (choices->empty()) table.Error("choices", "\"choices\" is an empty list");
  for (const std::string& choice : *choices) {
    if (choice.empty() || EscapeControl(choice) != choice)
      table.Error("choices", Cat("the choice ", TomlQuote(choice), " is empty or not one line"));
    if (std::count(choices->begin(), choices->end(), choice) > 1) {
      table.Error("choices", Cat("the choice ", TomlQuote(choice), " stands there twice"));
      break;
    }
  }
  out.choices = *choices;
}

void ReadPattern(TomlTable& table, ValueSpec& out) {
  const auto pattern = table.String("pattern");
  if (!pattern) return;
  if (out.type == ValueType::kPatch) table.Error("pattern", "a patch has no pattern");
  const auto compiled = Regex::Compile(*pattern);
  if (!compiled.ok())
    table.Error("pattern", Cat("pattern ", TomlQuote(*pattern), ": ", Message(compiled.status())));
  if (compiled.ok()) out.pattern = *pattern;
}

// What every value has.
void ReadSpec(TomlTable& table, bool output, ValueSpec& out) {
  ReadType(table, output, out);
  ReadChoices(table, out);
  ReadPattern(table, out);
  if (out.type == ValueType::kList) out.max_bytes = kMostValueBytes;
  if (out.type == ValueType::kPatch) {
    out.max_bytes = 0;
    if (const auto bytes = table.Int("max_bytes")) {
      if (*bytes < 1 || *bytes > kMostPatchBytes)
        table.Error("max_bytes", Cat("\"max_bytes\" must be between 1 and ", kMostPatchBytes));
      out.max_bytes = static_cast<std::size_t>(std::max<std::int64_t>(*bytes, 0));
    }
    return;
  }
  int bytes = static_cast<int>(out.max_bytes);
  ReadNumber(table, "max_bytes", 1, kMostValueBytes, bytes);
  out.max_bytes = static_cast<std::size_t>(bytes);
}

void ReadSource(TomlTable& table, InputSpec& out) {
  const auto from = table.String("from");
  if (const auto trust = table.String("trust")) {
    const std::string names[] = {"trusted", "untrusted"};
    if (*trust != "trusted" && *trust != "untrusted")
      table.Error("trust", Cat("unknown trust ", TomlQuote(*trust), DidYouMean(*trust, names)));
    out.trusted = *trust == "trusted";
  }
  if (!from) return;
  const auto source = ParseInputSource(*from);
  if (!source.ok()) {
    table.Error("from", Message(source.status()));
    return;
  }
  out.from = *from;
  if (source->list && out.value.type != ValueType::kList)
    table.Error("type", Cat(*from, " gives a list, so the type must be \"list\""));
  if (source->trusted) return;
  if (table.Has("trust") && out.trusted) {
    table.Error("trust", Cat("strangers may write what ", *from,
                             " gives, so it cannot be trusted: leave \"trust\" out"));
  }
  out.trusted = false;
}

void ReadDefault(TomlTable& table, InputSpec& out) {
  out.fallback = table.Text("default");
  ReadFlag(table, "required", out.required);
  if (!out.fallback) return;
  if (out.required) {
    table.Error("required", "a required input has no \"default\": leave one of the two out");
  }
  const std::string mistake = ValueMistake(out.value, *out.fallback);
  if (!mistake.empty()) table.Error("default", Cat("the default ", mistake));
}

}  // namespace

void ReadInputs(TomlTable& root, Template& out) {
  auto inputs = root.Table("inputs");
  if (!inputs) return;
  for (auto& [name, table] : inputs->NamedTables()) {
    InputSpec input;
    input.value.name = name;
    input.where = inputs->where(name);
    if (CheckValueName(*inputs, name) && IsTaken(name))
      inputs->Error(name, Cat("the name \"", name, "\" is taken: every template has it already"));
    ReadSpec(table, false, input.value);
    ReadLine(table, "about", kLongestAbout, input.about);
    ReadSource(table, input);
    ReadDefault(table, input);
    table.Finish();
    out.inputs.push_back(std::move(input));
  }
  std::sort(out.inputs.begin(), out.inputs.end(),
            [](const InputSpec& a, const InputSpec& b) { return a.value.name < b.value.name; });
  if (out.inputs.size() > kMostValues)
    root.Error("inputs", Cat("more than ", kMostValues, " inputs"));
}

void ReadOutputs(TomlTable& root, Template& out) {
  auto outputs = root.Table("outputs");
  if (!outputs) return;
  for (auto& [name, table] : outputs->NamedTables()) {
    ValueSpec output;
    output.name = name;
    CheckValueName(*outputs, name);
    ReadSpec(table, true, output);
    std::string about;
    ReadLine(table, "about", kLongestAbout, about);
    table.Finish();
    if (output.type != ValueType::kPatch) {
      out.outputs.push_back(std::move(output));
    } else if (name != "patch") {
      outputs->Error(name, "the patch is the one output of type \"patch\": call it \"patch\"");
    } else {
      out.patch_max_bytes = static_cast<std::int64_t>(output.max_bytes);
    }
  }
  std::sort(out.outputs.begin(), out.outputs.end(),
            [](const ValueSpec& a, const ValueSpec& b) { return a.name < b.name; });
  if (out.outputs.size() > kMostValues)
    root.Error("outputs", Cat("more than ", kMostValues, " outputs"));
}

}  // namespace regreen
