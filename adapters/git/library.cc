#include "adapters/git/library.h"

#include <iterator>

#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// Far above any repository that is built in CI; below what exhausts the memory of the indexer.
constexpr std::size_t kMaxObjectsOfPack = 50'000'000;
constexpr std::size_t kMaxTextBytes = 300;

struct GitLibrary {
  GitLibrary() {
    git_libgit2_init();
    for (int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
                      GIT_CONFIG_LEVEL_GLOBAL}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    git_libgit2_opts(GIT_OPT_SET_TEMPLATE_PATH, "");
    git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, kMaxObjectsOfPack);
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    // A developer's repository may have them: they change neither objects nor refs.
    const char* extensions[] = {"partialclone", "preciousobjects", "relativeworktrees",
                                "worktreeconfig"};
    git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, std::size(extensions));
  }
  ~GitLibrary() { git_libgit2_shutdown(); }
};

StatusCode CodeOf(int code, int klass) {
  switch (code) {
    case GIT_ENOTFOUND:
      return StatusCode::kNotFound;
    case GIT_EEXISTS:
      return StatusCode::kAlreadyExists;
    case GIT_EAUTH:
      return StatusCode::kUnauthenticated;
    case GIT_ECERTIFICATE:
      return StatusCode::kUnauthenticated;
    case GIT_EINVALIDSPEC:
    case GIT_EAPPLYFAIL:
      return StatusCode::kInvalidArgument;
    case GIT_ELOCKED:
    case GIT_EMODIFIED:
      return StatusCode::kAborted;
    default:
      break;
  }
  switch (klass) {
    case GIT_ERROR_NOMEMORY:
      return StatusCode::kResourceExhausted;
    case GIT_ERROR_NET:
    case GIT_ERROR_SSL:
    case GIT_ERROR_HTTP:
      return StatusCode::kUnavailable;
    case GIT_ERROR_PATCH:
      return StatusCode::kInvalidArgument;
    default:
      return StatusCode::kInternal;
  }
}

}  // namespace

void EnsureGitLibrary() {
  static const GitLibrary library;
}

std::string CleanGitText(std::string_view untrusted) {
  return EscapeControl(Truncate(Redact(Trim(untrusted)), kMaxTextBytes));
}

Status GitError(int code, std::string_view what) {
  const git_error* last = git_error_last();
  const std::string why = last != nullptr && last->message != nullptr ? CleanGitText(last->message)
                                                                      : Cat("libgit2 error ", code);
  return MakeStatus(CodeOf(code, last == nullptr ? 0 : last->klass), Cat(what, ": ", why));
}

StatusOr<git_oid> ParseCommitId(std::string_view hex) {
  git_oid id;
  const bool digits = hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (hex.size() != GIT_OID_HEXSZ || !digits ||
      git_oid_fromstrn(&id, hex.data(), hex.size()) != 0) {
    return InvalidArgument(Cat("\"", CleanGitText(hex), "\" is not the id of a commit"));
  }
  return id;
}

std::string ToHex(const git_oid& id) {
  std::string hex(GIT_OID_HEXSZ, '0');
  git_oid_fmt(hex.data(), &id);
  return hex;
}

StatusOr<RepositoryPtr> OpenRepository(const std::string& folder) {
  EnsureGitLibrary();
  int code = 0;
  auto repository =
      GitMake<RepositoryPtr>(code, git_repository_open_ext, folder.c_str(),
                             static_cast<unsigned>(GIT_REPOSITORY_OPEN_NO_SEARCH), nullptr);
  if (code != 0) return GitError(code, Cat("cannot open the repository in ", folder));
  return repository;
}

StatusOr<CommitPtr> LookUpCommit(git_repository* repository, std::string_view hex) {
  ASSIGN_OR_RETURN(const git_oid id, ParseCommitId(hex));
  int code = 0;
  auto commit = GitMake<CommitPtr>(code, git_commit_lookup, repository, &id);
  if (code != 0) return GitError(code, Cat("cannot read the commit ", hex));
  return commit;
}

StatusOr<TreePtr> TreeOf(git_commit* commit) {
  int code = 0;
  auto tree = GitMake<TreePtr>(code, git_commit_tree, commit);
  if (code != 0) return GitError(code, "cannot read the tree of a commit");
  return tree;
}

}  // namespace regreen
