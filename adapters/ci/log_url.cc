#include "adapters/ci/log_url.h"

#include <algorithm>

#include "daemon/base/http.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxLogHead = 1 << 20, kMaxLogTail = 3 << 20;

std::string Normalised(const HttpUrl& url) {
  return url.Origin() + url.path;
}

// Below it by whole path segments: ".../logs" does not allow ".../logs-of-others".
bool IsBelow(std::string_view url, std::string_view prefix) {
  if (!url.starts_with(prefix)) return false;
  if (url.size() == prefix.size() || prefix.ends_with('/')) return true;
  return url[prefix.size()] == '/' || url[prefix.size()] == '?';
}

}  // namespace

std::vector<std::string> ReadLogUrlPrefixes(const std::vector<std::string>& prefixes,
                                            std::vector<std::string>& problems) {
  std::vector<std::string> read;
  for (const std::string& prefix : prefixes) {
    const auto url = ParseUrl(prefix);
    if (!url.ok()) problems.push_back(Cat("log_url_prefixes: ", Message(url.status())));
    if (url.ok()) read.push_back(Normalised(*url));
  }
  return read;
}

StatusOr<std::string> AllowedLogUrl(const std::vector<std::string>& prefixes,
                                    std::string_view log_url) {
  const auto url = ParseUrl(log_url);
  if (!url.ok()) return Annotate(url.status(), "the log's address cannot be used");
  std::string normalised = Normalised(*url);
  if (std::none_of(prefixes.begin(), prefixes.end(),
                   [&](const auto& p) { return IsBelow(normalised, p); })) {
    return InvalidArgument(
        Cat("the log's address at ", url->Origin(), " is not below any of log_url_prefixes"));
  }
  return normalised;
}

std::string CapLog(std::string log) {
  if (log.size() <= kMaxLogHead + kMaxLogTail) return log;
  return Cat(std::string_view(log).substr(0, kMaxLogHead),
             "\n[the middle of the log is left out]\n",
             std::string_view(log).substr(log.size() - kMaxLogTail));
}

}  // namespace regreen
