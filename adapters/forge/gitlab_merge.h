// Merge requests that merge themselves.
#pragma once

#include <stop_token>
#include <string>

#include "adapters/forge/gitlab_api.h"
#include "daemon/domain/change.h"

namespace regreen {

// As ForgeActions::MergeWhenGreen. Unavailable while it has no pipeline, or a red one, so that it
// has to be asked for again: GitLab would merge at once what has no pipeline yet.
Status MergeGitlabWhenGreen(const GitlabApi& api, const ChangeKey& change,
                            const std::string& commit, std::stop_token stop);

}  // namespace regreen
