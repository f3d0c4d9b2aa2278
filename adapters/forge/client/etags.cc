#include "adapters/forge/client/etags.h"

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestTag = 256;

}  // namespace

std::string Etags::Key(std::string_view credential, std::string_view url) {
  return Cat(credential, "\n", url);
}

std::optional<HttpAnswer> Etags::Find(const std::string& key) {
  MutexLock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->answer;
}

void Etags::Keep(const std::string& key, const HttpAnswer& answer) {
  const std::string_view tag = HeaderValue(answer.headers, "etag");
  Kept one{key, answer, key.size() + answer.body.size()};
  for (const auto& [name, value] : answer.headers) one.bytes += name.size() + value.size();
  const bool worth = answer.status == 200 && !tag.empty() && tag.size() <= kLongestTag &&
                     !answer.truncated && one.bytes <= limits_.body_bytes;
  MutexLock lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) Drop(found->second);
  if (!worth) return;
  bytes_ += one.bytes;
  kept_.push_front(std::move(one));
  by_key_[key] = kept_.begin();
  while (kept_.size() > limits_.entries || bytes_ > limits_.bytes) Drop(std::prev(kept_.end()));
}

void Etags::Drop(std::list<Kept>::iterator one) {
  bytes_ -= one->bytes;
  by_key_.erase(one->key);
  kept_.erase(one);
}

}  // namespace regreen
