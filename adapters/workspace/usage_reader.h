// Tokens that a model's answer says it took.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/json.h"

namespace regreen {

// Fed with an answer as it comes. Knows the `usage` of Anthropic's messages and OpenAI's responses
// and chat completions, at the end of a JSON answer or in server-sent events, where later figures
// of one call take the place of earlier ones. What it cannot read counts as none.
class UsageReader {
 public:
  explicit UsageReader(bool events) : events_(events) {}
  void Take(std::string_view bytes);
  std::int64_t Tokens();  // after the end

 private:
  void Line(std::string_view line);
  void Read(std::string_view json);
  void Note(const Json& usage);

  const bool events_;
  bool skipping_ = false;  // the rest of a line that is too long
  std::string pending_;
  std::int64_t input_ = 0, output_ = 0;
};

}  // namespace regreen
