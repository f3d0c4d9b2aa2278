#include "adapters/forge/client/manners.h"

#include <algorithm>
#include <string>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kWordsOfARefusal = 4096;  // bytes of a body that are looked at

// "Rate limits for the REST API": 100 at once, 900 points a minute (1 to read, 5 to write), 80
// requests that make content a minute and 500 an hour. GitHub does not say which make content, so
// every write is taken for one. "Best practices": a second between writes.
constexpr Manners kGithub = {"GitHub",
                             {100, 900, 1, 5, 80, 500, absl::Seconds(1)},
                             "x-ratelimit-remaining",
                             "x-ratelimit-reset",
                             true};
// "Rate limits on GitLab.com": 2,000 authenticated API requests a minute, and 60 notes. A
// self-managed one may be told less, and then says so.
constexpr Manners kGitlab = {"GitLab",
                             {50, 1800, 1, 1, 60, 0, absl::Seconds(1)},
                             "ratelimit-remaining",
                             "ratelimit-reset",
                             false};
constexpr Manners kGitea = {"Gitea",
                            {20, 0, 1, 1, 0, 0, absl::Milliseconds(100)},
                            "x-ratelimit-remaining",
                            "x-ratelimit-reset",
                            false};

// RFC 9110 section 10.2.3: seconds, or a date.
std::optional<absl::Duration> ReadRetryAfter(std::string_view text, absl::Time now) {
  std::int64_t seconds = 0;
  if (ParseInt64(Trim(text), &seconds)) return absl::Seconds(seconds);
  absl::Time date;
  if (absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", std::string(text), &date, nullptr))
    return date - now;
  return std::nullopt;
}

bool IsLimited(const Manners& manners, const HttpAnswer& answer, const LimitNews& news) {
  if (answer.status == 429) return true;
  // Of GraphQL, which refuses in good answers. In a string of somebody's the quotes would be
  // escaped.
  if (answer.status == 200 && manners.limits_by_403) {
    return std::string_view(answer.body)
               .substr(0, kWordsOfARefusal)
               .find(R"("type":"RATE_LIMITED")") != std::string_view::npos;
  }
  if (answer.status != 403 || !manners.limits_by_403) return false;
  if (news.retry_after || news.remaining == 0) return true;
  const std::string words = Lower(std::string_view(answer.body).substr(0, kWordsOfARefusal));
  return words.find("rate limit") != std::string::npos ||
         words.find("abuse detection") != std::string::npos;
}

std::string WithPage(std::string_view query, std::string_view page) {
  std::string out = "?";
  for (const std::string_view part : Split(query.substr(query.empty() ? 0 : 1), '&')) {
    if (part.empty() || part.starts_with("page=")) continue;
    Append(out, out.size() > 1 ? "&" : "", part);
  }
  return Cat(out, out.size() > 1 ? "&" : "", "page=", page);
}

}  // namespace

const Manners& GithubManners() {
  return kGithub;
}

const Manners& GitlabManners() {
  return kGitlab;
}

const Manners& GiteaManners() {
  return kGitea;
}

LimitNews ReadLimits(const Manners& manners, const HttpAnswer& answer, absl::Time now) {
  LimitNews news;
  std::int64_t number = 0;
  if (ParseInt64(HeaderValue(answer.headers, manners.remaining_header), &number))
    news.remaining = std::max<std::int64_t>(0, number);
  if (ParseInt64(HeaderValue(answer.headers, manners.reset_header), &number))
    news.reset = absl::FromUnixSeconds(number);
  news.retry_after = ReadRetryAfter(HeaderValue(answer.headers, "retry-after"), now);
  news.limited = IsLimited(manners, answer, news);
  return news;
}

std::string NextPage(const HttpAnswer& answer, std::string_view query) {
  for (const std::string_view link : Split(HeaderValue(answer.headers, "link"), ',')) {
    const std::size_t end = link.find('>');
    if (end == std::string_view::npos || link.find("rel=\"next\"", end) == std::string_view::npos)
      continue;
    const std::size_t begin = link.find('?');
    if (begin < end) return std::string(link.substr(begin, end - begin));
  }
  const std::string_view page = Trim(HeaderValue(answer.headers, "x-next-page"));
  std::int64_t number = 0;
  return ParseInt64(page, &number) && number > 0 ? WithPage(query, page) : "";
}

}  // namespace regreen
