#include "adapters/git/local_push.h"

#include "adapters/git/library.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// Children before parents: when an object is there, all that it needs is there too, even after a
// crash, so what exists is never looked into.
class Copier {
 public:
  Copier(git_repository* from, git_odb* source, git_odb* target)
      : from_(from), source_(source), target_(target) {}

  Status Tree(const git_oid& id) {
    if (git_odb_exists(target_, &id) != 0) return OkStatus();
    int code = 0;
    auto tree = GitMake<TreePtr>(code, git_tree_lookup, from_, &id);
    if (code != 0) return GitError(code, "cannot read a tree");
    for (std::size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
      const git_oid& child = *git_tree_entry_id(entry);
      switch (git_tree_entry_type(entry)) {
        case GIT_OBJECT_TREE:
          RETURN_IF_ERROR(Tree(child));
          break;
        case GIT_OBJECT_BLOB:
          RETURN_IF_ERROR(Object(child));
          break;
        default:
          break;  // a submodule's commit is in another repository
      }
    }
    return Object(id);
  }

  Status Object(const git_oid& id) {
    if (git_odb_exists(target_, &id) != 0) return OkStatus();
    int code = 0;
    auto object = GitMake<OdbObjectPtr>(code, git_odb_read, source_, &id);
    git_oid written;
    if (code == 0) {
      code = git_odb_write(&written, target_, git_odb_object_data(object.get()),
                           git_odb_object_size(object.get()), git_odb_object_type(object.get()));
    }
    return code == 0 ? OkStatus() : GitError(code, "cannot copy an object");
  }

 private:
  git_repository* from_;
  git_odb* source_;
  git_odb* target_;
};

StatusOr<OdbPtr> OdbOf(git_repository* repository) {
  int code = 0;
  auto odb = GitMake<OdbPtr>(code, git_repository_odb, repository);
  if (code != 0) return GitError(code, "cannot open an object store");
  return odb;
}

Status CopyCommit(git_repository* from, git_repository* to, const std::string& hex) {
  ASSIGN_OR_RETURN(CommitPtr commit, LookUpCommit(from, hex));
  ASSIGN_OR_RETURN(OdbPtr source, OdbOf(from));
  ASSIGN_OR_RETURN(OdbPtr target, OdbOf(to));
  for (unsigned i = 0; i < git_commit_parentcount(commit.get()); ++i) {
    if (git_odb_exists(target.get(), git_commit_parent_id(commit.get(), i)) == 0) {
      return NotFound("the repository no longer has the commit that the patch is for");
    }
  }
  Copier copier(from, source.get(), target.get());
  RETURN_IF_ERROR(copier.Tree(*git_commit_tree_id(commit.get())));
  return copier.Object(*git_commit_id(commit.get()));
}

Status MoveRef(git_repository* to, const GitRequest& request) {
  ASSIGN_OR_RETURN(const git_oid commit, ParseCommitId(request.commit));
  git_oid expected = {};
  const bool exists = !request.expected.empty();
  if (exists) {
    ASSIGN_OR_RETURN(expected, ParseCommitId(request.expected));
  }
  git_repository_set_ident(to, "regreen", "regreen@localhost");
  int code = 0;
  auto moved = exists ? GitMake<ReferencePtr>(code, git_reference_create_matching, to,
                                              request.ref.c_str(), &commit, 1, &expected, "regreen")
                      : GitMake<ReferencePtr>(code, git_reference_create, to, request.ref.c_str(),
                                              &commit, 0, "regreen");
  if (code == GIT_EEXISTS || code == GIT_EMODIFIED || code == GIT_ENOTFOUND) {
    return Aborted("the branch moved during the push");
  }
  return code == 0 ? OkStatus() : GitError(code, Cat("cannot write ", request.ref));
}

}  // namespace

Status PushToFolder(const GitRequest& request) {
  ASSIGN_OR_RETURN(RepositoryPtr from, OpenRepository(request.folder));
  ASSIGN_OR_RETURN(RepositoryPtr to, OpenRepository(request.remote.url));
  int code = 0;
  auto present = GitMake<ReferencePtr>(code, git_reference_lookup, to.get(), request.ref.c_str());
  if (code == 0 && git_branch_is_checked_out(present.get()) == 1) {
    return InvalidArgument(Cat(request.ref, " is checked out in ", request.remote.url,
                               "; switch to another branch there first"));
  }
  RETURN_IF_ERROR(CopyCommit(from.get(), to.get(), request.commit));
  return MoveRef(to.get(), request);
}

}  // namespace regreen
