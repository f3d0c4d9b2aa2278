#include "adapters/git/apply.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adapters/git/tree_editor.h"
#include "adapters/git/tree_files.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxPatchBytes = 128 << 20;

Status CheckPath(std::string_view path) {
  for (std::string_view part : Split(path, '/')) {
    if (part.empty() || part == "." || part == ".." || Lower(part) == ".git") {
      return InvalidArgument(Cat("a patch cannot change the path ", EscapeControl(path)));
    }
  }
  return OkStatus();
}

FileChange Change(FileChange::Kind kind, const git_diff_delta& delta) {
  FileChange change;
  change.kind = kind;
  const bool added = kind == FileChange::Kind::kAdded;
  const bool deleted = kind == FileChange::Kind::kDeleted;
  change.path = deleted ? delta.old_file.path : delta.new_file.path;
  change.old_mode = added ? 0 : delta.old_file.mode;
  change.new_mode = deleted ? 0 : delta.new_file.mode;
  change.binary = (delta.flags & GIT_DIFF_FLAG_BINARY) != 0;
  return change;
}

std::vector<FileChange> ChangesOf(const git_diff_delta& delta) {
  using Kind = FileChange::Kind;
  switch (delta.status) {
    case GIT_DELTA_ADDED:
    case GIT_DELTA_COPIED:
      return {Change(Kind::kAdded, delta)};
    case GIT_DELTA_DELETED:
      return {Change(Kind::kDeleted, delta)};
    case GIT_DELTA_RENAMED:
      return {Change(Kind::kDeleted, delta), Change(Kind::kAdded, delta)};
    default:
      return {Change(Kind::kModified, delta)};
  }
}

std::set<std::string> PathsOf(git_diff* diff) {
  std::set<std::string> paths;
  for (std::size_t i = 0; i < git_diff_num_deltas(diff); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff, i);
    for (const char* path : {delta->old_file.path, delta->new_file.path}) {
      if (path != nullptr) paths.insert(path);
    }
  }
  return paths;
}

}  // namespace

StatusOr<DiffPtr> ParseDiff(std::string_view bytes) {
  EnsureGitLibrary();
  if (bytes.size() > kMaxPatchBytes) {
    return InvalidArgument(Cat("a patch may have at most ", kMaxPatchBytes, " bytes"));
  }
  int code = 0;
  auto diff = GitMake<DiffPtr>(code, git_diff_from_buffer, bytes.data(), bytes.size());
  if (code != 0) {
    return InvalidArgument(Message(GitError(code, "these bytes are no patch in git's form")));
  }
  return diff;
}

StatusOr<git_oid> ApplyToTree(git_repository* repository, git_tree* base, git_diff* diff) {
  // libgit2 reads the whole tree that it applies to: it gets one of what the patch is about.
  const std::set<std::string> paths = PathsOf(diff);
  ASSIGN_OR_RETURN(const TreePtr part, PartOf(repository, base, paths));
  int code = 0;
  auto index = GitMake<IndexPtr>(code, git_apply_to_tree, repository, part.get(), diff, nullptr);
  // Whatever the reason, it is the patch that does not fit; a broken store shows on the next read.
  if (code != 0) {
    return InvalidArgument(Cat("the patch does not fit its base commit: ",
                               Message(GitError(code, "it cannot be applied"))));
  }
  TreeEditor edited(repository, base);
  for (const std::string& path : paths) {
    const git_index_entry* entry = git_index_get_bypath(index.get(), path.c_str(), 0);
    if (entry == nullptr) {
      edited.Remove(path);
    } else {
      edited.Set(path, entry->id, static_cast<git_filemode_t>(entry->mode));
    }
  }
  return edited.Write();
}

CommitText VerifiedPatchText(git_commit* base) {
  return {"regreen", "regreen@localhost", "The patch that is being verified\n",
          absl::FromUnixSeconds(git_commit_time(base))};
}

StatusOr<git_oid> CommitPatch(git_repository* repository, const Patch& patch,
                              const CommitText& text) {
  if (PatchDigest(patch.base_commit, patch.bytes) != patch.digest) {
    return InvalidArgument("the patch is not the one that its digest was taken of");
  }
  if (patch.empty())
    return InvalidArgument("the patch changes nothing, so there is nothing to commit");
  ASSIGN_OR_RETURN(CommitPtr parent, LookUpCommit(repository, patch.base_commit));
  ASSIGN_OR_RETURN(TreePtr base, TreeOf(parent.get()));
  ASSIGN_OR_RETURN(DiffPtr diff, ParseDiff(patch.bytes));
  ASSIGN_OR_RETURN(const git_oid tree_id, ApplyToTree(repository, base.get(), diff.get()));
  int code = 0;
  auto tree = GitMake<TreePtr>(code, git_tree_lookup, repository, &tree_id);
  if (code != 0) return GitError(code, "cannot read a tree");
  auto who = GitMake<SignaturePtr>(code, git_signature_new, text.name.c_str(), text.email.c_str(),
                                   absl::ToUnixSeconds(text.when), 0);
  if (code != 0) return InvalidArgument(Message(GitError(code, "the author cannot be written")));
  const git_commit* parents[] = {parent.get()};
  git_oid commit;
  code = git_commit_create(&commit, repository, nullptr, who.get(), who.get(), nullptr,
                           text.message.c_str(), tree.get(), 1, parents);
  if (code != 0) return GitError(code, "cannot commit the patch");
  return commit;
}

StatusOr<std::vector<FileChange>> ListChanges(git_diff* diff) {
  std::vector<FileChange> all;
  for (std::size_t i = 0; i < git_diff_num_deltas(diff); ++i) {
    int code = 0;
    auto patch = GitMake<GitPatchPtr>(code, git_patch_from_diff, diff, i);
    if (code != 0)
      return InvalidArgument(Message(GitError(code, "a file of the patch is unreadable")));
    // The flags of a delta are known only after its patch was made.
    const git_diff_delta* delta = git_diff_get_delta(diff, i);
    if (delta->old_file.path == nullptr || delta->new_file.path == nullptr) {
      return InvalidArgument("a file of the patch has no name");
    }
    std::size_t added = 0, removed = 0;
    if (patch) git_patch_line_stats(nullptr, &added, &removed, patch.get());
    for (FileChange& change : ChangesOf(*delta)) {
      RETURN_IF_ERROR(CheckPath(change.path));
      change.added_lines = static_cast<int>(added);
      change.removed_lines = static_cast<int>(removed);
      all.push_back(std::move(change));
    }
  }
  return all;
}

}  // namespace regreen
