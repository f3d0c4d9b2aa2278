#include "daemon/service/api_access.h"

#include <algorithm>
#include <cmath>

#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "daemon/service/api_answer.h"

namespace regreen {
namespace {

constexpr double kPerMinute = 60;  // as many at once, when nothing was asked for a minute
constexpr std::string_view kScheme = "bearer ";

std::string_view BearerOf(const Headers& headers) {
  const std::string_view value = HeaderValue(headers, "authorization");
  if (value.size() < kScheme.size() || Lower(value.substr(0, kScheme.size())) != kScheme) return "";
  return Trim(value.substr(kScheme.size()));
}

}  // namespace

ApiAccess::ApiAccess(std::vector<ApiToken> tokens, const Clock& clock)
    : tokens_(std::move(tokens)),
      clock_(clock),
      allowances_(tokens_.size(), Allowance{kPerMinute, clock.Now()}) {}

const ApiToken* ApiAccess::Find(const Headers& headers) const {
  // Digests have one length, so that the comparison does not tell that of a token.
  const std::string given = Sha256(BearerOf(headers));
  const ApiToken* found = nullptr;
  for (const ApiToken& token : tokens_) {
    if (ConstantTimeEquals(given, Sha256(token.token.Reveal()))) found = &token;
  }
  return found;
}

std::optional<HttpResponse> ApiAccess::Refusal(const Headers& headers, ApiRole needed) const {
  if (tokens_.empty()) {
    return ProblemAnswer(403,
                         "the API answers nobody until a token is configured: add [api.NAME] with "
                         "token = \"file:PATH\" and role = \"viewer\" to the configuration");
  }
  const ApiToken* token = Find(headers);
  if (token == nullptr) {
    HttpResponse response = ProblemAnswer(
        401, BearerOf(headers).empty()
                 ? "send the header \"Authorization: Bearer TOKEN\" with a token of [api.NAME]"
                 : "this token is none of those that [api.NAME] of the configuration names");
    response.headers.emplace_back("www-authenticate", "Bearer realm=\"regreen\"");
    return response;
  }
  if (token->role < needed) {
    return ProblemAnswer(
        403, Cat("the token \"", token->name, "\" is a viewer's; this needs role = \"operator\""));
  }
  return std::nullopt;
}

std::string ApiAccess::WhoAsks(const Headers& headers) const {
  const ApiToken* token = Find(headers);
  return token == nullptr ? "" : token->name;
}

std::optional<HttpResponse> ApiAccess::TooMuch(const Headers& headers) {
  const ApiToken* token = Find(headers);
  if (token == nullptr) return Refusal(headers, ApiRole::kViewer);
  const absl::Time now = clock_.Now();
  MutexLock lock(mutex_);
  Allowance& allowance = allowances_[static_cast<std::size_t>(token - tokens_.data())];
  const double refilled = std::max(0.0, absl::ToDoubleMinutes(now - allowance.at)) * kPerMinute;
  allowance.left = std::min(kPerMinute, allowance.left + refilled);
  allowance.at = now;
  if (allowance.left >= 1) {
    allowance.left -= 1;
    return std::nullopt;
  }
  const int wait = static_cast<int>(std::ceil((1 - allowance.left) * 60 / kPerMinute));
  HttpResponse response = ProblemAnswer(
      429, Cat("the token \"", token->name, "\" asked ", kPerMinute,
               " times within a minute; ask again in ", wait, wait == 1 ? " second" : " seconds"));
  response.headers.emplace_back("retry-after", Cat(wait));
  return response;
}

}  // namespace regreen
