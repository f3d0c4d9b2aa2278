#include "daemon/base/json.h"

#include <cassert>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "daemon/base/text.h"

// A wrong use must end the process in a build without assertions too, never be undefined.
#define RAPIDJSON_ASSERT(x) ((x) ? static_cast<void>(0) : std::abort())
#define RAPIDJSON_HAS_STDSTRING 1
#if defined(__SSE2__)
#define RAPIDJSON_SSE2
#elif defined(__ARM_NEON)
#define RAPIDJSON_NEON
#endif
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace regreen {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxExponentDigits = 4;
// The encoding is checked before, in one fast pass: RapidJSON's own check goes byte by byte.
constexpr unsigned kParseFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                                 rapidjson::kParseFullPrecisionFlag;
// RapidJSON reads whole vectors, and so up to 15 bytes behind the end.
constexpr std::size_t kPadding = 16;

const rapidjson::Value kNull;
const rapidjson::Value& Get(const void* value) {
  return value == nullptr ? kNull : *static_cast<const rapidjson::Value*>(value);
}

// Where the string that begins behind `i` ends: at its closing quote, or at the end of the text.
std::size_t EndOfString(std::string_view text, std::size_t i) {
  for (;;) {
    const std::size_t quote = text.find('"', i);
    if (quote == std::string_view::npos) return text.size();
    std::size_t backslashes = 0;
    while (backslashes < quote - i && text[quote - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return quote;
    i = quote + 1;
  }
}

bool IsExponentTooLong(std::string_view text, std::size_t i) {
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
  std::size_t digits = 0;
  while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i, ++digits;
  return digits > kMaxExponentDigits;
}

// One pass over the raw text, strings skipped at a stride: refuses nesting beyond the cap (copying
// and comparing recurse) and exponents of many digits (RapidJSON 1.1 reads out of bounds on them).
Status CheckShape(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        i = EndOfString(text, i + 1);
        break;
      case '{':
      case '[':
        if (++depth > kMaxDepth)
          return InvalidArgument(Cat("JSON is nested deeper than ", kMaxDepth, " levels"));
        break;
      case '}':
      case ']':
        --depth;
        break;
      case 'e':
      case 'E':
        if (IsExponentTooLong(text, i + 1))
          return InvalidArgument("JSON holds a number with too large an exponent");
        break;
      default:
        break;
    }
  }
  return OkStatus();
}

Status WrongType(std::string_view wanted, const rapidjson::Value& value) {
  constexpr std::string_view kNames[] = {"null",     "false",    "true",    "an object",
                                         "an array", "a string", "a number"};
  return InvalidArgument(
      Cat("JSON holds ", kNames[value.GetType()], " where ", wanted, " was expected"));
}

}  // namespace

struct Json::Document {
  std::unique_ptr<char[]> text;  // the strings of the document lie in it
  rapidjson::Document dom;
};

StatusOr<Json> Json::Parse(std::string_view text) {
  RETURN_IF_ERROR(CheckShape(text));
  if (!IsValidUtf8(text)) return InvalidArgument("not JSON: it holds bytes that are no UTF-8");
  // A zero byte would end the text in the parser's eyes, and hide what stands behind it.
  if (text.find('\0') != std::string_view::npos)
    return InvalidArgument("not JSON: it holds a zero byte");
  auto doc = std::make_shared<Document>();
  doc->text = std::make_unique_for_overwrite<char[]>(text.size() + kPadding);
  std::memcpy(doc->text.get(), text.data(), text.size());
  std::memset(doc->text.get() + text.size(), 0, kPadding);
  doc->dom.ParseInsitu<kParseFlags>(doc->text.get());
  if (doc->dom.HasParseError()) {
    return InvalidArgument(Cat("not JSON at byte ", doc->dom.GetErrorOffset(), ": ",
                               rapidjson::GetParseError_En(doc->dom.GetParseError())));
  }
  const void* root = &doc->dom;
  return Json(std::move(doc), root);
}

bool Json::IsNull() const {
  return Get(value_).IsNull();
}
bool Json::IsObject() const {
  return Get(value_).IsObject();
}
bool Json::IsArray() const {
  return Get(value_).IsArray();
}
bool Json::IsString() const {
  return Get(value_).IsString();
}
bool Json::IsInt() const {
  return Get(value_).IsInt64();
}
bool Json::IsNumber() const {
  return Get(value_).IsNumber();
}
bool Json::IsBool() const {
  return Get(value_).IsBool();
}

Json Json::operator[](std::string_view key) const {
  const rapidjson::Value& value = Get(value_);
  if (!value.IsObject()) return {};
  const auto it = value.FindMember(rapidjson::Value(
      rapidjson::StringRef(key.data(), static_cast<rapidjson::SizeType>(key.size()))));
  return it == value.MemberEnd() ? Json() : Json(doc_, &it->value);
}

Json Json::operator[](std::size_t index) const {
  const rapidjson::Value& value = Get(value_);
  if (!value.IsArray() || index >= value.Size()) return {};
  return Json(doc_, &value[static_cast<rapidjson::SizeType>(index)]);
}

std::size_t Json::size() const {
  const rapidjson::Value& value = Get(value_);
  if (value.IsArray()) return value.Size();
  return value.IsObject() ? value.MemberCount() : 0;
}

std::vector<std::pair<std::string, Json>> Json::Members() const {
  std::vector<std::pair<std::string, Json>> members;
  const rapidjson::Value& value = Get(value_);
  if (!value.IsObject()) return members;
  for (const auto& member : value.GetObject()) {
    members.emplace_back(std::string(member.name.GetString(), member.name.GetStringLength()),
                         Json(doc_, &member.value));
  }
  return members;
}

std::vector<Json> Json::Elements() const {
  std::vector<Json> elements;
  for (std::size_t i = 0; IsArray() && i < size(); ++i) elements.push_back((*this)[i]);
  return elements;
}

StatusOr<Json> Json::Pointer(std::string_view pointer) const {
  if (!pointer.empty() && pointer[0] != '/') {
    return InvalidArgument(
        Cat("\"", EscapeControl(pointer), "\" is no JSON pointer: it must begin with '/'"));
  }
  Json at = *this;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    std::string token;
    for (std::size_t i = 0; i < end; ++i) {
      const bool escaped = pointer[i] == '~' && i + 1 < end;
      if (escaped) ++i;
      token += escaped ? (pointer[i] == '1' ? '/' : '~') : pointer[i];
    }
    pointer.remove_prefix(end);
    std::int64_t index = 0;
    const bool there = at.IsArray() ? ParseInt64(token, &index) && index >= 0 &&
                                          static_cast<std::size_t>(index) < at.size()
                                    : at.IsObject() && at[token].value_ != nullptr;
    if (!there) return NotFound(Cat("the JSON has no \"", EscapeControl(token), "\""));
    at = at.IsArray() ? at[static_cast<std::size_t>(index)] : at[token];
  }
  return at;
}

StatusOr<std::string_view> Json::String() const {
  const rapidjson::Value& value = Get(value_);
  if (!value.IsString()) return WrongType("a string", value);
  return std::string_view(value.GetString(), value.GetStringLength());
}

StatusOr<std::int64_t> Json::Int() const {
  const rapidjson::Value& value = Get(value_);
  if (!value.IsInt64()) return WrongType("a whole number", value);
  return value.GetInt64();
}

StatusOr<double> Json::Number() const {
  const rapidjson::Value& value = Get(value_);
  if (!value.IsNumber()) return WrongType("a number", value);
  return value.GetDouble();
}

StatusOr<bool> Json::Bool() const {
  const rapidjson::Value& value = Get(value_);
  if (!value.IsBool()) return WrongType("true or false", value);
  return value.GetBool();
}

std::string Json::StringOr(std::string_view fallback) const {
  return std::string(String().value_or(fallback));
}
std::int64_t Json::IntOr(std::int64_t fallback) const {
  return Int().value_or(fallback);
}
bool Json::BoolOr(bool fallback) const {
  return Bool().value_or(fallback);
}

std::vector<std::string> Json::Strings() const {
  std::vector<std::string> strings;
  for (const Json& element : Elements()) strings.push_back(element.StringOr(""));
  return strings;
}

std::string Json::Serialize() const {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  Get(value_).Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

struct JsonWriter::Impl {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
};

JsonWriter::JsonWriter() : impl_(std::make_unique<Impl>()) {}
JsonWriter::~JsonWriter() = default;

JsonWriter& JsonWriter::BeginObject() {
  return impl_->writer.StartObject(), *this;
}
JsonWriter& JsonWriter::EndObject() {
  return impl_->writer.EndObject(), *this;
}
JsonWriter& JsonWriter::BeginArray() {
  return impl_->writer.StartArray(), *this;
}
JsonWriter& JsonWriter::EndArray() {
  return impl_->writer.EndArray(), *this;
}
JsonWriter& JsonWriter::Null() {
  return impl_->writer.Null(), *this;
}
JsonWriter& JsonWriter::Int(std::int64_t value) {
  return impl_->writer.Int64(value), *this;
}
JsonWriter& JsonWriter::Bool(bool value) {
  return impl_->writer.Bool(value), *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  impl_->writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  const std::string valid = ToValidUtf8(value);
  impl_->writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
  return *this;
}

JsonWriter& JsonWriter::Number(double value) {
  if (!std::isfinite(value)) return Null();  // JSON has no word for it
  impl_->writer.Double(value);
  return *this;
}

JsonWriter& JsonWriter::Value(const Json& value) {
  const std::string text = value.Serialize();
  impl_->writer.RawValue(text.data(), text.size(), rapidjson::kObjectType);
  return *this;
}

JsonWriter& JsonWriter::Field(std::string_view key, const std::vector<std::string>& values) {
  Key(key).BeginArray();
  for (const std::string& value : values) String(value);
  return EndArray();
}

std::string JsonWriter::Take() {
  assert(impl_->writer.IsComplete());
  std::string text(impl_->buffer.GetString(), impl_->buffer.GetSize());
  impl_->buffer.Clear();
  impl_->writer.Reset(impl_->buffer);
  return text;
}

}  // namespace regreen
