#include "adapters/forge/git.h"

#include <utility>

#include "adapters/forge/foreign.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class GitForge final : public Forge {
 public:
  GitForge(const ForgeOptions& options, const ForgeDependencies& dependencies)
      : mirror_(*dependencies.mirror),
        remotes_(options.remotes),
        token_(options.token),
        ca_file_(options.ca_file),
        proxy_(options.proxy) {}

  StatusOr<RunFacts> ReadRun(const RunHint& hint, std::stop_token stop) override {
    if (!hint.foreign) {
      return InvalidArgument("a forge of the kind git knows no runs: give its CI the kind generic");
    }
    ASSIGN_OR_RETURN(const GitRemote remote, Remote(hint.key.repo));
    std::optional<std::string> tip;
    if (!hint.branch.empty()) {
      ASSIGN_OR_RETURN(tip, mirror_.RemoteTip(remote, hint.branch, stop));
    }
    return ForeignFacts(hint, tip);
  }

  StatusOr<JobLog> ReadLog(const RunHint&, const JobFacts&, std::stop_token) override {
    return NotFound("a forge of the kind git keeps no logs: they come with the delivery");
  }

  StatusOr<Change> EnsureChange(const ChangeRequest& request, std::stop_token) override {
    ASSIGN_OR_RETURN(const GitRemote remote, Remote(request.repo));
    return Change{0, Cat(request.branch, " on ", remote.url), true};
  }

  StatusOr<ChangeState> ReadChange(const ChangeKey& key, const ChangeRef& ref,
                                   std::stop_token stop) override {
    ASSIGN_OR_RETURN(const GitRemote remote, Remote(key.repo));
    ASSIGN_OR_RETURN(const bool merged, IsMerged(remote, ref, stop));
    if (merged) return ChangeState{ChangeState::Kind::kMerged, ""};
    ASSIGN_OR_RETURN(const std::optional<std::string> head,
                     mirror_.RemoteTip(remote, ref.branch, stop));
    if (!head) return ChangeState{ChangeState::Kind::kClosed, ""};
    return ChangeState{ChangeState::Kind::kOpen, *head};
  }

  ForgeActions* actions() override { return nullptr; }
  StatusOr<GitRemote> Remote(const std::string& repo) override {
    const auto found = remotes_.find(repo);
    if (found == remotes_.end()) {
      return PermissionDenied(
          Cat("the repository ", EscapeControl(Truncate(repo, 100)),
              " is not one of the forge's remotes; add it there to have it worked on"));
    }
    if (found->second.starts_with('/') || token_.empty())
      return GitRemote{found->second, "", {}, ca_file_, proxy_};
    return GitRemote{found->second, "x-access-token", token_, ca_file_, proxy_};
  }

 private:
  StatusOr<bool> IsMerged(const GitRemote& remote, const ChangeRef& ref, std::stop_token stop) {
    ASSIGN_OR_RETURN(const std::optional<std::string> target,
                     mirror_.RemoteTip(remote, ref.target, stop));
    if (!target) return false;
    if (*target == ref.commit) return true;
    ASSIGN_OR_RETURN(const std::string folder, mirror_.Ensure(remote, *target, stop));
    const auto ours = mirror_.Ensure(remote, ref.commit, stop);
    // A commit that nothing on the remote leads to is in no branch.
    if (ours.status().code() == StatusCode::kNotFound) return false;
    if (!ours.ok()) return ours.status();
    return mirror_.Contains(folder, *target, ref.commit);
  }

  Mirror& mirror_;
  const std::map<std::string, std::string> remotes_;
  const Secret token_;
  const std::string ca_file_, proxy_;
};

}  // namespace

StatusOr<std::unique_ptr<Forge>> NewGitForge(const ForgeOptions& options,
                                             const ForgeDependencies& dependencies) {
  std::vector<std::string> problems;
  if (options.remotes.empty())
    problems.push_back("remotes names no repository, so none may be worked on");
  for (const auto& [repo, remote] : options.remotes) {
    if (remote.starts_with('/')) continue;
    const auto url = ParseUrl(remote);
    if (!url.ok()) {
      problems.push_back(
          Cat("the remote of ", EscapeControl(repo),
              " must be an absolute path or an http(s) URL: ", Message(url.status())));
    }
  }
  if (!problems.empty()) return InvalidArgument(Join(problems, "\n"));
  return std::unique_ptr<Forge>(std::make_unique<GitForge>(options, dependencies));
}

}  // namespace regreen
