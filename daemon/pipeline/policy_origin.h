// Where policies come from, and come from again when they change there: a folder of this machine,
// or a branch of a git repository.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/status.h"
#include "daemon/pipeline/live_policies.h"
#include "daemon/ports/repository.h"

namespace regreen {

// One thread at a time. Dependencies outlive it.
class PolicyOrigin {
 public:
  virtual ~PolicyOrigin() = default;
  // At the start. InvalidArgument with every mistake when there is no good set.
  virtual StatusOr<std::unique_ptr<LivePolicies>> Load(std::stop_token stop) = 0;
  // Reads what may have changed and offers it; what cannot be read is noted there.
  virtual void Refresh(LivePolicies& live, std::stop_token stop) = 0;
};

std::unique_ptr<PolicyOrigin> NewFolderOrigin(std::string folder, const Clock& clock);

struct GitPolicyOptions {
  std::string name;  // of the remote, for people
  // Asked each time, since a forge's credential may be another by then.
  std::function<StatusOr<GitRemote>()> remote;
  std::string branch;
  std::string path;  // of the set in the repository; "" is its root
  // Remembers the commit of the last good set, so that a daemon that starts while the remote is
  // away, or while its tip is bad, finds it in the mirror.
  std::string last_good_file;
};
std::unique_ptr<PolicyOrigin> NewGitOrigin(GitPolicyOptions options, Mirror& mirror,
                                           const Clock& clock);

}  // namespace regreen
