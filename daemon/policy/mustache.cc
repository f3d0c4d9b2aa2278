#include "daemon/policy/mustache.h"

#include <algorithm>
#include <optional>

#include <kainjow/mustache.hpp>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostTags = 500;
constexpr std::size_t kDeepest = 10;
constexpr std::string_view kSigils = "#^/!";

struct Tag {
  std::size_t begin = 0, end = 0;
  char sigil = 0;  // one of kSigils; 0: a variable
  std::string name;
};

std::string Refusal(std::string_view contents) {
  switch (contents.empty() ? '\0' : contents.front()) {
    case '\0':
      return "the tag {{}} is empty";
    case '{':
    case '&':
      return "unescaped values ({{{x}}} and {{&x}}) are refused: write {{x}}";
    case '>':
      return "partials ({{>x}}) are refused: write the text out";
    case '=':
      return "a change of delimiters ({{=…=}}) is refused";
    default:
      return {};
  }
}

std::string NameMistake(std::string_view name) {
  const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return good ? ""
              : Cat("there is no {{", Truncate(EscapeControl(name), 40),
                    "}}: names are made of a-z, 0-9 and '_'");
}

// The tag at or after `from`; nullopt at the end of the text, or after a mistake.
std::optional<Tag> NextTag(std::string_view text, std::size_t from, MustacheText& out) {
  Tag tag;
  tag.begin = text.find("{{", from);
  if (tag.begin == std::string_view::npos) return std::nullopt;
  out.mistake_at = tag.begin;
  const std::size_t close = text.find("}}", tag.begin + 2);
  if (close == std::string_view::npos) {
    out.mistake = "\"{{\" is not closed by \"}}\"";
    return std::nullopt;
  }
  tag.end = close + 2;
  std::string_view contents = Trim(text.substr(tag.begin + 2, close - tag.begin - 2));
  out.mistake = Refusal(contents);
  if (!out.mistake.empty()) return std::nullopt;
  if (kSigils.find(contents.front()) != std::string_view::npos) {
    tag.sigil = contents.front();
    contents = Trim(contents.substr(1));
  }
  if (tag.sigil != '!') out.mistake = NameMistake(contents);
  if (!out.mistake.empty()) return std::nullopt;
  tag.name = contents;
  return tag;
}

void Nest(const Tag& tag, std::vector<Tag>& open, MustacheText& out) {
  if (tag.sigil == '#' || tag.sigil == '^') {
    open.push_back(tag);
    if (open.size() > kDeepest) out.mistake = Cat("sections stand more than ", kDeepest, " deep");
  } else if (tag.sigil == '/') {
    if (open.empty() || open.back().name != tag.name) {
      out.mistake = Cat("{{/", tag.name, "}} closes no section",
                        open.empty() ? "" : Cat(": {{#", open.back().name, "}} is open"));
      return;
    }
    open.pop_back();
  }
}

// Sections ask for a name of their own, so that a value can be text and yet be false.
std::string SectionName(const std::string& name) {
  return name + "?";
}

kainjow::mustache::mustache Parse(std::string_view text) {
  std::string renamed;
  std::size_t from = 0;
  MustacheText ignored;
  while (const auto tag = NextTag(text, from, ignored)) {
    renamed += text.substr(from, tag->begin - from);
    if (tag->sigil == 0) {
      Append(renamed, "{{", tag->name, "}}");
    } else if (tag->sigil == '!') {
      renamed += "{{!}}";
    } else {
      Append(renamed, "{{", tag->sigil, SectionName(tag->name), "}}");
    }
    from = tag->end;
  }
  renamed += text.substr(from);
  return kainjow::mustache::mustache(renamed);
}

}  // namespace

MustacheText ReadMustache(std::string_view text) {
  MustacheText out;
  std::vector<Tag> open;
  std::size_t from = 0;
  while (const auto tag = NextTag(text, from, out)) {
    from = tag->end;
    if (tag->sigil != '!' && tag->sigil != '/') out.tags.push_back({tag->name, tag->begin});
    Nest(*tag, open, out);
    if (out.tags.size() > kMostTags) out.mistake = Cat("there are more than ", kMostTags, " tags");
    if (!out.mistake.empty()) return out;
  }
  if (!out.mistake.empty()) return out;
  if (!open.empty()) {
    out.mistake = Cat("the section {{", open.back().sigil, open.back().name,
                      "}} is not closed by {{/", open.back().name, "}}");
    out.mistake_at = open.back().begin;
  } else if (!out.tags.empty()) {
    out.mistake = Parse(text).error_message();
    out.mistake_at = 0;
  }
  return out;
}

std::string RenderMustache(std::string_view text,
                           const std::map<std::string, MustacheValue>& values) {
  if (text.find("{{") == std::string_view::npos) return std::string(text);
  kainjow::mustache::data data;
  for (const auto& [name, value] : values) {
    data.set(name, value.text);
    data.set(SectionName(name), kainjow::mustache::data(value.shows));
  }
  auto parsed = Parse(text);
  parsed.set_custom_escape([](const std::string& value) { return value; });
  return parsed.render(data);
}

}  // namespace regreen
