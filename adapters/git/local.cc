#include "adapters/git/local.h"

#include <filesystem>

#include "adapters/git/apply.h"
#include "adapters/git/library.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using StatusListPtr = GitOwned<git_status_list, git_status_list_free>;

std::string_view OperationName(int state) {
  switch (state) {
    case GIT_REPOSITORY_STATE_MERGE:
      return "merge";
    case GIT_REPOSITORY_STATE_REVERT:
    case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
      return "revert";
    case GIT_REPOSITORY_STATE_CHERRYPICK:
    case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
      return "cherry-pick";
    case GIT_REPOSITORY_STATE_BISECT:
      return "bisect";
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX:
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX_OR_REBASE:
      return "git am";
    default:
      return "rebase";
  }
}

Status CheckClean(git_repository* repository) {
  git_status_options options;
  git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
  int code = 0;
  const auto list = GitMake<StatusListPtr>(code, git_status_list_new, repository, &options);
  if (code != 0) return GitError(code, "the state of the working tree cannot be read");
  const std::size_t changed = git_status_list_entrycount(list.get());
  if (changed == 0) return OkStatus();
  const git_status_entry* first = git_status_byindex(list.get(), 0);
  const git_diff_delta* delta =
      first->index_to_workdir != nullptr ? first->index_to_workdir : first->head_to_index;
  return InvalidArgument(Cat("the working tree has changes that are not committed (", changed,
                             " files, ", EscapeControl(delta->new_file.path),
                             " first); commit or stash them, so that it is "
                             "clear what the failing command saw"));
}

std::string BranchOf(git_repository* repository) {
  int code = 0;
  const auto head = GitMake<ReferencePtr>(code, git_repository_head, repository);
  return code == 0 && git_reference_is_branch(head.get()) == 1 ? git_reference_shorthand(head.get())
                                                               : "";
}

// Whether the branch's tip is the same repair: same parent, same files.
bool SameRepair(git_repository* repository, const git_oid& tip, const git_oid& made) {
  int code = 0;
  const auto old_commit = GitMake<CommitPtr>(code, git_commit_lookup, repository, &tip);
  if (code != 0) return false;
  const auto new_commit = GitMake<CommitPtr>(code, git_commit_lookup, repository, &made);
  return code == 0 &&
         git_oid_equal(git_commit_tree_id(old_commit.get()),
                       git_commit_tree_id(new_commit.get())) &&
         git_commit_parentcount(old_commit.get()) == 1 &&
         git_oid_equal(git_commit_parent_id(old_commit.get(), 0),
                       git_commit_parent_id(new_commit.get(), 0));
}

}  // namespace

StatusOr<LocalRepository> InspectLocalRepository(const std::string& folder) {
  EnsureGitLibrary();
  int code = 0;
  const auto repository =
      GitMake<RepositoryPtr>(code, git_repository_open_ext, folder.c_str(), 0, nullptr);
  if (code != 0) return NotFound(Cat(folder, " is in no git repository"));
  if (git_repository_is_bare(repository.get()) == 1) {
    return InvalidArgument(Cat(folder, " is a bare repository; give one with a working tree"));
  }
  if (git_repository_head_unborn(repository.get()) == 1) {
    return InvalidArgument(
        "the repository has no commit yet; make one first, so that there is something to repair");
  }
  if (const int state = git_repository_state(repository.get());
      state != GIT_REPOSITORY_STATE_NONE) {
    return InvalidArgument(Cat("a ", OperationName(state),
                               " is under way in this repository; finish or abort it first"));
  }
  LocalRepository local;
  git_oid head;
  code = git_reference_name_to_id(&head, repository.get(), "HEAD");
  if (code != 0) return GitError(code, "HEAD cannot be read");
  RETURN_IF_ERROR(CheckClean(repository.get()));
  local.head = ToHex(head);
  local.git_folder = git_repository_commondir(repository.get());
  local.worktree = git_repository_workdir(repository.get());
  local.branch = BranchOf(repository.get());
  std::error_code error;
  const auto below =
      std::filesystem::relative(std::filesystem::canonical(folder, error),
                                std::filesystem::canonical(local.worktree, error), error);
  if (!error && below != "." && below.native().find("..") != 0) local.prefix = below.string();
  return local;
}

StatusOr<std::string> CommitToNewBranch(const LocalRepository& local, const Patch& patch,
                                        const LocalCommit& commit) {
  ASSIGN_OR_RETURN(const auto repository, OpenRepository(local.git_folder));
  const std::string ref = Cat("refs/heads/", commit.branch);
  int valid = 0;
  if (git_reference_name_is_valid(&valid, ref.c_str()) != 0 || valid != 1) {
    return InvalidArgument(Cat("\"", EscapeControl(commit.branch), "\" cannot be a branch's name"));
  }
  ASSIGN_OR_RETURN(const git_oid made, CommitPatch(repository.get(), patch,
                                                   {commit.author_name, commit.author_email,
                                                    commit.message, commit.when}));
  git_oid tip;
  if (git_reference_name_to_id(&tip, repository.get(), ref.c_str()) == 0) {
    if (SameRepair(repository.get(), tip, made)) return ToHex(tip);
    return FailedPrecondition(Cat("branch ", commit.branch,
                                  " is there already and holds something else; delete or "
                                  "rename it first"));
  }
  int code = 0;
  const auto created = GitMake<ReferencePtr>(code, git_reference_create, repository.get(),
                                             ref.c_str(), &made, 0, nullptr);
  if (code != 0) return GitError(code, Cat("branch ", commit.branch, " cannot be made"));
  return ToHex(made);
}

}  // namespace regreen
