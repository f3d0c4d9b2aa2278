// JSON by RapidJSON (this file's .cc owns it), hardened: iterative parse, depth at most 64, valid
// UTF-8 only, no numbers that make the parser overflow. A wrong type is a Status, never an abort.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/status.h"

namespace regreen {

// A view of one value that keeps its document alive; cheap to copy. Reading is safe from any
// thread.
class Json {
 public:
  Json() = default;  // null
  // InvalidArgument names what is wrong and at which byte.
  static StatusOr<Json> Parse(std::string_view text);

  bool IsNull() const;
  bool IsObject() const;
  bool IsArray() const;
  bool IsString() const;
  bool IsInt() const;
  bool IsNumber() const;
  bool IsBool() const;

  // A member, or null when this is no object or has no such key (the first wins of duplicates).
  Json operator[](std::string_view key) const;
  // An element, or null.
  Json operator[](std::size_t index) const;
  std::size_t size() const;  // of an array or object, else 0
  std::vector<std::pair<std::string, Json>> Members() const;
  std::vector<Json> Elements() const;
  // RFC 6901. NotFound when it leads nowhere; InvalidArgument when it is no pointer.
  StatusOr<Json> Pointer(std::string_view pointer) const;

  // InvalidArgument on another type. The view lives as long as any copy of this document's values.
  StatusOr<std::string_view> String() const;
  StatusOr<std::int64_t> Int() const;
  StatusOr<double> Number() const;
  StatusOr<bool> Bool() const;
  std::string StringOr(std::string_view fallback) const;
  std::int64_t IntOr(std::int64_t fallback) const;
  bool BoolOr(bool fallback) const;
  std::vector<std::string> Strings() const;  // of an array; an element of another type is ""

  std::string Serialize() const;  // compact

 private:
  struct Document;
  Json(std::shared_ptr<const Document> doc, const void* value)
      : doc_(std::move(doc)), value_(value) {}
  std::shared_ptr<const Document> doc_;
  const void* value_ = nullptr;
};

// Writes compact JSON; strings are made valid UTF-8. Begin/End must balance (checked by assert).
class JsonWriter {
 public:
  JsonWriter();
  ~JsonWriter();
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view value);
  JsonWriter& Int(std::int64_t value);
  JsonWriter& Number(double value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  JsonWriter& Value(const Json& value);  // a parsed value, as it is

  JsonWriter& Field(std::string_view key, std::string_view value) { return Key(key).String(value); }
  JsonWriter& Field(std::string_view key, const char* value) { return Key(key).String(value); }
  JsonWriter& Field(std::string_view key, const std::string& value) {
    return Key(key).String(value);
  }
  JsonWriter& Field(std::string_view key, std::int64_t value) { return Key(key).Int(value); }
  JsonWriter& Field(std::string_view key, int value) { return Key(key).Int(value); }
  JsonWriter& Field(std::string_view key, bool value) { return Key(key).Bool(value); }
  JsonWriter& Field(std::string_view key, double value) { return Key(key).Number(value); }
  JsonWriter& Field(std::string_view key, const std::vector<std::string>& values);

  std::string Take();  // the text; the writer is empty afterwards

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace regreen
