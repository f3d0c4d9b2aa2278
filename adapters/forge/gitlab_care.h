// What becomes of a merge request after it was opened. Source: docs.gitlab.com, "REST API"
// (commits, merge requests, branches).
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>

#include "adapters/forge/gitlab_api.h"
#include "daemon/ports/change_care.h"

namespace regreen {

class GitlabCare final : public ChangeCare {
 public:
  // Says whether a repository may be touched, in the forge's own words.
  using RepoCheck = std::function<Status(const std::string& repo)>;

  // `api` outlives it.
  GitlabCare(const GitlabApi& api, RepoCheck check) : api_(api), check_(std::move(check)) {}

  StatusOr<Checks> ReadChecks(const std::string& repo, const std::string& commit,
                              std::stop_token stop) override;
  Status MarkReady(const ChangeKey& change, const std::string& commit,
                   std::stop_token stop) override;
  Status Close(const ChangeKey& change, const std::string& commit, std::stop_token stop) override;
  Status DeleteBranch(const std::string& repo, const std::string& branch, const std::string& commit,
                      std::stop_token stop) override;

 private:
  // The open merge request as it is now; null when it is not open any more. FailedPrecondition when
  // its head is another commit.
  StatusOr<Json> ReadOpen(const ChangeKey& change, const std::string& commit,
                          const std::string& what, std::stop_token stop) const;

  const GitlabApi& api_;
  const RepoCheck check_;
};

}  // namespace regreen
