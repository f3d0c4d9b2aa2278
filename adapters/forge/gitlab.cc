#include "adapters/forge/gitlab.h"

#include <utility>

#include "adapters/forge/addresses.h"
#include "adapters/forge/foreign.h"
#include "adapters/forge/gitlab_actions.h"
#include "adapters/forge/gitlab_api.h"
#include "adapters/forge/gitlab_changes.h"
#include "adapters/forge/gitlab_comments.h"
#include "adapters/forge/gitlab_hooks.h"
#include "adapters/forge/gitlab_logs.h"
#include "adapters/forge/gitlab_runs.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kApiPath = "/api/v4";

class GitlabForge final : public Forge {
 public:
  GitlabForge(const ForgeOptions& options, const ForgeDependencies& dependencies,
              const std::string& api, std::string git)
      : site_(api.substr(0, api.size() - kApiPath.size())),
        client_(ClientOptionsOf(options, dependencies, GitlabManners(), api)),
        api_(client_, options.token),
        git_(std::move(git)),
        ca_file_(options.ca_file),
        proxy_(options.proxy),
        token_(options.token),
        repos_(options.repos),
        forks_(options.forks),
        actions_(api_, site_, [this](const std::string& repo) { return CheckRepo(repo); }),
        comments_(api_, site_, [this](const std::string& repo) { return CheckRepo(repo); }),
        missed_(api_, [this](const std::string& repo) { return CheckRepo(repo); }) {}

  StatusOr<RunFacts> ReadRun(const RunHint& hint, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(hint.key.repo));
    if (!hint.foreign) return ReadGitlabRun(api_, hint, forks_, std::move(stop));
    std::optional<std::string> tip;
    if (!hint.branch.empty()) {
      ASSIGN_OR_RETURN(tip, ReadGitlabBranch(api_, hint.key.repo, hint.branch, std::move(stop)));
    }
    return ForeignFacts(hint, tip);
  }

  StatusOr<JobLog> ReadLog(const RunHint& hint, const JobFacts& job,
                           std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(hint.key.repo));
    return ReadGitlabLog(api_, hint.key, job, std::move(stop));
  }

  StatusOr<Change> EnsureChange(const ChangeRequest& request, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(request.repo));
    return EnsureGitlabMergeRequest(api_, request, std::move(stop));
  }

  StatusOr<ChangeState> ReadChange(const ChangeKey& key, const ChangeRef&,
                                   std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(key.repo));
    return ReadGitlabMergeRequest(api_, key, std::move(stop));
  }

  ForgeActions* actions() override { return &actions_; }
  ForgeComments* comments() override { return &comments_; }
  ForgeMissed* missed() override { return &missed_; }
  // Any user name goes with a token; this one is GitLab's own for tokens of every kind.
  StatusOr<GitRemote> Remote(const std::string& repo) override {
    RETURN_IF_ERROR(CheckRepo(repo));
    const std::string url = Cat(git_, "/", repo, ".git");
    if (url.starts_with('/')) return GitRemote{url, "", {}};
    return GitRemote{url, "oauth2", token_, ca_file_, proxy_};
  }

 private:
  Status CheckRepo(const std::string& repo) const { return CheckRepoNamed(repo, true, repos_); }

  const std::string site_;
  const ForgeClient client_;
  const GitlabApi api_;
  const std::string git_, ca_file_, proxy_;
  const Secret token_;
  const std::vector<std::string> repos_;
  const bool forks_;
  GitlabActions actions_;
  GitlabComments comments_;
  GitlabMissed missed_;
};

}  // namespace

StatusOr<std::unique_ptr<Forge>> NewGitlabForge(const ForgeOptions& options,
                                                const ForgeDependencies& dependencies) {
  std::vector<std::string> problems;
  const std::string api = BaseUrl(ApiOf(options.kind, options.api), "api", problems);
  if (!api.empty() && !api.ends_with(kApiPath))
    problems.push_back("api must end with /api/v4, for example https://gitlab.example.com/api/v4");
  std::string git = GitOf(options.kind, options.api, options.git);
  if (!git.starts_with('/')) git = BaseUrl(git, "git", problems);
  if (options.token.empty())
    problems.push_back("token is needed: a project's, a group's or a personal access token");
  if (options.repos.empty())
    problems.push_back("repos names no repository, so none may be worked on");
  if (!problems.empty()) return InvalidArgument(Join(problems, "\n"));
  return std::unique_ptr<Forge>(
      std::make_unique<GitlabForge>(options, dependencies, api, std::move(git)));
}

}  // namespace regreen
