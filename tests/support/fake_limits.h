// GitHub's limits, as GitHub holds them: in front of a stand-in that knows none. What passes is
// noted with its time; what is too much is refused as GitHub does it, and told to the test.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/text.h"

namespace regreen {

class FakeLimits final : public HttpClient {
 public:
  // Both outlive it. One thread at a time.
  FakeLimits(HttpClient& http, const Clock& clock) : http_(http), clock_(clock) {}

  std::int64_t per_hour = 5000;
  struct Seen {
    absl::Time at;
    bool write;
    std::string place;  // "POST /repos/acme/widget/pulls", without the query
  };
  std::vector<Seen> seen;
  int refused = 0;

  StatusOr<HttpAnswer> Call(const HttpCall& call) override {
    const absl::Time now = clock_.Now();
    if (now >= reset_) {
      reset_ = now + absl::Hours(1);
      left_ = per_hour;
    }
    const bool write = call.method != "GET";
    const std::string path = call.url.substr(call.url.find('/', sizeof "https://"));
    seen.push_back({now, write, Cat(call.method, " ", path.substr(0, path.find('?')))});
    Headers headers = {
        {"x-ratelimit-reset",
         Cat(absl::ToUnixSeconds(absl::Ceil(reset_ - absl::UnixEpoch(), absl::Seconds(1)) +
                                 absl::UnixEpoch()))}};
    const bool too_much = left_ == 0 || Points(absl::Minutes(1)) > 900 ||
                          Writes(absl::Minutes(1)) > 80 || Writes(absl::Hours(1)) > 500;
    if (too_much) {
      ++refused;
      headers.emplace_back("x-ratelimit-remaining", Cat(left_));
      return HttpAnswer{403, headers, R"({"message":"API rate limit exceeded"})", false};
    }
    headers.emplace_back("x-ratelimit-remaining", Cat(--left_));
    auto answer = http_.Call(call);
    if (answer.ok()) {
      for (auto& header : headers) answer->headers.push_back(std::move(header));
    }
    return answer;
  }

  // Of the last `time` until now.
  int Points(absl::Duration time) const {
    int points = 0;
    for (auto one = seen.rbegin(); one != seen.rend() && one->at > clock_.Now() - time; ++one)
      points += one->write ? 5 : 1;
    return points;
  }
  int Writes(absl::Duration time) const {
    int writes = 0;
    for (auto one = seen.rbegin(); one != seen.rend() && one->at > clock_.Now() - time; ++one)
      writes += one->write ? 1 : 0;
    return writes;
  }

 private:
  HttpClient& http_;
  const Clock& clock_;
  absl::Time reset_ = absl::InfinitePast();
  std::int64_t left_ = 0;
};

}  // namespace regreen
