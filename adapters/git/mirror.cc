#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "adapters/git/git.h"
#include "adapters/git/library.h"
#include "adapters/git/lock.h"
#include "adapters/git/read_folder.h"
#include "adapters/git/remote.h"
#include "adapters/git/transport.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

bool HasCommit(const std::string& folder, const std::string& commit) {
  auto repository = OpenRepository(folder);
  return repository.ok() && LookUpCommit(repository->get(), commit).ok();
}

// Makes the bare repository when it is not there, or when a crash left half of one.
Status MakeRepository(const std::string& folder) {
  const Status opened = OpenRepository(folder).status();
  if (opened.code() != StatusCode::kNotFound) return opened;
  RETURN_IF_ERROR(RemoveTree(folder));
  EnsureGitLibrary();
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR;
  int code = 0;
  auto made = GitMake<RepositoryPtr>(code, git_repository_init_ext, folder.c_str(), &options);
  if (code != 0) return GitError(code, Cat("cannot make the repository ", folder));
  return OkStatus();
}

// What a person may mean by a name, in the order in which it is looked for; nullopt for what no ref
// can be called (git-check-ref-format). Nothing of it is a pattern.
std::optional<std::vector<std::string>> RefNames(const std::string& ref) {
  constexpr std::size_t kLongest = 250;
  const bool odd = ref.empty() || ref.size() > kLongest || ref.front() == '-' ||
                   ref.find("..") != std::string::npos ||
                   ref.find_first_of("~^:?*[\\ \x7f") != std::string::npos ||
                   std::any_of(ref.begin(), ref.end(), [](unsigned char c) { return c < 0x20; });
  if (odd) return std::nullopt;
  if (ref.starts_with("refs/")) return std::vector<std::string>{ref};
  std::vector<std::string> names = {Cat("refs/heads/", ref), Cat("refs/tags/", ref)};
  const std::string number = ref.substr(ref.front() == '#' || ref.front() == '!' ? 1 : 0);
  std::int64_t n = 0;
  if (ParseInt64(number, &n) && n > 0) {
    names.push_back(Cat("refs/pull/", n, "/head"));
    names.push_back(Cat("refs/merge-requests/", n, "/head"));
  }
  return names;
}

class GitMirror final : public Mirror {
 public:
  explicit GitMirror(GitOptions options) : options_(std::move(options)) {}

  StatusOr<std::string> Ensure(const GitRemote& remote, const std::string& commit,
                               std::stop_token stop) override {
    RETURN_IF_ERROR(CheckRemote(remote));
    RETURN_IF_ERROR(ParseCommitId(commit).status());
    const std::string folder = MirrorFolder(options_.directory, remote.url);
    if (HasCommit(folder, commit)) return folder;
    RETURN_IF_ERROR(MakeDirectories(options_.directory, 0700));
    ASSIGN_OR_RETURN(const MirrorLock lock, MirrorLock::Take(folder, stop));
    if (HasCommit(folder, commit)) return folder;
    RETURN_IF_ERROR(MakeRepository(folder));
    RETURN_IF_ERROR(FetchUntilThere(remote, folder, commit, stop));
    return folder;
  }

  StatusOr<std::optional<std::string>> RemoteTip(const GitRemote& remote, const std::string& branch,
                                                 std::stop_token stop) override {
    GitRequest request;
    request.operation = GitRequest::Operation::kTips;
    request.remote = remote;
    request.ref = Cat("refs/heads/", branch);
    ASSIGN_OR_RETURN(GitAnswer answer, AskRemote(options_, std::move(request), std::move(stop)));
    return answer.tip;
  }

  StatusOr<ResolvedRef> Resolve(const GitRemote& remote, const std::string& ref,
                                std::stop_token stop) override {
    const std::string shown = EscapeControl(Truncate(ref, 100));
    const auto names = RefNames(ref);
    if (!names)
      return InvalidArgument(Cat("\"", shown, "\" cannot be the name of a branch or tag"));
    GitRequest request;
    request.operation = GitRequest::Operation::kResolve;
    request.remote = remote;
    request.refspecs = *names;
    ASSIGN_OR_RETURN(GitAnswer answer, AskRemote(options_, request, stop));
    if (!answer.tip && ParseCommitId(ref).ok()) {
      request.refspecs.clear();
      request.commit = ref;
      ASSIGN_OR_RETURN(answer, AskRemote(options_, std::move(request), std::move(stop)));
    }
    if (!answer.tip) {
      return NotFound(Cat("there is no branch, tag or pull request \"", shown, "\" in ", remote.url,
                          "; a commit is named by all digits of its id"));
    }
    return ResolvedRef{*std::move(answer.tip), std::move(answer.name), std::move(answer.branches)};
  }

  StatusOr<std::string> ReadFileAt(const std::string& folder, const std::string& commit,
                                   const std::string& path, std::size_t max_bytes) override {
    ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(folder));
    ASSIGN_OR_RETURN(CommitPtr found, LookUpCommit(repository.get(), commit));
    ASSIGN_OR_RETURN(TreePtr tree, TreeOf(found.get()));
    int code = 0;
    auto entry = GitMake<TreeEntryPtr>(code, git_tree_entry_bypath, tree.get(), path.c_str());
    const std::string shown = Cat(EscapeControl(path), " at ", commit);
    if (code != 0 || git_tree_entry_type(entry.get()) != GIT_OBJECT_BLOB ||
        git_tree_entry_filemode(entry.get()) == GIT_FILEMODE_LINK) {
      return NotFound(Cat("there is no file ", shown));
    }
    auto blob =
        GitMake<BlobPtr>(code, git_blob_lookup, repository.get(), git_tree_entry_id(entry.get()));
    if (code != 0) return GitError(code, Cat("cannot read ", shown));
    const auto size = static_cast<std::size_t>(git_blob_rawsize(blob.get()));
    if (size > max_bytes)
      return ResourceExhausted(Cat(shown, " has more than ", max_bytes, " bytes"));
    return std::string(static_cast<const char*>(git_blob_rawcontent(blob.get())), size);
  }

  StatusOr<std::vector<std::string>> ChangedPaths(const std::string& folder,
                                                  const std::string& commit,
                                                  std::size_t max) override {
    ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(folder));
    ASSIGN_OR_RETURN(CommitPtr found, LookUpCommit(repository.get(), commit));
    ASSIGN_OR_RETURN(TreePtr tree, TreeOf(found.get()));
    int code = 0;
    TreePtr before;
    if (git_commit_parentcount(found.get()) > 0) {
      auto parent = GitMake<CommitPtr>(code, git_commit_parent, found.get(), 0u);
      if (code != 0) return GitError(code, Cat("cannot read the parent of ", commit));
      ASSIGN_OR_RETURN(before, TreeOf(parent.get()));
    }
    // Trees alone are compared, no file is read: a rename is an old name gone and a new one there.
    auto diff = GitMake<DiffPtr>(code, git_diff_tree_to_tree, repository.get(), before.get(),
                                 tree.get(), nullptr);
    if (code != 0) return GitError(code, Cat("cannot compare ", commit, " with its parent"));
    std::set<std::string> paths;
    for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()) && paths.size() < max; ++i) {
      paths.emplace(git_diff_get_delta(diff.get(), i)->new_file.path);
    }
    return std::vector<std::string>(paths.begin(), paths.end());
  }

  StatusOr<std::vector<std::pair<std::string, std::string>>> ReadFolderAt(
      const std::string& folder, const std::string& commit, const std::string& path,
      const FolderLimits& limits) override {
    ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(folder));
    ASSIGN_OR_RETURN(CommitPtr found, LookUpCommit(repository.get(), commit));
    ASSIGN_OR_RETURN(TreePtr root, TreeOf(found.get()));
    return ReadFolder(repository.get(), std::move(root), path, limits);
  }

  StatusOr<bool> Contains(const std::string& folder, const std::string& tip,
                          const std::string& commit) override {
    ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(folder));
    RETURN_IF_ERROR(LookUpCommit(repository.get(), tip).status());
    ASSIGN_OR_RETURN(const git_oid tip_id, ParseCommitId(tip));
    ASSIGN_OR_RETURN(const git_oid commit_id, ParseCommitId(commit));
    if (git_oid_equal(&tip_id, &commit_id)) return true;
    // A commit that the mirror does not have is no ancestor of one that it has whole.
    if (!LookUpCommit(repository.get(), commit).ok()) return false;
    const int answer = git_graph_descendant_of(repository.get(), &tip_id, &commit_id);
    if (answer < 0) return GitError(answer, Cat("cannot walk the history of ", tip));
    return answer == 1;
  }

 private:
  Status FetchUntilThere(const GitRemote& remote, const std::string& folder,
                         const std::string& commit, std::stop_token stop) {
    GitRequest request;
    request.operation = GitRequest::Operation::kBring;
    request.remote = remote;
    request.folder = folder;
    request.commit = commit;
    RETURN_IF_ERROR(AskRemote(options_, request, stop).status());
    if (HasCommit(folder, commit)) return OkStatus();
    return NotFound(Cat("the commit ", commit, " is not in ", remote.url,
                        "; its branch may have been deleted or force-pushed"));
  }

  const GitOptions options_;
};

}  // namespace

std::unique_ptr<Mirror> NewGitMirror(GitOptions options) {
  return std::make_unique<GitMirror>(std::move(options));
}

}  // namespace regreen
