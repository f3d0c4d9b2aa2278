#include <utility>

#include "adapters/git/apply.h"
#include "adapters/git/git.h"
#include "adapters/git/lock.h"
#include "adapters/git/remote.h"
#include "adapters/git/transport.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kOwnPrefix = "regreen/";

// Only branches of ours, whatever the caller was made to believe.
Status CheckBranch(const std::string& branch) {
  EnsureGitLibrary();
  int valid = 0;
  git_reference_name_is_valid(&valid, Cat("refs/heads/", branch).c_str());
  if (!branch.starts_with(kOwnPrefix) || valid == 0) {
    return InvalidArgument(Cat("\"", EscapeControl(branch),
                               "\" is not a branch that regreen writes: ", "it must begin with ",
                               kOwnPrefix, " and be a valid git name"));
  }
  return OkStatus();
}

class GitPublisher final : public Publisher {
 public:
  explicit GitPublisher(GitOptions options) : options_(std::move(options)) {}

  StatusOr<PushedBranch> Push(const std::string& mirror_folder, const PushSpec& spec,
                              const Patch& patch, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRemote(spec.remote));
    RETURN_IF_ERROR(CheckBranch(spec.branch));
    ASSIGN_OR_RETURN(const MirrorLock lock, MirrorLock::Take(mirror_folder, stop));
    ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(mirror_folder));
    ASSIGN_OR_RETURN(const git_oid commit,
                     CommitPatch(repository.get(), patch,
                                 {spec.author_name, spec.author_email, spec.message, spec.when}));
    GitRequest request;
    request.operation = GitRequest::Operation::kTips;
    request.remote = spec.remote;
    request.folder = mirror_folder;
    request.ref = Cat("refs/heads/", spec.branch);
    request.commit = ToHex(commit);
    ASSIGN_OR_RETURN(const GitAnswer seen, AskRemote(options_, request, stop));
    if (seen.tip == request.commit) return PushedBranch{request.commit, true};
    if (seen.tip) {
      RETURN_IF_ERROR(CheckOurs(request, *seen.tip, spec, stop));
      request.expected = *seen.tip;
    }
    request.operation = GitRequest::Operation::kPush;
    RETURN_IF_ERROR(AskRemote(options_, request, stop).status());
    return PushedBranch{request.commit, false};
  }

 private:
  // The author alone would not do: an amended commit keeps its author and gets its committer anew.
  Status CheckOurs(GitRequest request, const std::string& tip, const PushSpec& spec,
                   std::stop_token stop) {
    ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(request.folder));
    if (!LookUpCommit(repository.get(), tip).ok()) {
      request.operation = GitRequest::Operation::kFetch;
      request.refspecs = {Cat("+", request.ref, ":", request.ref)};
      RETURN_IF_ERROR(AskRemote(options_, request, std::move(stop)).status());
      ASSIGN_OR_RETURN(repository, OpenRepository(request.folder));
    }
    auto commit = LookUpCommit(repository.get(), tip);
    if (!commit.ok()) return Aborted("the branch moved while its tip was being looked at");
    const std::string author = git_commit_author(commit->get())->email;
    const std::string committer = git_commit_committer(commit->get())->email;
    if (author == spec.author_email && committer == spec.author_email) return OkStatus();
    return FailedPrecondition(Cat("someone else's commit is on the branch ", spec.branch, ": ", tip,
                                  "; it is left as it is"));
  }

  const GitOptions options_;
};

}  // namespace

std::unique_ptr<Publisher> NewGitPublisher(GitOptions options) {
  return std::make_unique<GitPublisher>(std::move(options));
}

}  // namespace regreen
