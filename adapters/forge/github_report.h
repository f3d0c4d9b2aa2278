// Comments and issues on GitHub, each made once.
#pragma once

#include <stop_token>
#include <string>

#include "adapters/forge/github_api.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

// Answers the link of the report, which is found again by its last line. Only the newest few
// hundred comments or issues are looked through.
StatusOr<std::string> TellGithub(const GithubApi& api, const Report& report, std::stop_token stop);

}  // namespace regreen
