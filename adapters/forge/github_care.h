// What becomes of a pull request after it was opened. Sources: docs.github.com, "REST API" (check
// runs, commit statuses, pulls, git references) and "GraphQL API" (mutations of pull requests).
#pragma once

#include <stop_token>
#include <string>
#include <utility>

#include "adapters/forge/github_api.h"
#include "daemon/ports/change_care.h"

namespace regreen {

class GithubCare final : public ChangeCare {
 public:
  explicit GithubCare(GithubApiFor api_for) : api_for_(std::move(api_for)) {}

  StatusOr<Checks> ReadChecks(const std::string& repo, const std::string& commit,
                              std::stop_token stop) override;
  Status MarkReady(const ChangeKey& change, const std::string& commit,
                   std::stop_token stop) override;
  Status Close(const ChangeKey& change, const std::string& commit, std::stop_token stop) override;
  Status DeleteBranch(const std::string& repo, const std::string& branch, const std::string& commit,
                      std::stop_token stop) override;

 private:
  const GithubApiFor api_for_;
};

}  // namespace regreen
