#include "daemon/app/config.h"

#include <charconv>

#include "daemon/app/config_check.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// Reads every field that is there, and remembers where each was written.
class Reader {
 public:
  Reader(TomlTable table, std::string prefix, Places& places)
      : table_(std::move(table)), prefix_(std::move(prefix)), places_(places) {}

  void operator()(const char* key, std::string& field, const char*) {
    Read(key, field, table_.String(key));
  }
  void operator()(const char* key, std::int64_t& field, const char*) {
    Read(key, field, table_.Int(key));
  }
  void operator()(const char* key, double& field, const char*) {
    Read(key, field, table_.Double(key));
  }
  void operator()(const char* key, bool& field, const char*) { Read(key, field, table_.Bool(key)); }
  void operator()(const char* key, absl::Duration& field, const char*) {
    Read(key, field, table_.Duration(key));
  }
  void operator()(const char* key, std::vector<std::string>& field, const char*) {
    Read(key, field, table_.Strings(key));
  }
  void operator()(const char* key, std::map<std::string, std::string>& field, const char*) {
    auto table = table_.Table(key);
    places_[Cat(prefix_, key)] = table_.where(key);
    if (!table) return;
    for (auto& [name, value] : table->NamedStrings()) {
      places_[Cat(prefix_, key, ".", name)] = table->where(name);
      field[name] = value;
    }
  }
  template <class T>
  void Section(const char* key, T& field) {
    if (auto table = table_.Table(key)) ReadAll(*std::move(table), Cat(prefix_, key, "."), field);
  }
  template <class T>
  void Named(const char* key, std::map<std::string, T>& fields) {
    auto table = table_.Table(key);
    if (!table) return;
    for (auto& [name, child] : table->NamedTables()) {
      places_[Cat(prefix_, key, ".", name)] = table->where(name);
      ReadAll(child, Cat(prefix_, key, ".", name, "."), fields[name]);
    }
  }
  template <class T>
  void ReadAll(TomlTable table, std::string prefix, T& field) {
    Reader reader(std::move(table), std::move(prefix), places_);
    field.Fields(reader);
    reader.table_.Finish();
  }

 private:
  template <class T, class Value>
  void Read(const char* key, T& field, Value value) {
    places_[Cat(prefix_, key)] = table_.where(key);
    if (value) field = *std::move(value);
  }

  TomlTable table_;
  std::string prefix_;
  Places& places_;
};

class Printer {
 public:
  void operator()(const char* key, const std::string& field, const char* about) {
    Line(key, TomlQuote(field), about);
  }
  void operator()(const char* key, const std::int64_t& field, const char* about) {
    Line(key, Cat(field), about);
  }
  void operator()(const char* key, const double& field, const char* about) {
    char shortest[32];  // that reads back as the same number
    const auto end = std::to_chars(std::begin(shortest), std::end(shortest), field).ptr;
    const std::string number(shortest, end);
    Line(key, number.find_first_of(".e") == std::string::npos ? Cat(number, ".0") : number, about);
  }
  void operator()(const char* key, const bool& field, const char* about) {
    Line(key, field ? "true" : "false", about);
  }
  void operator()(const char* key, const absl::Duration& field, const char* about) {
    Line(key, TomlQuote(absl::FormatDuration(field)), about);
  }
  void operator()(const char* key, const std::vector<std::string>& field, const char* about) {
    std::vector<std::string> quoted;
    for (const std::string& element : field) quoted.push_back(TomlQuote(element));
    Line(key, Cat("[", Join(quoted, ", "), "]"), about);
  }
  // A table of free names stands last in its section.
  void operator()(const char* key, const std::map<std::string, std::string>& field,
                  const char* about) {
    if (field.empty()) return;
    Append(out, "# ", about, "\n[", section_, ".", key, "]\n");
    for (const auto& [name, value] : field)
      Append(out, TomlQuote(name), " = ", TomlQuote(value), "\n");
  }
  template <class T>
  void Section(std::string_view key, T& field) {
    section_ = key;
    Append(out, out.empty() ? "" : "\n", "[", key, "]\n");
    field.Fields(*this);
  }
  template <class T>
  void Named(const char* key, std::map<std::string, T>& fields) {
    for (auto& [name, field] : fields) Section(Cat(key, ".", name), field);
  }

  std::string out;

 private:
  void Line(const char* key, std::string_view value, const char* about) {
    Append(out, "# ", about, "\n", key, " = ", value, "\n");
  }
  std::string section_;
};

}  // namespace

StatusOr<std::pair<std::string, int>> ParseListen(std::string_view listen) {
  const std::size_t colon = listen.rfind(':');
  std::int64_t port = -1;
  if (colon == std::string_view::npos || !ParseInt64(listen.substr(colon + 1), &port) || port < 0 ||
      port > 65535) {
    return InvalidArgument(Cat("\"", listen, "\" must be address:port, such as 127.0.0.1:8080"));
  }
  std::string_view address = listen.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  if (address.empty())
    return InvalidArgument(Cat("\"", listen, "\" has no address; for all of them write 0.0.0.0"));
  return std::pair(std::string(address), static_cast<int>(port));
}

Config LoadConfig(const std::filesystem::path& path, Problems& problems, ConfigUse use) {
  Config config;
  Places places;
  TomlTable table = TomlTable::ParseFile(path, problems);
  if (problems.has_errors()) return config;
  Reader(table, "", places).ReadAll(table, "", config);
  CheckConfig(config, places, path.string(), problems, use);
  return config;
}

Limits RepositoryLimits(const LimitsConfig& config) {
  Limits limits;
  limits.open_per_repo = static_cast<int>(config.open_per_repo);
  limits.tasks_per_repo = static_cast<int>(config.tasks_per_repo);
  limits.per_hour = static_cast<int>(config.per_hour);
  limits.per_day = static_cast<int>(config.per_day);
  limits.usd_per_day = config.usd_per_day;
  limits.minutes_per_day = static_cast<int>(config.minutes_per_day);
  limits.cooldown = config.cooldown;
  return limits;
}

std::string PrintConfig(Config config) {
  Printer printer;
  config.Fields(printer);
  return std::move(printer.out);
}

}  // namespace regreen
