// Comments and issues on Gitea, each made once.
#pragma once

#include <stop_token>
#include <string>

#include "adapters/forge/gitea_api.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

// Answers the link of the report, which is found again by its last line. FailedPrecondition for a
// comment on a commit, of which Gitea and Forgejo have none. Of issues, only the newest hundred and
// fifty are looked through.
StatusOr<std::string> TellGitea(const GiteaApi& api, const Report& report, std::stop_token stop);

}  // namespace regreen
