#include "adapters/workspace/usage_reader.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxAnswerBytes = 8 << 20, kMaxModelBytes = 200;
constexpr std::int64_t kBytesOfAToken = 4;
constexpr std::int64_t kMostTokens = std::int64_t{1} << 40;  // so that sums cannot overflow

std::int64_t Count(const Json& usage, const char* name) {
  return std::clamp<std::int64_t>(usage[name].IntOr(0), 0, kMostTokens);
}

}  // namespace

// OpenAI counts what comes from a cache among the input, Anthropic beside it.
void UsageReader::Note(const Json& usage) {
  if (!usage.IsObject()) return;
  const std::int64_t cached = Count(usage["input_tokens_details"], "cached_tokens") +
                              Count(usage["prompt_tokens_details"], "cached_tokens");
  ModelUsage now;
  now.cache_read_tokens = cached + Count(usage, "cache_read_input_tokens");
  now.cache_write_tokens = Count(usage, "cache_creation_input_tokens");
  now.input_tokens = std::max<std::int64_t>(
      0, Count(usage, "input_tokens") + Count(usage, "prompt_tokens") - cached);
  now.output_tokens = Count(usage, "output_tokens") + Count(usage, "completion_tokens");
  told_ = told_ || now.tokens() > 0;
  usage_.input_tokens = std::max(usage_.input_tokens, now.input_tokens);
  usage_.cache_read_tokens = std::max(usage_.cache_read_tokens, now.cache_read_tokens);
  usage_.cache_write_tokens = std::max(usage_.cache_write_tokens, now.cache_write_tokens);
  usage_.output_tokens = std::max(usage_.output_tokens, now.output_tokens);
}

void UsageReader::Read(std::string_view text) {
  if (text.find("\"usage\"") == std::string_view::npos) return;
  const auto json = Json::Parse(text);
  if (!json.ok()) return;
  for (const Json& part : {*json, (*json)["message"], (*json)["response"]}) {
    Note(part["usage"]);
    if (const auto model = part["model"].String(); model.ok() && model_.empty())
      model_ = model->substr(0, kMaxModelBytes);
  }
}

void UsageReader::Line(std::string_view line) {
  if (line.starts_with("data:")) Read(Trim(line.substr(5)));
}

void UsageReader::Take(std::string_view bytes) {
  received_ += static_cast<std::int64_t>(bytes.size());
  if (events_) {
    lines_.Feed(bytes, [this](std::string_view line) { Line(line); });
  } else if (whole_.size() + bytes.size() <= kMaxAnswerBytes) {
    whole_ += bytes;
  }
}

void UsageReader::Finish() {
  if (events_) {
    lines_.End([this](std::string_view line) { Line(line); });
  } else {
    Read(whole_);
    whole_.clear();
  }
  if (!events_ || told_ || received_ == 0) return;
  usage_.input_tokens = sent_ / kBytesOfAToken;
  usage_.output_tokens = received_ / kBytesOfAToken;
}

}  // namespace regreen
