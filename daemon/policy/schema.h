// What the files of a policy folder may hold, as one declaration a kind, printed as JSON Schema
// (draft 2020-12) for editors. policies/schema/*.json is what is printed. The readers stay the
// judges: a schema says which keys there are and what they look like, not what goes together.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace regreen {

struct SchemaKey {
  enum class Kind {
    kString,
    kInteger,
    kNumber,
    kBool,
    kDuration,      // "1h30m"
    kTime,          // a date and time, bare or in quotes
    kStrings,       // a list; one string will do
    kIntegers,      // a list; one number will do
    kScalar,        // a string, number, boolean or list of strings
    kTable,         // with `keys`
    kTables,        // [[key]], each with `keys`
    kNamedTables,   // [key.NAME], each with `keys`
    kNamedStrings,  // names of the writer's choice and a string each
    kNamedScalars,
    kWordOrTable,  // one of `choices`, or a table with `keys`
  };
  std::string key;
  Kind kind = Kind::kString;
  std::string about;                 // for people; one sentence or less
  std::vector<std::string> choices;  // of the string, or of each element; empty: any
  std::optional<double> least, most;
  bool required = false;
  std::vector<SchemaKey> keys;
};

// The whole document. Keys that are not declared are refused.
struct Schema {
  std::string title;
  std::vector<SchemaKey> keys;
};

Schema TemplateSchema();  // also of a base
Schema RuleSchema();
Schema FixtureSchema();
Schema GuardSchema();

// JSON with two spaces of indentation and a line break at its end.
std::string RenderSchema(const Schema& schema);

}  // namespace regreen
