// Mustache by kainjow (this file's .cc owns it), of which templates may use variables, sections,
// inverted sections and comments. What would pass values by unescaped, read other texts or change
// the language itself is refused.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace regreen {

struct MustacheTag {
  std::string name;
  std::size_t at = 0;  // the byte where the tag begins
};

struct MustacheText {
  std::vector<MustacheTag> tags;  // those that name a value; without comments
  std::string mistake;            // the first, as a sentence; "" for none
  std::size_t mistake_at = 0;
};

MustacheText ReadMustache(std::string_view text);

struct MustacheValue {
  std::string text;   // put in as it is, and never looked at for tags: escape and cap it first
  bool shows = true;  // its sections
};

// A text without mistake, filled in.
std::string RenderMustache(std::string_view text,
                           const std::map<std::string, MustacheValue>& values);

}  // namespace regreen
