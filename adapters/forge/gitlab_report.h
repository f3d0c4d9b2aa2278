// Comments and issues on GitLab, each made once.
#pragma once

#include <stop_token>
#include <string>

#include "adapters/forge/gitlab_api.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

// Answers the link of the report, which is found again by its last line. Only the newest few
// hundred comments or issues are looked through. `site` is where people look: links to comments,
// which GitLab does not tell, begin with it.
StatusOr<std::string> TellGitlab(const GitlabApi& api, const std::string& site,
                                 const Report& report, std::stop_token stop);

}  // namespace regreen
