#include "adapters/forge/github.h"

#include <algorithm>
#include <utility>

#include "adapters/forge/foreign.h"
#include "adapters/forge/github_actions.h"
#include "adapters/forge/github_api.h"
#include "adapters/forge/github_changes.h"
#include "adapters/forge/github_logs.h"
#include "adapters/forge/github_runs.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// The base of further addresses, without a slash at its end. Notes a problem when a token must not
// be sent there.
std::string BaseUrl(const std::string& text, std::string_view option,
                    std::vector<std::string>& problems) {
  const auto url = ParseUrl(text);
  if (!url.ok()) {
    problems.push_back(Cat(option, ": ", Message(url.status())));
    return "";
  }
  if (url->scheme != "https" && !IsLoopback(url->host)) {
    problems.push_back(
        Cat(option, " must begin with https://: the token would cross the network in clear"));
  }
  if (text.find('?') != std::string::npos)
    problems.push_back(Cat(option, " must not have a query"));
  std::string base = text;
  while (base.ends_with('/')) base.pop_back();
  return base;
}

// GitHub's own characters: the name becomes a part of clone URLs and API paths.
bool IsRepoName(std::string_view repo) {
  constexpr std::string_view kBytes =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  const auto parts = Split(repo, '/');
  return parts.size() == 2 && std::all_of(parts.begin(), parts.end(), [&](std::string_view part) {
           return !part.empty() && part != "." && part != ".." &&
                  part.find_first_not_of(kBytes) == std::string_view::npos;
         });
}

class GithubForge final : public Forge {
 public:
  GithubForge(const ForgeOptions& options, const ForgeDependencies& dependencies, std::string api,
              std::string git)
      : api_(*dependencies.http, *dependencies.clock, std::move(api), options.token),
        git_(std::move(git)),
        token_(options.token),
        repos_(options.repos),
        forks_(options.forks),
        actions_(api_, [this](const std::string& repo) { return CheckRepo(repo); }) {}

  StatusOr<RunFacts> ReadRun(const RunHint& hint, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(hint.key.repo));
    if (!hint.foreign) return ReadGithubRun(api_, hint, forks_, std::move(stop));
    std::optional<std::string> tip;
    if (!hint.branch.empty()) {
      ASSIGN_OR_RETURN(tip, ReadGithubBranch(api_, hint.key.repo, hint.branch, std::move(stop)));
    }
    return ForeignFacts(hint, tip);
  }

  StatusOr<JobLog> ReadLog(const RunHint& hint, const JobFacts& job,
                           std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(hint.key.repo));
    return ReadGithubLog(api_, hint.key.repo, job.id, std::move(stop));
  }

  StatusOr<Change> EnsureChange(const ChangeRequest& request, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(request.repo));
    return EnsureGithubPull(api_, request, std::move(stop));
  }

  StatusOr<ChangeState> ReadChange(const ChangeKey& key, const ChangeRef&,
                                   std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRepo(key.repo));
    return ReadGithubPull(api_, key, std::move(stop));
  }

  ForgeActions* actions() override { return &actions_; }
  StatusOr<GitRemote> Remote(const std::string& repo) override {
    RETURN_IF_ERROR(CheckRepo(repo));
    const std::string url = Cat(git_, "/", repo, ".git");
    if (url.starts_with('/')) return GitRemote{url, "", {}};
    return GitRemote{url, "x-access-token", token_};
  }

 private:
  Status CheckRepo(const std::string& repo) const {
    const bool named = IsRepoName(repo) &&
                       std::any_of(repos_.begin(), repos_.end(),
                                   [&](const std::string& glob) { return GlobMatch(glob, repo); });
    if (named) return OkStatus();
    return PermissionDenied(
        Cat("the repository ", EscapeControl(Truncate(repo, 100)),
            " is not one that the forge's repos names; add it there to have it worked on"));
  }

  const GithubApi api_;
  const std::string git_;
  const Secret token_;
  const std::vector<std::string> repos_;
  const bool forks_;
  GithubActions actions_;
};

}  // namespace

StatusOr<std::unique_ptr<Forge>> NewGithubForge(const ForgeOptions& options,
                                                const ForgeDependencies& dependencies) {
  std::vector<std::string> problems;
  std::string api = BaseUrl(options.api, "api", problems);
  // A folder holds bare copies that something else keeps in step with GitHub.
  std::string git =
      options.git.starts_with('/') ? options.git : BaseUrl(options.git, "git", problems);
  if (options.token.empty()) problems.push_back("token is needed: a personal access token");
  if (options.repos.empty())
    problems.push_back("repos names no repository, so none may be worked on");
  if (!problems.empty()) return InvalidArgument(Join(problems, "\n"));
  return std::unique_ptr<Forge>(
      std::make_unique<GithubForge>(options, dependencies, std::move(api), std::move(git)));
}

}  // namespace regreen
