// libgit2 as the rest of this folder uses it: set up once, owned pointers, errors as Status. Only
// the files of this folder include it.
#pragma once

#include <git2.h>
#if __has_include(<git2/sys/errors.h>)
#include <git2/sys/errors.h>  // git_error_set_str lives here since libgit2 1.8
#endif

#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/status.h"

namespace regreen {

template <auto Free>
struct GitFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

template <class T, auto Free>
using GitOwned = std::unique_ptr<T, GitFree<Free>>;

using RepositoryPtr = GitOwned<git_repository, git_repository_free>;
using OdbPtr = GitOwned<git_odb, git_odb_free>;
using OdbObjectPtr = GitOwned<git_odb_object, git_odb_object_free>;
using CommitPtr = GitOwned<git_commit, git_commit_free>;
using TreePtr = GitOwned<git_tree, git_tree_free>;
using TreeEntryPtr = GitOwned<git_tree_entry, git_tree_entry_free>;
using BlobPtr = GitOwned<git_blob, git_blob_free>;
using IndexPtr = GitOwned<git_index, git_index_free>;
using DiffPtr = GitOwned<git_diff, git_diff_free>;
using GitPatchPtr = GitOwned<git_patch, git_patch_free>;
using RemotePtr = GitOwned<git_remote, git_remote_free>;
using ReferencePtr = GitOwned<git_reference, git_reference_free>;
using PackBuilderPtr = GitOwned<git_packbuilder, git_packbuilder_free>;
using ConfigPtr = GitOwned<git_config, git_config_free>;
using SignaturePtr = GitOwned<git_signature, git_signature_free>;

// Calls a libgit2 function of the form f(T** out, arguments…): GitMake<RepositoryPtr>(rc, f,
// args…).
template <class Ptr, class F, class... A>
Ptr GitMake(int& code, F f, A&&... arguments) {
  typename Ptr::pointer raw = nullptr;
  code = f(&raw, std::forward<A>(arguments)...);
  return Ptr(raw);
}

// Before the first call of libgit2 in a function that others call. Sets, once for the process: no
// configuration of the machine or a user, a cap on the objects of a pack, no check of who owns our
// own folders. Any thread.
void EnsureGitLibrary();

// The thread's last libgit2 error, by `code`. What the remote said is untrusted: it is cut, escaped
// and stripped of secrets.
Status GitError(int code, std::string_view what);
// Text of a remote or of libgit2, made fit for a message of ours.
std::string CleanGitText(std::string_view untrusted);

// InvalidArgument when it is not 40 lower-case hexadecimal digits.
StatusOr<git_oid> ParseCommitId(std::string_view hex);
std::string ToHex(const git_oid& id);

// A bare repository, or one whose working tree is not looked at. NotFound.
StatusOr<RepositoryPtr> OpenRepository(const std::string& folder);
// NotFound when the repository has no such commit.
StatusOr<CommitPtr> LookUpCommit(git_repository* repository, std::string_view hex);
StatusOr<TreePtr> TreeOf(git_commit* commit);

}  // namespace regreen
