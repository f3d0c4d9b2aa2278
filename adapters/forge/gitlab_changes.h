// Merge requests.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/forge/gitlab_api.h"
#include "daemon/domain/change.h"

namespace regreen {

// Opens the merge request of the branch, or updates the one that is open.
StatusOr<Change> EnsureGitlabMergeRequest(const GitlabApi& api, const ChangeRequest& request,
                                          std::stop_token stop);
StatusOr<ChangeState> ReadGitlabMergeRequest(const GitlabApi& api, const ChangeKey& key,
                                             std::stop_token stop);

// A draft is told by its title alone. Source: docs.gitlab.com, "Draft merge requests".
bool IsDraftTitle(std::string_view title);
std::string WithoutDraft(std::string_view title);

// Labels as GitLab takes them: one text, by commas. One with a comma in its name cannot be told.
std::string LabelText(const std::vector<std::string>& labels);

}  // namespace regreen
