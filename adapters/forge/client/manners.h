// What each platform allows, and how its answers say so.
#pragma once

#include <string_view>

#include "adapters/forge/client/gate.h"
#include "daemon/base/http.h"

namespace regreen {

struct Manners {
  const char* platform;  // "GitHub", for messages
  Pace pace;
  // Headers, in lower case. The reset is in seconds since 1970.
  const char* remaining_header;
  const char* reset_header;
  // Answers that refuse for a limit come with 403 too, told by headers or words.
  bool limits_by_403;
};

const Manners& GithubManners();
const Manners& GitlabManners();
// Gitea and Forgejo have no limits of their own; what stands before them may, and says 429.
const Manners& GiteaManners();

LimitNews ReadLimits(const Manners& manners, const HttpAnswer& answer, absl::Time now);

// The query of the next page, with its "?", by the header Link (RFC 8288, "rel=next") or
// x-next-page; "" when there is none. Only a query is ever taken: behind a proxy a forge may not
// know its own address, and a credential goes to no other. `query` is that of this page.
std::string NextPage(const HttpAnswer& answer, std::string_view query);

}  // namespace regreen
