#include "daemon/app/config_schema.h"

#include <utility>

#include "daemon/app/config.h"

namespace regreen {
namespace {

using enum SchemaKey::Kind;

// Visits the fields of one struct.
class Declarer {
 public:
  void operator()(const char* key, std::string&, const char* about) { Add(key, kString, about); }
  void operator()(const char* key, std::int64_t&, const char* about) { Add(key, kInteger, about); }
  void operator()(const char* key, double&, const char* about) { Add(key, kNumber, about); }
  void operator()(const char* key, bool&, const char* about) { Add(key, kBool, about); }
  void operator()(const char* key, absl::Duration&, const char* about) {
    Add(key, kDuration, about);
  }
  void operator()(const char* key, std::vector<std::string>&, const char* about) {
    Add(key, kStrings, about);
  }
  void operator()(const char* key, std::map<std::string, std::string>&, const char* about) {
    Add(key, kNamedStrings, about);
  }
  template <class T>
  void Section(const char* key, T& field) {
    Add(key, kTable, "", KeysOf(field));
  }
  template <class T>
  void Named(const char* key, std::map<std::string, T>&) {
    T field;
    Add(key, kNamedTables, "", KeysOf(field));
  }

  template <class T>
  static std::vector<SchemaKey> KeysOf(T& field) {
    Declarer declarer;
    field.Fields(declarer);
    return std::move(declarer.keys_);
  }

 private:
  void Add(const char* key, SchemaKey::Kind kind, const char* about,
           std::vector<SchemaKey> keys = {}) {
    keys_.push_back({key, kind, about, {}, {}, {}, false, std::move(keys)});
  }
  std::vector<SchemaKey> keys_;
};

}  // namespace

Schema ConfigSchema() {
  Config config;
  return {"The configuration of regreen", Declarer::KeysOf(config)};
}

}  // namespace regreen
