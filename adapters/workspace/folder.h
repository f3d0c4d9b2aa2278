// The folder of one workspace, and the trusted side's view of the tree in it. The kinds of
// workspace differ in how they run commands, not in this.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "adapters/git/tree.h"
#include "adapters/workspace/base_cache.h"
#include "adapters/workspace/registry.h"
#include "daemon/base/file.h"
#include "daemon/base/overlay.h"
#include "daemon/base/status.h"
#include "daemon/domain/patch.h"
#include "daemon/ports/workspace.h"

namespace regreen {

// Removed with all that is in it at the end. Its lock tells Reap() of any process that it is in
// use.
class WorkspaceFolder {
 public:
  // An empty one below `directory`, which is made for its owner alone when it is not there.
  static StatusOr<WorkspaceFolder> Create(const std::string& directory, const std::string& task_id);
  // The same with a name that is unique.
  static StatusOr<WorkspaceFolder> CreateNamed(const std::string& directory,
                                               const std::string& name);
  // Whether a living process holds the folder of this name.
  static bool IsHeld(const std::string& directory, const std::string& name);
  // Removes those below `directory` that no living process holds, and that are not kept.
  static Status Reap(const std::string& directory);

  // What a kept folder says of itself.
  struct Kept {
    std::string path, mirror, commit, alternates;
    bool overlaid = false;
    absl::Time until;
  };
  // Those whose time is not over, the newest first.
  static std::vector<Kept> ListKept(const std::string& directory);
  // NotFound when the task has none; Unavailable while another has it open. One that lies upon a
  // base tree needs it again by LieAgain(). It stays kept.
  static StatusOr<std::pair<WorkspaceFolder, Kept>> Reopen(const std::string& directory,
                                                           const std::string& task_id);
  // One of ListKept(). Unavailable while another has it open.
  static StatusOr<WorkspaceFolder> Reopen(const Kept& kept);
  // Whether the folder of this name is kept, and its time is not over.
  static bool IsKept(const std::string& directory, const std::string& name);
  void LieAgain(BaseTree base) { base_ = std::move(base); }
  // It outlives this object, until then.
  Status Keep(absl::Time until);

  WorkspaceFolder(WorkspaceFolder&&) = default;
  WorkspaceFolder& operator=(WorkspaceFolder&&) = delete;
  ~WorkspaceFolder();

  // Checks out; once. `alternates`: as CheckoutSpec says.
  Status Fill(const WorkspaceSpec& spec, const std::string& alternates);
  // Lies upon a base tree instead; once. Commands see its files only through overlay().
  Status LieUpon(BaseTree base, const Patch* patch);
  // What is to be mounted for each command; nullopt for a checkout.
  std::optional<OverlayMount> overlay() const;
  StatusOr<Patch> Capture(std::stop_token stop) const;

  std::string path() const { return path_; }
  std::string tree() const { return path_ + "/tree"; }
  std::string home() const { return path_ + "/home"; }
  std::string tmp() const { return path_ + "/tmp"; }
  std::string egress() const { return path_ + "/egress"; }  // not made here

 private:
  explicit WorkspaceFolder(std::string path) : path_(std::move(path)) {}
  CheckoutSpec Spec() const;
  OverlaidCheckout Overlaid() const;

  std::string path_;
  UniqueFd lock_;  // of the folder itself; also tells a moved-from object
  bool kept_ = false;
  std::string mirror_, commit_, alternates_;
  std::optional<BaseTree> base_;
};

// InvalidArgument unless it is a relative path that stays below the tree.
Status CheckDirectory(const std::string& directory);
// InvalidArgument for a name or value that no environment can hold, and for what is too long.
Status CheckEnvironment(const ExecSpec& spec);
// PATH for commands: the configured folders, then the system's.
std::string SearchPath(const WorkspaceOptions& options);
// The shell that runs a command, as GitHub Actions does it where bash is there.
std::vector<std::string> ShellCommand(const std::string& command);

}  // namespace regreen
