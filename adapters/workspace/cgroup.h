// Cgroups of version 2 below the one that this process was given: one for each sandboxed command,
// so that the kernel holds its memory, its processes and its share of the processors, and ends all
// of them by one word. Sources: the kernel's Documentation/admin-guide/cgroup-v2.rst; systemd's
// docs/CGROUP_DELEGATION.md.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/status.h"
#include "daemon/ports/workspace_limits.h"

namespace regreen {

// One, ended and removed at the end with all that runs in it.
class Cgroup {
 public:
  Cgroup(Cgroup&&) = default;
  Cgroup& operator=(Cgroup&&) = delete;
  ~Cgroup();

  int folder() const { return folder_.get(); }  // for ProcessSpec::cgroup
  // Ends all that is in it, and waits for that.
  Status Kill() const;
  // Whether the kernel ended it because of its memory.
  bool RanOutOfMemory() const;

 private:
  friend class Cgroups;
  Cgroup(std::string path, UniqueFd folder) : path_(std::move(path)), folder_(std::move(folder)) {}
  std::string path_;
  UniqueFd folder_;  // locked, as Reap() looks at it
};

// Any thread.
class Cgroups {
 public:
  // The cgroup that this process was given, made ready: since no process may be where controllers
  // are handed on, this one moves to a cgroup below it, once. FailedPrecondition says why there is
  // none.
  static StatusOr<std::shared_ptr<const Cgroups>> OfThisProcess();
  // The same for a folder that is known to be ours, with no process in it.
  static StatusOr<std::shared_ptr<const Cgroups>> Below(std::string path);

  bool HoldsMemory() const { return Has("memory"); }
  bool HoldsProcesses() const { return Has("pids"); }
  // "cpu, memory and pids"
  std::string Controllers() const;
  StatusOr<Cgroup> Make(const WorkspaceLimits& limits) const;
  // Ends and removes those that no living process holds.
  Status Reap() const;

 private:
  Cgroups(std::string path, std::vector<std::string> controllers)
      : path_(std::move(path)), controllers_(std::move(controllers)) {}
  bool Has(std::string_view controller) const;

  std::string path_;
  std::vector<std::string> controllers_;  // of the three that are used, those that are there
};

// Whether OfThisProcess() would find one, without moving anything; what it finds in words.
StatusOr<std::string> LookForCgroup();

// File and content of what holds the limits with these controllers.
std::vector<std::pair<std::string, std::string>> CgroupSettings(
    const WorkspaceLimits& limits, const std::vector<std::string>& controllers);
// The folder of this process's cgroup, by the texts of /proc/self/cgroup and /proc/self/mountinfo.
// NotFound when no hierarchy of version 2 is mounted.
StatusOr<std::string> CgroupFolder(std::string_view cgroup, std::string_view mountinfo);

}  // namespace regreen
