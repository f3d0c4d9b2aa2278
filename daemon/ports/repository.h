// Git on the trusted side: never a working tree, never a repository's own configuration.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/status.h"
#include "daemon/domain/patch.h"
#include "daemon/ports/forge.h"

namespace regreen {

struct Commit {
  std::string id;
  std::string author_email;
  std::string message;
};

// What a person's name for a place in a repository stands for.
struct ResolvedRef {
  std::string commit;
  std::string name;                   // in full, "refs/tags/v1"; "" for a commit's own id
  std::vector<std::string> branches;  // whose tip the commit is now, by name; the first fifty
};

struct FolderLimits {
  std::size_t files = 0;
  std::size_t bytes = 0;  // of all files together
  bool below = false;     // those in folders of it too; their names are paths from it
  // Asked with each such name, when given; of other files nothing is read or counted.
  std::function<bool(const std::string& name)> wants;
};

// Bare copies of repositories, one folder each. Any thread.
class Mirror {
 public:
  virtual ~Mirror() = default;
  // Makes sure that `commit` is there, fetching branches when it is not. Answers the folder of the
  // bare repository. NotFound when the remote or the commit is gone.
  virtual StatusOr<std::string> Ensure(const GitRemote& remote, const std::string& commit,
                                       std::stop_token stop) = 0;
  // The tip of a branch on the remote now, nullopt when there is none. Asks the network.
  virtual StatusOr<std::optional<std::string>> RemoteTip(const GitRemote& remote,
                                                         const std::string& branch,
                                                         std::stop_token stop) = 0;
  // A branch, a tag, a pull or merge request by its number ("12", "#12", "!12"), a full ref, or a
  // commit's id in full, in this order; of a commit's id it is not known yet whether the remote has
  // it. NotFound when there is no such name; InvalidArgument for what can be none. Asks the
  // network.
  virtual StatusOr<ResolvedRef> Resolve(const GitRemote& remote, const std::string& ref,
                                        std::stop_token stop) = 0;
  // A file of a commit that Ensure found. NotFound; ResourceExhausted beyond the cap.
  virtual StatusOr<std::string> ReadFileAt(const std::string& folder, const std::string& commit,
                                           const std::string& path, std::size_t max_bytes) = 0;
  // The paths that differ between `commit` and its first parent (all, when it has none), sorted, at
  // most `max`; of a renamed file both names. The commit must be there by Ensure.
  virtual StatusOr<std::vector<std::string>> ChangedPaths(const std::string& folder,
                                                          const std::string& commit,
                                                          std::size_t max) = 0;
  // The regular files in a folder of a commit that Ensure found ("" is its root), by name, with
  // their bytes. Links, folders and submodules are left out. NotFound; ResourceExhausted
  // beyond a limit.
  virtual StatusOr<std::vector<std::pair<std::string, std::string>>> ReadFolderAt(
      const std::string& folder, const std::string& commit, const std::string& path,
      const FolderLimits& limits) = 0;
  // Whether `commit` is `tip` or one of its ancestors; both must be there by Ensure.
  virtual StatusOr<bool> Contains(const std::string& folder, const std::string& tip,
                                  const std::string& commit) = 0;
};

struct PushSpec {
  GitRemote remote;
  std::string branch;   // without refs/heads/
  std::string message;  // of the commit
  std::string author_name, author_email;
  absl::Time when;  // of the commit: the same inputs give the same commit
  // The remote's branch may be absent, be this very commit, or have a tip by author_email (an older
  // round of ours, which is replaced). Any other tip is someone else's work: FailedPrecondition.
};

struct PushedBranch {
  std::string commit;
  bool already_there = false;
};

class Publisher {
 public:
  virtual ~Publisher() = default;
  // Applies the patch to its base tree in the object store, commits, pushes. Safe to repeat: the
  // same spec and patch are the same commit. FailedPrecondition when someone else's commit is on
  // the branch.
  virtual StatusOr<PushedBranch> Push(const std::string& mirror_folder, const PushSpec& spec,
                                      const Patch& patch, std::stop_token stop) = 0;
};

// Brings a patch to another base. No network: both commits must be there by Mirror::Ensure.
class Rebaser {
 public:
  virtual ~Rebaser() = default;
  // The patch that does on `onto` what `patch` does on its own base, by a three-way merge of trees
  // in the object store. An empty one when `onto` has all of it already. FailedPrecondition names
  // the files that both changed in different ways. Any thread.
  virtual StatusOr<Patch> Rebase(const std::string& mirror_folder, const Patch& patch,
                                 const std::string& onto, std::stop_token stop) = 0;
};

}  // namespace regreen
