// A patch on another base, by a three-way merge of trees; no working tree.
#include <set>
#include <utility>

#include "adapters/git/apply.h"
#include "adapters/git/git.h"
#include "adapters/git/lock.h"
#include "adapters/git/tree.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostNamed = 10;

StatusOr<TreePtr> LookUpTree(git_repository* repository, const git_oid& id) {
  int code = 0;
  auto tree = GitMake<TreePtr>(code, git_tree_lookup, repository, &id);
  if (code != 0) return GitError(code, "cannot read a tree");
  return tree;
}

Status ConflictsOf(git_index* merged) {
  git_index_conflict_iterator* raw = nullptr;
  if (const int code = git_index_conflict_iterator_new(&raw, merged); code != 0)
    return GitError(code, "cannot read what conflicts");
  const GitOwned<git_index_conflict_iterator, git_index_conflict_iterator_free> conflicts(raw);
  std::set<std::string> paths;
  const git_index_entry *before = nullptr, *ours = nullptr, *theirs = nullptr;
  while (git_index_conflict_next(&before, &ours, &theirs, conflicts.get()) == 0) {
    for (const git_index_entry* entry : {before, ours, theirs}) {
      if (entry != nullptr && paths.size() < kMostNamed) paths.insert(EscapeControl(entry->path));
    }
  }
  return FailedPrecondition(Cat("the patch and its new base change the same lines of ",
                                Join(std::vector<std::string>(paths.begin(), paths.end()), ", ")));
}

class GitRebaser final : public Rebaser {
 public:
  StatusOr<Patch> Rebase(const std::string& mirror_folder, const Patch& patch,
                         const std::string& onto, std::stop_token stop) override {
    if (PatchDigest(patch.base_commit, patch.bytes) != patch.digest)
      return InvalidArgument("the patch is not the one that its digest was taken of");
    ASSIGN_OR_RETURN(const MirrorLock lock, MirrorLock::Take(mirror_folder, std::move(stop)));
    ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(mirror_folder));
    ASSIGN_OR_RETURN(CommitPtr old_commit, LookUpCommit(repository.get(), patch.base_commit));
    ASSIGN_OR_RETURN(CommitPtr new_commit, LookUpCommit(repository.get(), onto));
    ASSIGN_OR_RETURN(TreePtr old_base, TreeOf(old_commit.get()));
    ASSIGN_OR_RETURN(TreePtr new_base, TreeOf(new_commit.get()));
    ASSIGN_OR_RETURN(DiffPtr diff, ParseDiff(patch.bytes));
    ASSIGN_OR_RETURN(const git_oid patched_id,
                     ApplyToTree(repository.get(), old_base.get(), diff.get()));
    ASSIGN_OR_RETURN(TreePtr patched, LookUpTree(repository.get(), patched_id));
    git_merge_options options;
    git_merge_options_init(&options, GIT_MERGE_OPTIONS_VERSION);
    // What a file was called before is a guess, and a guess is not to move a patch.
    options.flags = 0;
    int code = 0;
    auto merged = GitMake<IndexPtr>(code, git_merge_trees, repository.get(), old_base.get(),
                                    new_base.get(), patched.get(), &options);
    if (code != 0) return GitError(code, "cannot merge the patch with its new base");
    if (git_index_has_conflicts(merged.get()) != 0) return ConflictsOf(merged.get());
    git_oid tree;
    code = git_index_write_tree_to(&tree, merged.get(), repository.get());
    if (code != 0) return GitError(code, "cannot write the merged tree");
    return PatchBetween(repository.get(), onto, new_base.get(), tree);
  }
};

}  // namespace

std::unique_ptr<Rebaser> NewGitRebaser() {
  EnsureGitLibrary();
  return std::make_unique<GitRebaser>();
}

}  // namespace regreen
