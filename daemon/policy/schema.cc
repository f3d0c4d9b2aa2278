#include "daemon/policy/schema.h"

#include <cmath>

#include "daemon/base/json.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using Kind = SchemaKey::Kind;

// What absl::ParseDuration takes, without signs.
constexpr char kDurationPattern[] = "^(0|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|ms|s|m|h))+$";

void WriteKeys(const std::vector<SchemaKey>& keys, JsonWriter& out);

void WriteTable(const std::vector<SchemaKey>& keys, JsonWriter& out) {
  out.BeginObject();
  WriteKeys(keys, out);
  out.EndObject();
}

void WriteNumber(double number, JsonWriter& out) {
  std::floor(number) == number ? out.Int(static_cast<std::int64_t>(number)) : out.Number(number);
}

void WriteBounds(const SchemaKey& key, JsonWriter& out) {
  if (key.least) {
    out.Key("minimum");
    WriteNumber(*key.least, out);
  }
  if (key.most) {
    out.Key("maximum");
    WriteNumber(*key.most, out);
  }
}

void WriteType(const SchemaKey& key, const char* type, JsonWriter& out) {
  out.Field("type", type);
  if (!key.choices.empty()) out.Field("enum", key.choices);
  WriteBounds(key, out);
}

// One, or a list of them.
void WriteOneOrMany(const SchemaKey& key, const char* type, JsonWriter& out) {
  out.Key("anyOf").BeginArray().BeginObject();
  WriteType(key, type, out);
  out.EndObject().BeginObject().Field("type", "array").Key("items").BeginObject();
  WriteType(key, type, out);
  out.EndObject().EndObject().EndArray();
}

void WriteScalar(JsonWriter& out) {
  out.Key("type").BeginArray();
  for (const char* type : {"string", "number", "boolean", "array"}) out.String(type);
  out.EndArray();
}

void WriteNamed(const SchemaKey& key, JsonWriter& out) {
  out.Field("type", "object").Key("additionalProperties");
  if (key.kind == Kind::kNamedTables) return WriteTable(key.keys, out);
  out.BeginObject();
  key.kind == Kind::kNamedStrings ? void(out.Field("type", "string")) : WriteScalar(out);
  out.EndObject();
}

void WriteTables(const SchemaKey& key, JsonWriter& out) {
  if (key.kind == Kind::kTable) return WriteKeys(key.keys, out);
  if (key.kind == Kind::kTables) {
    out.Field("type", "array").Key("items");
    return WriteTable(key.keys, out);
  }
  out.Key("anyOf").BeginArray().BeginObject();
  WriteType(key, "string", out);
  out.EndObject();
  WriteTable(key.keys, out);
  out.EndArray();
}

void WriteKey(const SchemaKey& key, JsonWriter& out) {
  out.BeginObject();
  if (!key.about.empty()) out.Field("description", key.about);
  switch (key.kind) {
    case Kind::kString:
      WriteType(key, "string", out);
      break;
    case Kind::kInteger:
      WriteType(key, "integer", out);
      break;
    case Kind::kNumber:
      WriteType(key, "number", out);
      break;
    case Kind::kBool:
      WriteType(key, "boolean", out);
      break;
    case Kind::kDuration:
      out.Field("type", "string").Field("pattern", kDurationPattern);
      break;
    case Kind::kTime:
      out.Field("type", "string").Field("format", "date-time");
      break;
    case Kind::kStrings:
      WriteOneOrMany(key, "string", out);
      break;
    case Kind::kIntegers:
      WriteOneOrMany(key, "integer", out);
      break;
    case Kind::kScalar:
      WriteScalar(out);
      break;
    case Kind::kNamedTables:
    case Kind::kNamedStrings:
    case Kind::kNamedScalars:
      WriteNamed(key, out);
      break;
    case Kind::kTable:
    case Kind::kTables:
    case Kind::kWordOrTable:
      WriteTables(key, out);
      break;
  }
  out.EndObject();
}

void WriteKeys(const std::vector<SchemaKey>& keys, JsonWriter& out) {
  out.Field("type", "object").Key("properties").BeginObject();
  std::vector<std::string> required;
  for (const SchemaKey& key : keys) {
    out.Key(key.key);
    WriteKey(key, out);
    if (key.required) required.push_back(key.key);
  }
  out.EndObject();
  if (!required.empty()) out.Field("required", required);
  out.Field("additionalProperties", false);
}

// Compact JSON, laid out for people who read what changed in it.
std::string Indented(std::string_view compact) {
  std::string out;
  std::size_t depth = 0;
  bool in_string = false;
  const auto line = [&] { Append(out, "\n", std::string(2 * depth, ' ')); };
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (in_string) {
      out += c;
      if (c == '\\') out += compact[++i];
      in_string = c != '"';
      continue;
    }
    const bool closes = c == '}' || c == ']';
    if (closes) {
      --depth;
      if (compact[i - 1] != '{' && compact[i - 1] != '[') line();
    }
    out += c;
    in_string = c == '"';
    if (c == ':') out += ' ';
    const bool opens = c == '{' || c == '[';
    if (opens) ++depth;
    if (c == ',' || (opens && compact[i + 1] != '}' && compact[i + 1] != ']')) line();
  }
  return out + "\n";
}

}  // namespace

std::string RenderSchema(const Schema& schema) {
  JsonWriter out;
  out.BeginObject().Field("$schema", "https://json-schema.org/draft/2020-12/schema");
  out.Field("title", schema.title);
  WriteKeys(schema.keys, out);
  out.EndObject();
  return Indented(out.Take());
}

}  // namespace regreen
