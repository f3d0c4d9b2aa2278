#include "adapters/workspace/usage_reader.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxLineBytes = 256 << 10, kMaxAnswerBytes = 8 << 20;

std::int64_t Count(const Json& usage, const char* name) {
  return std::max<std::int64_t>(0, usage[name].IntOr(0));
}

}  // namespace

void UsageReader::Note(const Json& usage) {
  const std::int64_t input = Count(usage, "input_tokens") + Count(usage, "prompt_tokens") +
                             Count(usage, "cache_creation_input_tokens") +
                             Count(usage, "cache_read_input_tokens");
  const std::int64_t output = Count(usage, "output_tokens") + Count(usage, "completion_tokens");
  input_ = std::max(input_, input);
  output_ = std::max(output_, output);
}

void UsageReader::Read(std::string_view text) {
  if (text.find("\"usage\"") == std::string_view::npos) return;
  const auto json = Json::Parse(text);
  if (!json.ok()) return;
  Note((*json)["usage"]);
  Note((*json)["message"]["usage"]);
  Note((*json)["response"]["usage"]);
}

void UsageReader::Line(std::string_view line) {
  if (line.starts_with("data:")) Read(Trim(line.substr(5)));
}

void UsageReader::Take(std::string_view bytes) {
  if (!events_) {
    if (pending_.size() + bytes.size() <= kMaxAnswerBytes) pending_ += bytes;
    return;
  }
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (pending_.size() + part.size() > kMaxLineBytes) {
      pending_.clear();
      skipping_ = true;
    }
    if (!skipping_) pending_ += part;
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    Line(pending_);
    pending_.clear();
    skipping_ = false;
  }
}

std::int64_t UsageReader::Tokens() {
  if (events_) {
    Line(pending_);
  } else {
    Read(pending_);
  }
  pending_.clear();
  return input_ + output_;
}

}  // namespace regreen
