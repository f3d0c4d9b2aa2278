// Who may ask the API what, and how often.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/mutex.h"
#include "daemon/base/secret.h"

namespace regreen {

enum class ApiRole { kViewer, kOperator };  // an operator may do what a viewer may

struct ApiToken {
  std::string name;  // in the configuration
  Secret token;
  ApiRole role = ApiRole::kViewer;
};

// Any thread.
class ApiAccess {
 public:
  ApiAccess(std::vector<ApiToken> tokens, const Clock& clock);

  // nullopt when the request may go on: a bearer token (RFC 6750) of that role at least. Else the
  // answer: 401, 403. Takes time that does not depend on which token was nearly right.
  std::optional<HttpResponse> Refusal(const Headers& headers, ApiRole needed) const;
  // The name of the token that the request bears; "" for none.
  std::string WhoAsks(const Headers& headers) const;
  // Counts work that this request's token causes: 429 when it is too much for one minute.
  std::optional<HttpResponse> TooMuch(const Headers& headers);

 private:
  struct Allowance {
    double left = 0;
    absl::Time at;
  };
  const ApiToken* Find(const Headers& headers) const;

  const std::vector<ApiToken> tokens_;
  const Clock& clock_;
  Mutex mutex_;
  std::vector<Allowance> allowances_ RG_GUARDED_BY(mutex_);  // as the tokens
};

}  // namespace regreen
