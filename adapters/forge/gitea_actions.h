// What Gitea can do besides runs and pull requests: run again, tell, merge, name labels.
// Source: Gitea's API description, templates/swagger/v1_json.tmpl.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "adapters/forge/gitea_api.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

class GiteaActions final : public ForgeActions {
 public:
  // Says whether a repository may be touched, in the forge's own words.
  using RepoCheck = std::function<Status(const std::string& repo)>;

  // `api` outlives it.
  GiteaActions(const GiteaApi& api, RepoCheck check) : api_(api), check_(std::move(check)) {}

  Status Rerun(const RunKey& run, std::stop_token stop) override;
  StatusOr<std::string> Tell(const Report& report, std::stop_token stop) override;
  Status MergeWhenGreen(const ChangeKey& change, const std::string& commit,
                        std::stop_token stop) override;
  StatusOr<std::vector<std::string>> Labels(const std::string& repo, int pull_request,
                                            std::stop_token stop) override;

 private:
  const GiteaApi& api_;
  const RepoCheck check_;
};

}  // namespace regreen
