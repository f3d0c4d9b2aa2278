#include "adapters/forge/github.h"

#include <utility>

#include "adapters/forge/addresses.h"
#include "adapters/forge/foreign.h"
#include "adapters/forge/github_actions.h"
#include "adapters/forge/github_api.h"
#include "adapters/forge/github_changes.h"
#include "adapters/forge/github_comments.h"
#include "adapters/forge/github_hooks.h"
#include "adapters/forge/github_logs.h"
#include "adapters/forge/github_runs.h"
#include "adapters/forge/github_tokens.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class GithubForge final : public Forge {
 public:
  GithubForge(const ForgeOptions& options, std::unique_ptr<ForgeClient> client, std::string git,
              std::unique_ptr<GithubTokens> tokens)
      : client_(std::move(client)),
        git_(std::move(git)),
        ca_file_(options.ca_file),
        proxy_(options.proxy),
        repos_(options.repos),
        forks_(options.forks),
        tokens_(std::move(tokens)),
        actions_([this](const std::string& repo, std::stop_token stop) {
          return ApiFor(repo, std::move(stop));
        }),
        comments_([this](const std::string& repo, std::stop_token stop) {
          return ApiFor(repo, std::move(stop));
        }),
        missed_(AccessFor(options)) {}

  StatusOr<RunFacts> ReadRun(const RunHint& hint, std::stop_token stop) override {
    ASSIGN_OR_RETURN(const GithubApi api, ApiFor(hint.key.repo, stop));
    if (!hint.foreign) return ReadGithubRun(api, hint, forks_, std::move(stop));
    std::optional<std::string> tip;
    if (!hint.branch.empty()) {
      ASSIGN_OR_RETURN(tip, ReadGithubBranch(api, hint.key.repo, hint.branch, std::move(stop)));
    }
    return ForeignFacts(hint, tip);
  }

  StatusOr<JobLog> ReadLog(const RunHint& hint, const JobFacts& job,
                           std::stop_token stop) override {
    ASSIGN_OR_RETURN(const GithubApi api, ApiFor(hint.key.repo, stop));
    return ReadGithubLog(api, hint.key.repo, job.id, std::move(stop));
  }

  StatusOr<Change> EnsureChange(const ChangeRequest& request, std::stop_token stop) override {
    ASSIGN_OR_RETURN(const GithubApi api, ApiFor(request.repo, stop));
    return EnsureGithubPull(api, request, std::move(stop));
  }

  StatusOr<ChangeState> ReadChange(const ChangeKey& key, const ChangeRef&,
                                   std::stop_token stop) override {
    ASSIGN_OR_RETURN(const GithubApi api, ApiFor(key.repo, stop));
    return ReadGithubPull(api, key, std::move(stop));
  }

  ForgeActions* actions() override { return &actions_; }
  ForgeComments* comments() override { return &comments_; }
  ForgeMissed* missed() override { return &missed_; }
  StatusOr<GitRemote> Remote(const std::string& repo) override {
    RETURN_IF_ERROR(CheckRepoNamed(repo, false, repos_));
    const std::string url = Cat(git_, "/", repo, ".git");
    if (url.starts_with('/')) return GitRemote{url, "", {}};
    ASSIGN_OR_RETURN(GithubCredential credential, tokens_->For(repo, {}));
    return GitRemote{url, "x-access-token", std::move(credential.token), ca_file_, proxy_};
  }

 private:
  StatusOr<GithubApi> ApiFor(const std::string& repo, std::stop_token stop) {
    RETURN_IF_ERROR(CheckRepoNamed(repo, false, repos_));
    ASSIGN_OR_RETURN(GithubCredential credential, tokens_->For(repo, std::move(stop)));
    return GithubApi(*client_, std::move(credential.gate), std::move(credential.token),
                     [this, repo] { return tokens_->Refused(repo); });
  }

  GithubAccess AccessFor(const ForgeOptions& options) {
    GithubAccess access;
    access.for_repo = [this](const std::string& repo, std::stop_token stop) {
      return ApiFor(repo, std::move(stop));
    };
    access.with_token = [this](Secret token) {
      auto gate = client_->GateOf(token.Reveal(), "token of a sweep");
      return GithubApi(*client_, std::move(gate), std::move(token));
    };
    access.token = options.token;
    access.may_work_on = [this](const std::string& repo) {
      return CheckRepoNamed(repo, false, repos_).ok();
    };
    if (options.app_id.empty()) return access;
    access.as_app = [this, id = options.app_id, pem = options.app_key]() -> StatusOr<GithubApi> {
      ASSIGN_OR_RETURN(const RsaKey key, RsaKey::FromPem(pem));
      ASSIGN_OR_RETURN(const std::string jwt, GithubAppJwt(key, id, client_->clock().Now()));
      return GithubApi(*client_, client_->GateOf("app " + id, "app"), Secret(jwt));
    };
    return access;
  }

  const std::unique_ptr<ForgeClient> client_;
  const std::string git_, ca_file_, proxy_;
  const std::vector<std::string> repos_;
  const bool forks_;
  const std::unique_ptr<GithubTokens> tokens_;
  GithubActions actions_;
  GithubComments comments_;
  GithubMissed missed_;
};

// By the token, or by the app; nullptr where there is any mistake.
std::unique_ptr<GithubTokens> TokensOf(const ForgeOptions& options, const ForgeClient& client,
                                       std::vector<std::string>& problems) {
  const bool app = !options.app_id.empty() || !options.app_key.empty();
  if (app == !options.token.empty()) {
    problems.push_back("exactly one of token (a personal access token) and app_id is needed");
    return nullptr;
  }
  if (!app) return problems.empty() ? NewFixedToken(client, options.token) : nullptr;
  if (options.app_id.empty()) problems.push_back("app_id is needed beside app_key");
  const auto key = RsaKey::FromPem(options.app_key);
  if (!key.ok()) problems.push_back(Cat("app_key: ", Message(key.status())));
  if (!problems.empty()) return nullptr;
  return NewGithubAppTokens(client, options.app_id, *key);
}

// GitHub's own are api.github.com and api.NAME.ghe.com; an Enterprise Server has it below /api/v3.
// A stand-in on this machine may have it anywhere.
void CheckEnterprise(const std::string& api, std::vector<std::string>& problems) {
  const auto url = ParseUrl(api);
  if (!url.ok() || IsLoopbackHost(url->host) || url->host.starts_with("api.")) return;
  if (!api.ends_with("/api/v3")) {
    problems.push_back(
        "api of a GitHub Enterprise Server must end with /api/v3, for example "
        "https://github.example.com/api/v3");
  }
}

}  // namespace

StatusOr<std::unique_ptr<Forge>> NewGithubForge(const ForgeOptions& options,
                                                const ForgeDependencies& dependencies) {
  std::vector<std::string> problems;
  const std::string api = BaseUrl(ApiOf(options.kind, options.api), "api", problems);
  CheckEnterprise(api, problems);
  // A folder holds bare copies that something else keeps in step with GitHub.
  std::string git = GitOf(options.kind, options.api, options.git);
  if (!git.starts_with('/')) git = BaseUrl(git, "git", problems);
  if (options.repos.empty())
    problems.push_back("repos names no repository, so none may be worked on");
  ForgeClientOptions out = ClientOptionsOf(options, dependencies, GithubManners(), api);
  out.graphql = GraphQlOf(api);
  auto client = std::make_unique<ForgeClient>(std::move(out));
  auto tokens = TokensOf(options, *client, problems);
  if (!problems.empty()) return InvalidArgument(Join(problems, "\n"));
  return std::unique_ptr<Forge>(
      std::make_unique<GithubForge>(options, std::move(client), std::move(git), std::move(tokens)));
}

}  // namespace regreen
