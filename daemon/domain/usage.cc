#include "daemon/domain/usage.h"

#include <algorithm>

namespace regreen {
namespace {

constexpr std::int64_t ModelUsage::*kTokens[] = {
    &ModelUsage::input_tokens, &ModelUsage::cache_read_tokens, &ModelUsage::cache_write_tokens,
    &ModelUsage::output_tokens};

}  // namespace

void ModelUsage::Add(const ModelUsage& more) {
  for (const auto figure : kTokens) this->*figure += more.*figure;
  usd += more.usd;
}

void ModelUsage::TakeOff(const ModelUsage& counted) {
  for (const auto figure : kTokens) this->*figure -= counted.*figure;
  usd -= counted.usd;
}

void ModelUsage::RaiseTokensTo(const ModelUsage& told) {
  for (const auto figure : kTokens) this->*figure = std::max(this->*figure, told.*figure);
}

std::string ModelUrlVariable(std::string_view set) {
  std::string name = "REGREEN_MODEL_URL_";
  for (const char c : set)
    name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' ? '_' : c;
  return name;
}

}  // namespace regreen
