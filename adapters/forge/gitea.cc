#include "adapters/forge/gitea.h"

#include <utility>

#include "adapters/forge/addresses.h"
#include "adapters/forge/foreign.h"
#include "adapters/forge/gitea_actions.h"
#include "adapters/forge/gitea_api.h"
#include "adapters/forge/gitea_changes.h"
#include "adapters/forge/gitea_logs.h"
#include "adapters/forge/gitea_runs.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kApiPath = "/api/v1";

class GiteaForge final : public Forge {
 public:
  GiteaForge(const ForgeOptions& options, const ForgeDependencies& dependencies, std::string api,
             std::string git)
      : api_(*dependencies.http, *dependencies.clock, std::move(api), options.token),
        git_(std::move(git)),
        token_(options.token),
        repos_(options.repos),
        forks_(options.forks),
        actions_(api_, [this](const std::string& repo) { return CheckRepo(repo); }) {}

  StatusOr<RunFacts> ReadRun(const RunHint& hint, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(hint.key.repo));
    if (!hint.foreign) return ReadGiteaRun(api_, hint, forks_, std::move(stop));
    std::optional<std::string> tip;
    if (!hint.branch.empty()) {
      ASSIGN_OR_RETURN(tip, ReadGiteaBranch(api_, hint.key.repo, hint.branch, std::move(stop)));
    }
    return ForeignFacts(hint, tip);
  }

  StatusOr<JobLog> ReadLog(const RunHint& hint, const JobFacts& job,
                           std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(hint.key.repo));
    return ReadGiteaLog(api_, hint.key, job, std::move(stop));
  }

  StatusOr<Change> EnsureChange(const ChangeRequest& request, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(request.repo));
    return EnsureGiteaPull(api_, request, std::move(stop));
  }

  StatusOr<ChangeState> ReadChange(const ChangeKey& key, const ChangeRef&,
                                   std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(key.repo));
    return ReadGiteaPull(api_, key, std::move(stop));
  }

  ForgeActions* actions() override { return &actions_; }
  // Any user name goes with a token as the password; source: docs.gitea.com, "API Usage".
  StatusOr<GitRemote> Remote(const std::string& repo) override {
    RETURN_IF_ERROR(CheckRepo(repo));
    const std::string url = Cat(git_, "/", repo, ".git");
    if (url.starts_with('/')) return GitRemote{url, "", {}};
    return GitRemote{url, "regreen", token_};
  }

 private:
  Status CheckRepo(const std::string& repo) const { return CheckRepoNamed(repo, false, repos_); }

  const GiteaApi api_;
  const std::string git_;
  const Secret token_;
  const std::vector<std::string> repos_;
  const bool forks_;
  GiteaActions actions_;
};

}  // namespace

StatusOr<std::unique_ptr<Forge>> NewGiteaForge(const ForgeOptions& options,
                                               const ForgeDependencies& dependencies) {
  std::vector<std::string> problems;
  std::string api, git;
  if (options.api.empty()) {
    problems.push_back("api is needed, for example https://gitea.example.com/api/v1");
  } else {
    api = BaseUrl(options.api, "api", problems);
    if (!api.empty() && !api.ends_with(kApiPath))
      problems.push_back("api must end with /api/v1, for example https://gitea.example.com/api/v1");
    git = GitOf(options.kind, options.api, options.git);
    if (!git.starts_with('/')) git = BaseUrl(git, "git", problems);
  }
  if (options.token.empty()) problems.push_back("token is needed: a person's or a bot's");
  if (options.repos.empty())
    problems.push_back("repos names no repository, so none may be worked on");
  if (!problems.empty()) return InvalidArgument(Join(problems, "\n"));
  return std::unique_ptr<Forge>(
      std::make_unique<GiteaForge>(options, dependencies, std::move(api), std::move(git)));
}

}  // namespace regreen
