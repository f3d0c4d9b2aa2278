#include "daemon/base/toml.h"

#include <set>
#include <sstream>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

#include <toml++/toml.h>

namespace regreen {

struct TomlTable::Node {
  std::shared_ptr<toml::table> root;  // keeps the document alive
  const toml::table* table = nullptr;
  std::string file;
  Problems* problems = nullptr;
  std::set<std::string, std::less<>> asked;
};

namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

// A value that was inherited keeps the name of its own file.
Position At(const std::string& file, const toml::source_region& source) {
  return {source.path ? *source.path : file, static_cast<int>(source.begin.line),
          static_cast<int>(source.begin.column)};
}

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or time";
  }
}

}  // namespace

std::string ToString(const Problem& problem) {
  std::string out = EscapeControl(problem.where.file);
  if (problem.where.line > 0) Append(out, ":", problem.where.line, ":", problem.where.column);
  const bool error = problem.severity == Problem::Severity::kError;
  return Cat(out, ": ", error ? "error" : "warning", ": ", EscapeControl(problem.message));
}

void Problems::Error(Position where, std::string_view message) {
  all_.push_back({std::move(where), std::string(message), Problem::Severity::kError});
}

void Problems::Warn(Position where, std::string_view message) {
  all_.push_back({std::move(where), std::string(message), Problem::Severity::kWarning});
}

bool Problems::has_errors() const {
  for (const Problem& problem : all_) {
    if (problem.severity == Problem::Severity::kError) return true;
  }
  return false;
}

std::string Problems::Render() const {
  std::string out;
  for (const Problem& problem : all_) Append(out, ToString(problem), "\n");
  return out;
}

Status Problems::ToStatus() const {
  return has_errors() ? InvalidArgument(Render()) : OkStatus();
}

TomlTable TomlTable::Parse(std::string_view text, std::string file, Problems& problems) {
  auto node = std::make_shared<Node>();
  node->file = std::move(file);
  node->problems = &problems;
  try {
    node->root = std::make_shared<toml::table>(toml::parse(text, node->file));
  } catch (const toml::parse_error& error) {
    problems.Error(At(node->file, error.source()), error.description());
    node->root = std::make_shared<toml::table>();
  }
  node->table = node->root.get();
  return TomlTable(std::move(node));
}

TomlTable TomlTable::ParseFile(const std::filesystem::path& path, Problems& problems) {
  auto text = ReadFile(path, kMaxFileBytes);
  if (!text.ok()) problems.Error({path.string(), 0, 0}, Message(text.status()));
  return Parse(text.ok() ? *text : std::string(), path.string(), problems);
}

namespace {

void JoinLists(toml::table& into, const toml::key& key, toml::node& mine, toml::node& base) {
  const auto append = [](toml::array& list, toml::node& value) {
    value.visit([&](auto& typed) { list.push_back(std::move(typed)); });
  };
  toml::array joined;
  if (auto* list = base.as_array()) {
    joined = std::move(*list);
  } else {
    append(joined, base);
  }
  if (auto* list = mine.as_array()) {
    for (toml::node& element : *list) append(joined, element);
    list->clear();
    for (toml::node& element : joined) append(*list, element);  // which knows its own place
  } else {
    append(joined, mine);
    into.insert_or_assign(key, std::move(joined));
  }
}

void Combine(const std::string& file, const std::string& path, toml::table& mine, toml::table& base,
             const TomlTable::Differ& differ) {
  for (auto&& [key, value] : base) {
    const std::string here = Cat(path, path.empty() ? "" : ".", std::string(key.str()));
    toml::node* present = mine.get(key.str());
    if (present == nullptr) {
      value.visit([&, &name = key](auto& typed) { mine.insert_or_assign(name, std::move(typed)); });
    } else if (present->is_table() && value.is_table()) {
      Combine(file, here, *present->as_table(), *value.as_table(), differ);
    } else if (present->is_array() || value.is_array()) {
      JoinLists(mine, key, *present, value);
    } else if (toml::node_view<toml::node>(*present) != toml::node_view<toml::node>(value)) {
      differ(here, At(file, present->source()), At(file, value.source()));
    }
  }
}

std::string TextOf(const toml::node& node) {
  if (const auto* text = node.as_string()) return TomlString(text->get());
  if (const auto* number = node.as_integer()) return Cat(number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  std::string out;
  if (const auto* list = node.as_array()) {
    for (const toml::node& element : *list) Append(out, out.empty() ? "" : ", ", TextOf(element));
    return Cat("[", out, "]");
  }
  std::ostringstream other;
  node.visit([&](const auto& typed) { other << typed; });
  return other.str();
}

void Collect(const std::string& file, const std::string& path, const toml::node& node,
             std::vector<TomlValue>& values) {
  const auto* list = node.as_array();
  if (const auto* table = node.as_table()) {
    for (const auto& [key, value] : *table)
      Collect(file, Cat(path, path.empty() ? "" : ".", std::string(key.str())), value, values);
  } else if (list != nullptr && list->is_array_of_tables()) {
    for (std::size_t i = 0; i < list->size(); ++i)
      Collect(file, Cat(path, "[", i, "]"), *list->get(i), values);
  } else {
    values.push_back({path, TextOf(node), At(file, node.source())});
  }
}

}  // namespace

void TomlTable::Inherit(TomlTable base, const Differ& differ) {
  Combine(node_->file, "", *node_->root, *base.node_->root, differ);
}

std::vector<TomlValue> TomlTable::Values() const {
  std::vector<TomlValue> values;
  Collect(node_->file, "", *node_->table, values);
  return values;
}

bool TomlTable::Has(std::string_view key) const {
  node_->asked.insert(std::string(key));
  return node_->table->contains(key);
}

bool TomlTable::HoldsTable(std::string_view key) const {
  return Has(key) && node_->table->get(key)->is_table();
}

std::vector<std::string> TomlTable::Keys() const {
  // toml++ sorts its tables by name; the writer's order is in the positions.
  std::vector<std::pair<toml::source_position, std::string>> keys;
  for (const auto& [key, value] : *node_->table) {
    keys.emplace_back(value.source().begin, std::string(key.str()));
  }
  std::sort(keys.begin(), keys.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (auto& [where, name] : keys) names.push_back(std::move(name));
  return names;
}

Position TomlTable::where() const {
  return At(node_->file, node_->table->source());
}

Position TomlTable::where(std::string_view key) const {
  const toml::node* value = node_->table->get(key);
  return value == nullptr ? where() : At(node_->file, value->source());
}

void TomlTable::Error(std::string_view key, std::string_view message) {
  node_->problems->Error(where(key), message);
}

namespace {

// The value of a key, when it is there and is of the wanted type; a problem when it is of another.
template <class T>
const T* Typed(TomlTable& table, const toml::node* value, std::string_view key,
               std::string_view wanted) {
  if (value == nullptr) return nullptr;
  if (const T* typed = value->as<T>()) return typed;
  table.Error(key, Cat("\"", key, "\" must be ", wanted, ", not ", TypeName(*value)));
  return nullptr;
}

}  // namespace

std::optional<std::string> TomlTable::String(std::string_view key) {
  if (!Has(key)) return std::nullopt;
  const auto* value =
      Typed<toml::value<std::string>>(*this, node_->table->get(key), key, "a string");
  return value == nullptr ? std::nullopt : std::optional(value->get());
}

std::optional<std::int64_t> TomlTable::Int(std::string_view key) {
  if (!Has(key)) return std::nullopt;
  const auto* value =
      Typed<toml::value<std::int64_t>>(*this, node_->table->get(key), key, "a whole number");
  return value == nullptr ? std::nullopt : std::optional(value->get());
}

std::optional<double> TomlTable::Double(std::string_view key) {
  if (!Has(key)) return std::nullopt;
  const toml::node* value = node_->table->get(key);
  if (const auto* integer = value->as_integer()) return static_cast<double>(integer->get());
  const auto* number = Typed<toml::value<double>>(*this, value, key, "a number");
  return number == nullptr ? std::nullopt : std::optional(number->get());
}

std::optional<bool> TomlTable::Bool(std::string_view key) {
  if (!Has(key)) return std::nullopt;
  const auto* value = Typed<toml::value<bool>>(*this, node_->table->get(key), key, "true or false");
  return value == nullptr ? std::nullopt : std::optional(value->get());
}

std::optional<absl::Duration> TomlTable::Duration(std::string_view key) {
  const auto text = String(key);
  if (!text) return std::nullopt;
  const auto duration = ParseDuration(*text);
  if (!duration)
    Error(key,
          Cat("\"", key, "\" must be a duration such as \"90s\" or \"10m\", not \"", *text, "\""));
  return duration;
}

std::optional<absl::Time> TomlTable::Time(std::string_view key) {
  if (!Has(key)) return std::nullopt;
  const toml::node* value = node_->table->get(key);
  if (const auto* written = value->as_date_time(); written != nullptr && written->get().offset) {
    const auto& [date, time, offset] = written->get();
    const absl::CivilSecond civil(date.year, date.month, date.day, time.hour, time.minute,
                                  time.second);
    return absl::FromCivil(civil, absl::UTCTimeZone()) + absl::Nanoseconds(time.nanosecond) -
           absl::Minutes(offset->minutes);
  }
  absl::Time time;
  if (const auto* text = value->as_string();
      text != nullptr && absl::ParseTime(absl::RFC3339_full, text->get(), &time, nullptr)) {
    return time;
  }
  Error(key, Cat("\"", key, "\" must be a time with its offset, such as 2026-01-05T10:00:00Z"));
  return std::nullopt;
}

std::optional<std::vector<std::string>> TomlTable::Strings(std::string_view key) {
  if (!Has(key)) return std::nullopt;
  const toml::node* value = node_->table->get(key);
  if (const auto* one = value->as_string()) return std::vector<std::string>{one->get()};
  const auto* array = Typed<toml::array>(*this, value, key, "a string or a list of strings");
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> strings;
  for (const toml::node& element : *array) {
    if (const auto* text = element.as_string()) {
      strings.push_back(text->get());
    } else {
      node_->problems->Error(At(node_->file, element.source()),
                             Cat("\"", key, "\" must hold strings only, not ", TypeName(element)));
    }
  }
  return strings;
}

std::optional<std::vector<std::int64_t>> TomlTable::Ints(std::string_view key) {
  if (!Has(key)) return std::nullopt;
  const toml::node* value = node_->table->get(key);
  if (const auto* one = value->as_integer()) return std::vector<std::int64_t>{one->get()};
  const auto* array =
      Typed<toml::array>(*this, value, key, "a whole number or a list of whole numbers");
  if (array == nullptr) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const toml::node& element : *array) {
    if (const auto* number = element.as_integer()) {
      numbers.push_back(number->get());
    } else {
      node_->problems->Error(
          At(node_->file, element.source()),
          Cat("\"", key, "\" must hold whole numbers only, not ", TypeName(element)));
    }
  }
  return numbers;
}

std::optional<std::string> TomlTable::Text(std::string_view key) {
  if (!Has(key)) return std::nullopt;
  const toml::node* value = node_->table->get(key);
  if (const auto* number = value->as_integer()) return Cat(number->get());
  if (const auto* number = value->as_floating_point()) return Cat(number->get());
  if (const auto* truth = value->as_boolean()) return truth->get() ? "true" : "false";
  const auto lines = Strings(key);
  return lines ? std::optional(Join(*lines, "\n")) : std::nullopt;
}

std::optional<TomlTable> TomlTable::Table(std::string_view key) {
  if (!Has(key)) return std::nullopt;
  const auto* table = Typed<toml::table>(*this, node_->table->get(key), key, "a table");
  if (table == nullptr) return std::nullopt;
  auto node = std::make_shared<Node>(Node{node_->root, table, node_->file, node_->problems, {}});
  return TomlTable(std::move(node));
}

std::vector<TomlTable> TomlTable::Tables(std::string_view key) {
  std::vector<TomlTable> tables;
  if (!Has(key)) return tables;
  const auto* array = Typed<toml::array>(*this, node_->table->get(key), key, "a list of tables");
  if (array == nullptr) return tables;
  for (const toml::node& element : *array) {
    if (const auto* table = element.as_table()) {
      tables.push_back(TomlTable(
          std::make_shared<Node>(Node{node_->root, table, node_->file, node_->problems, {}})));
    } else {
      node_->problems->Error(At(node_->file, element.source()),
                             Cat("\"", key, "\" must hold tables only"));
    }
  }
  return tables;
}

std::vector<std::pair<std::string, TomlTable>> TomlTable::NamedTables() {
  std::vector<std::pair<std::string, TomlTable>> tables;
  for (const std::string& key : Keys()) {
    if (auto table = Table(key)) tables.emplace_back(key, *std::move(table));
  }
  return tables;
}

std::vector<std::pair<std::string, std::string>> TomlTable::NamedStrings() {
  std::vector<std::pair<std::string, std::string>> strings;
  for (const std::string& key : Keys()) {
    if (auto text = String(key)) strings.emplace_back(key, *std::move(text));
  }
  return strings;
}

void TomlTable::Finish() {
  const std::vector<std::string> known(node_->asked.begin(), node_->asked.end());
  for (const std::string& key : Keys()) {
    if (node_->asked.contains(key)) continue;
    const std::string nearest = DidYouMean(key, known);
    const bool list = nearest.empty() && !known.empty();
    Error(key, Cat("unknown key \"", key, "\"", nearest, list ? ": there are " : "",
                   list ? Join(known, ", ") : ""));
  }
}

}  // namespace regreen
