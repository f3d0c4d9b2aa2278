#include "tests/support/schema_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/numbers.h"
#include "daemon/base/json.h"
#include "daemon/base/regex.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr char kProbe[] = "zzzzzzzzzzzz";

Json Printed(std::string_view schema) {
  const auto json = Json::Parse(schema);
  EXPECT_TRUE(json.ok()) << json.status();
  return json.value_or(Json());
}

std::set<std::string> KeysOf(const Json& table) {
  std::set<std::string> keys;
  for (const auto& [key, unused] : table["properties"].Members()) keys.insert(key);
  return keys;
}

// A table of the schema, and the lines of TOML that open it and those that it stands in.
struct Opened {
  std::string header;
  Json table;
};

void Collect(const Json& table, const std::string& path, const std::string& before,
             std::vector<Opened>& out) {
  const auto open = [&](const std::string& name, const std::string& header, const Json& inner) {
    out.push_back({before + header, inner});
    Collect(inner, name, before + header, out);
  };
  for (const auto& [key, value] : table["properties"].Members()) {
    const std::string below = path.empty() ? key : Cat(path, ".", key);
    const Json element = value["items"], named = value["additionalProperties"];
    if (value["properties"].IsObject()) open(below, Cat("[", below, "]\n"), value);
    if (element["properties"].IsObject()) open(below, Cat("[[", below, "]]\n"), element);
    if (named["properties"].IsObject())
      open(Cat(below, ".probe"), Cat("[", below, ".probe]\n"), named);
    for (const Json& choice : value["anyOf"].Elements()) {
      if (choice["properties"].IsObject()) open(below, Cat("[", below, "]\n"), choice);
    }
  }
}

class Checker {
 public:
  void Value(const Json& root, const TomlValue& value) {
    Json at = root;
    for (std::string_view rest = value.path; !rest.empty();) {
      const bool element = rest.front() == '[';
      const std::size_t end = element ? rest.find(']') + 1 : rest.find_first_of(".[");
      const std::string part(rest.substr(0, end));
      rest.remove_prefix(std::min(end, rest.size()));
      if (!rest.empty() && rest.front() == '.') rest.remove_prefix(1);
      at = element ? at["items"] : Below(at, part);
      if (at.IsNull()) return Mistake(value, "unknown key");
      if (at["type"].IsArray()) return;  // any scalar, or a list of them
    }
    if (!Fits(at, value.text)) Mistake(value, Cat(value.text, " does not fit ", at.Serialize()));
  }
  std::string mistakes;

 private:
  void Mistake(const TomlValue& value, std::string_view what) {
    Append(mistakes, value.path, ": ", what, "\n");
  }

  static Json Below(const Json& table, const std::string& key) {
    for (const Json& choice : table["anyOf"].Elements()) {
      if (choice["properties"].IsObject()) return Below(choice, key);
    }
    const Json own = table["properties"][key];
    return own.IsNull() && table["additionalProperties"].IsObject() ? table["additionalProperties"]
                                                                    : own;
  }

  static bool Fits(const Json& schema, std::string_view text) {
    if (schema["anyOf"].IsArray()) {
      const auto choices = schema["anyOf"].Elements();
      return std::any_of(choices.begin(), choices.end(),
                         [&](const Json& choice) { return Fits(choice, text); });
    }
    const std::string type = schema["type"].StringOr("");
    if (type == "array") return text.starts_with('[') && ElementsFit(schema["items"], text);
    if (type == "boolean") return text == "true" || text == "false";
    if (type == "integer" || type == "number") return NumberFits(schema, text, type == "integer");
    const bool quoted = text.starts_with('"') || text.starts_with('\'');
    // A time may stand bare.
    if (schema["format"].StringOr("") == "date-time") return true;
    return type == "string" && quoted && StringFits(schema, text);
  }

  static bool NumberFits(const Json& schema, std::string_view text, bool whole) {
    double number = 0;
    std::int64_t integer = 0;
    if (!absl::SimpleAtod(absl::string_view(text.data(), text.size()), &number)) return false;
    if (whole && !ParseInt64(text, &integer)) return false;
    const auto least = schema["minimum"].Number(), most = schema["maximum"].Number();
    return (!least.ok() || number >= *least) && (!most.ok() || number <= *most);
  }

  static bool StringFits(const Json& schema, std::string_view text) {
    const std::string bare(text.substr(1, text.size() - 2));
    if (schema["enum"].IsArray()) {
      const auto choices = schema["enum"].Strings();
      if (std::find(choices.begin(), choices.end(), bare) == choices.end()) return false;
    }
    if (!schema["pattern"].IsString()) return true;
    return Regex::Compile(schema["pattern"].StringOr(""))->Contains(bare);
  }

  // A list as TomlValue writes it; elements are read again as TOML.
  static bool ElementsFit(const Json& items, std::string_view text) {
    Problems problems;
    TomlTable table = TomlTable::Parse(Cat("x = ", text, "\n"), "list", problems);
    if (items["type"].StringOr("") != "string") return table.Ints("x").has_value();
    const auto strings = table.Strings("x");
    return strings && std::all_of(strings->begin(), strings->end(), [&](const std::string& s) {
             return StringFits(items, Cat("\"", s, "\""));
           });
  }
};

// Of each table that a value stands in, what is required and is not there.
void CheckRequired(const Json& root, const std::vector<TomlValue>& values, std::string& mistakes) {
  for (const auto& [name, tables] : root["properties"].Members()) {
    const std::vector<std::string> required = tables["items"]["required"].Strings();
    for (std::size_t i = 0;; ++i) {
      const std::string table = Cat(name, "[", i, "].");
      const auto holds = [&](const std::string& begin) {
        return std::any_of(values.begin(), values.end(), [&](const TomlValue& value) {
          return value.path == begin || value.path.starts_with(begin + ".") ||
                 (begin.ends_with('.') && value.path.starts_with(begin));
        });
      };
      if (!holds(table)) break;
      for (const std::string& key : required) {
        if (!holds(table + key)) Append(mistakes, table, key, ": is required\n");
      }
    }
  }
}

}  // namespace

void ExpectSameKeys(std::string_view schema,
                    const std::function<void(std::string_view text, Problems& problems)>& read) {
  const Json root = Printed(schema);
  std::vector<Opened> tables = {{"", root}};
  Collect(root, "", "", tables);
  for (const Opened& opened : tables) {
    Problems problems;
    read(Cat(opened.header, kProbe, " = 1\n"), problems);
    const std::string begin = Cat("unknown key \"", kProbe, "\": there are ");
    std::set<std::string> keys;
    bool answered = false;
    for (const Problem& problem : problems.all()) {
      if (!problem.message.starts_with(begin)) continue;
      answered = true;
      const std::string list = problem.message.substr(begin.size());
      for (const std::string_view key : Split(list, ',')) keys.emplace(Trim(key));
    }
    EXPECT_TRUE(answered) << opened.header << problems.Render();
    EXPECT_EQ(keys, KeysOf(opened.table)) << "of the table " << opened.header;
    EXPECT_FALSE(opened.table["additionalProperties"].BoolOr(true)) << opened.header;
  }
}

std::string SchemaMistakes(std::string_view schema, std::string_view toml) {
  Problems problems;
  const std::vector<TomlValue> values = TomlTable::Parse(toml, "f.toml", problems).Values();
  const Json root = Printed(schema);
  Checker checker;
  for (const TomlValue& value : values) checker.Value(root, value);
  CheckRequired(root, values, checker.mistakes);
  return problems.Render() + checker.mistakes;
}

}  // namespace regreen
