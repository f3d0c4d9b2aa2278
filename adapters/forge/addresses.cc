#include "adapters/forge/addresses.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {

std::string BaseUrl(const std::string& text, std::string_view option,
                    std::vector<std::string>& problems) {
  const auto url = ParseUrl(text);
  if (!url.ok()) {
    problems.push_back(Cat(option, ": ", Message(url.status())));
    return "";
  }
  if (url->scheme != "https" && !IsLoopbackHost(url->host)) {
    problems.push_back(
        Cat(option, " must begin with https://: the token would cross the network in clear"));
  }
  if (text.find('?') != std::string::npos)
    problems.push_back(Cat(option, " must not have a query"));
  std::string base = text;
  while (base.ends_with('/')) base.pop_back();
  return base;
}

bool IsPlainRepoName(std::string_view repo, bool groups) {
  constexpr std::string_view kBytes =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  const auto parts = Split(repo, '/');
  if (parts.size() < 2 || (parts.size() > 2 && !groups)) return false;
  return std::all_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return !part.empty() && part != "." && part != ".." &&
           part.find_first_not_of(kBytes) == std::string_view::npos;
  });
}

Status CheckRepoNamed(std::string_view repo, bool groups, const std::vector<std::string>& globs) {
  const bool named = IsPlainRepoName(repo, groups) &&
                     std::any_of(globs.begin(), globs.end(),
                                 [&](const std::string& glob) { return GlobMatch(glob, repo); });
  if (named) return OkStatus();
  return PermissionDenied(
      Cat("the repository ", EscapeControl(Truncate(repo, 100)),
          " is not one that the forge's repos names; add it there to have it worked on"));
}

bool IsCommitId(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsNumericId(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace regreen
