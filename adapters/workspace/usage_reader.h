// Tokens that a model's answer says it took.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/json.h"
#include "daemon/base/line_cutter.h"
#include "daemon/domain/usage.h"

namespace regreen {

// Fed with an answer as it comes. Knows the `usage` of Anthropic's messages and OpenAI's responses
// and chat completions, at the end of a JSON answer or in server-sent events, where later figures
// of one call take the place of earlier ones. What it cannot read counts as none; but a stream of
// events that ended without any figure counts a token for each four of its bytes, and of those
// that were sent.
class UsageReader {
 public:
  // `sent`: bytes of the request.
  UsageReader(bool events, std::int64_t sent) : events_(events), sent_(sent) {}
  void Take(std::string_view bytes);
  void Finish();
  // So far. `requests`, `usd` and `over` are not set.
  const ModelUsage& usage() const { return usage_; }
  const std::string& model() const { return model_; }  // as the answer names it; untrusted

 private:
  void Line(std::string_view line);
  void Read(std::string_view json);
  void Note(const Json& usage);

  const bool events_;
  const std::int64_t sent_;
  LineCutter lines_{256 << 10};
  std::string whole_;  // of an answer that is no stream
  std::int64_t received_ = 0;
  bool told_ = false;
  ModelUsage usage_;
  std::string model_;
};

}  // namespace regreen
