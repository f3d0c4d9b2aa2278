// From the bytes of a patch to trees and commits in an object store; no working tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "adapters/git/library.h"
#include "daemon/domain/patch.h"

namespace regreen {

// InvalidArgument when the bytes are no patch; no bytes are none.
StatusOr<DiffPtr> ParseDiff(std::string_view bytes);

// The tree that the diff makes of `base`, written to the repository's object store. InvalidArgument
// when it does not fit.
StatusOr<git_oid> ApplyToTree(git_repository* repository, git_tree* base, git_diff* diff);

struct CommitText {
  std::string name, email, message;
  absl::Time when;
};

// Of the commit that a verifying workspace has on top of `base`; the same for the same base.
CommitText VerifiedPatchText(git_commit* base);

// Checks the patch's digest, applies it to its base commit, and commits on top of that. The same
// arguments give the same commit. InvalidArgument for a patch that changes nothing.
StatusOr<git_oid> CommitPatch(git_repository* repository, const Patch& patch,
                              const CommitText& text);

// What the diff changes, file by file. A rename is a deletion and an addition. InvalidArgument for
// a path that leaves the tree or is git's own.
StatusOr<std::vector<FileChange>> ListChanges(git_diff* diff);

// What makes `to` of the tree of a base commit; its bytes give exactly that tree again, or
// InvalidArgument. capture.cc
StatusOr<Patch> PatchBetween(git_repository* repository, const std::string& base_commit,
                             git_tree* base, const git_oid& to);

}  // namespace regreen
