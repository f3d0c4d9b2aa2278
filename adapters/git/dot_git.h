// The .git of a worktree, as what runs there finds it.
#pragma once

#include <string>
#include <string_view>

#include "adapters/git/library.h"
#include "adapters/git/tree.h"
#include "adapters/git/trusted_repository.h"

namespace regreen {

// The configuration of such a repository.
extern const char kDotGitConfig[];

// The commit that HEAD is to be at: of the patch, which is committed to the repository, or of the
// spec.
StatusOr<git_oid> CommitToCheckOut(git_repository* repository, const CheckoutSpec& spec);

// HEAD detached at `head`, the index of `folders`, and the objects that lie in their repository.
Status WriteDotGit(const CheckoutSpec& spec, const TrustedFolders& folders, const git_oid& head);

// The objects that lie in one store, without packs, into another.
Status CopyOwnObjects(const std::string& from, const std::string& to);

// A file that is not there yet; not synced: nothing of a workspace outlives the process. The mode
// is as given, whatever the umask.
Status WriteNewFile(const std::string& path, std::string_view bytes, unsigned mode);

}  // namespace regreen
