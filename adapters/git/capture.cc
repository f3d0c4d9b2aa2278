#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

#include "adapters/git/apply.h"
#include "adapters/git/listed_scan.h"
#include "adapters/git/print.h"
#include "adapters/git/scan.h"
#include "adapters/git/tree.h"
#include "adapters/git/tree_editor.h"
#include "adapters/git/tree_files.h"
#include "adapters/git/trusted_repository.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// The tree that the worktree's files make.
StatusOr<git_oid> TreeOfWorktree(const CheckoutSpec& spec, const TrustedFolders& folders,
                                 git_repository* repository, git_tree* base, std::stop_token stop) {
  struct stat stamp;
  if (stat(folders.stamp.c_str(), &stamp) != 0) {
    return ErrnoStatus(errno, Cat("cannot look at ", folders.stamp));
  }
  int code = 0;
  auto known = GitMake<IndexPtr>(code, git_index_open, folders.index.c_str());
  if (code != 0) return GitError(code, "cannot read the index of a checkout");
  TreeEditor tree(repository, base);
  ASSIGN_OR_RETURN(IgnoreRules ignores, IgnoreRules::Create(folders.repository, folders.ignores));
  Scan scan(repository, tree, known.get(), stamp.st_ctim, ignores, std::move(stop));
  RETURN_IF_ERROR(scan.Run(spec.worktree, base));
  return tree.Write();
}

StatusOr<git_oid> TreeOfOverlay(const OverlaidCheckout& checkout, const TrustedFolders& folders,
                                git_repository* repository, git_tree* base, std::stop_token stop) {
  TreeEditor tree(repository, base);
  ASSIGN_OR_RETURN(IgnoreRules ignores, IgnoreRules::Create(folders.repository, folders.ignores));
  Scan scan(repository, tree, nullptr, {}, ignores, std::move(stop));
  RETURN_IF_ERROR(scan.RunOverlay(checkout.upper, checkout.base.worktree, base));
  return tree.Write();
}

StatusOr<std::string> PatchBytes(git_repository* repository, git_tree* base, const git_oid& to) {
  int code = 0;
  auto tree = GitMake<TreePtr>(code, git_tree_lookup, repository, &to);
  if (code != 0) return GitError(code, "cannot read the captured tree");
  ASSIGN_OR_RETURN(const auto changes, ChangesBetween(repository, base, tree.get()));
  std::set<std::string> paths;
  for (const TreeChange& change : changes) paths.insert(change.path);
  ASSIGN_OR_RETURN(const TreePtr before, PartOf(repository, base, paths));
  ASSIGN_OR_RETURN(const TreePtr after, PartOf(repository, tree.get(), paths));
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.flags = GIT_DIFF_SHOW_BINARY;
  options.id_abbrev = GIT_OID_HEXSZ;
  auto diff = GitMake<DiffPtr>(code, git_diff_tree_to_tree, repository, before.get(), after.get(),
                               &options);
  if (code != 0) return GitError(code, "cannot compare two trees");
  return PrintDiff(diff.get());
}

}  // namespace

StatusOr<Patch> PatchBetween(git_repository* repository, const std::string& base_commit,
                             git_tree* base, const git_oid& captured) {
  if (git_oid_equal(&captured, git_tree_id(base))) return ParsePatch(base_commit, "");
  ASSIGN_OR_RETURN(std::string bytes, PatchBytes(repository, base, captured));
  ASSIGN_OR_RETURN(Patch patch, ParsePatch(base_commit, std::move(bytes)));
  // What is published is made of the patch's bytes, so they must say exactly what is in the folder.
  ASSIGN_OR_RETURN(DiffPtr diff, ParseDiff(patch.bytes));
  ASSIGN_OR_RETURN(const git_oid again, ApplyToTree(repository, base, diff.get()));
  if (!git_oid_equal(&again, &captured)) {
    return InvalidArgument("the changes cannot be written as a patch that gives the same files");
  }
  return patch;
}

StatusOr<Patch> ParsePatch(const std::string& base_commit, std::string bytes) {
  Patch patch{base_commit, std::move(bytes), {}, {}};
  patch.digest = PatchDigest(patch.base_commit, patch.bytes);
  if (patch.bytes.empty()) return patch;
  ASSIGN_OR_RETURN(DiffPtr diff, ParseDiff(patch.bytes));
  ASSIGN_OR_RETURN(patch.files, ListChanges(diff.get()));
  return patch;
}

StatusOr<Patch> CaptureChanges(const CheckoutSpec& spec, std::stop_token stop) {
  const TrustedFolders folders(spec.trusted_git);
  ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(folders.repository));
  ASSIGN_OR_RETURN(CommitPtr commit, LookUpCommit(repository.get(), spec.commit));
  ASSIGN_OR_RETURN(TreePtr base, TreeOf(commit.get()));
  ASSIGN_OR_RETURN(const git_oid captured,
                   TreeOfWorktree(spec, folders, repository.get(), base.get(), std::move(stop)));
  return PatchBetween(repository.get(), spec.commit, base.get(), captured);
}

StatusOr<Patch> CaptureListed(const CheckoutSpec& spec, const std::string& head, ListedTree& tree,
                              std::stop_token stop) {
  const TrustedFolders folders(spec.trusted_git);
  ASSIGN_OR_RETURN(RepositoryPtr repository, OpenRepository(folders.repository));
  ASSIGN_OR_RETURN(CommitPtr commit, LookUpCommit(repository.get(), spec.commit));
  ASSIGN_OR_RETURN(TreePtr base, TreeOf(commit.get()));
  ASSIGN_OR_RETURN(CommitPtr sent_commit, LookUpCommit(repository.get(), head));
  ASSIGN_OR_RETURN(TreePtr sent, TreeOf(sent_commit.get()));
  TreeEditor editor(repository.get(), sent.get());
  ASSIGN_OR_RETURN(IgnoreRules ignores, IgnoreRules::Create(folders.repository, folders.ignores));
  ListedScan scan(repository.get(), editor, ignores, tree, std::move(stop));
  RETURN_IF_ERROR(scan.Run(sent.get()));
  ASSIGN_OR_RETURN(const git_oid captured, editor.Write());
  return PatchBetween(repository.get(), spec.commit, base.get(), captured);
}

StatusOr<Patch> CaptureOverlay(const OverlaidCheckout& checkout, std::stop_token stop) {
  const TrustedFolders folders(checkout.trusted_git);
  std::error_code error;
  const bool there = std::filesystem::exists(folders.repository, error);
  ASSIGN_OR_RETURN(RepositoryPtr repository,
                   there ? OpenRepository(folders.repository)
                         : CreateTrustedRepository(folders, checkout.base.mirror));
  ASSIGN_OR_RETURN(CommitPtr commit, LookUpCommit(repository.get(), checkout.base.commit));
  ASSIGN_OR_RETURN(TreePtr base, TreeOf(commit.get()));
  ASSIGN_OR_RETURN(const git_oid captured,
                   TreeOfOverlay(checkout, folders, repository.get(), base.get(), std::move(stop)));
  return PatchBetween(repository.get(), checkout.base.commit, base.get(), captured);
}

}  // namespace regreen
