// What a forge can do with a change of ours after it was opened. Calls block on the network; any
// thread. Every one is safe to repeat: an answer that was lost does nothing twice.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/change.h"

namespace regreen {

struct RedCheck {
  std::string name;    // untrusted
  std::string job_id;  // of the forge's CI, whose log can be read; "" for what others report
};

// What the forge's CI, and whoever else reports there, says of a commit.
struct Checks {
  enum class Kind {
    kNone,     // none has begun
    kRunning,  // one goes on, or ended neither way
    kGreen,
    kRed,  // all have ended, and one failed
  };
  Kind kind = Kind::kNone;
  std::vector<RedCheck> red;  // each name once; the first fifty
};

class ChangeCare {
 public:
  virtual ~ChangeCare() = default;
  virtual StatusOr<Checks> ReadChecks(const std::string& repo, const std::string& commit,
                                      std::stop_token stop) = 0;
  // Takes an open change out of draft, only while its head is `commit`. FailedPrecondition when the
  // forge will not.
  virtual Status MarkReady(const ChangeKey& change, const std::string& commit,
                           std::stop_token stop) = 0;
  // Closes an open change, only while its head is `commit`: FailedPrecondition when it is another.
  virtual Status Close(const ChangeKey& change, const std::string& commit,
                       std::stop_token stop) = 0;
  // Deletes a branch whose tip is `commit`. OK when there is none; FailedPrecondition when its tip
  // is another, or the forge will not.
  virtual Status DeleteBranch(const std::string& repo, const std::string& branch,
                              const std::string& commit, std::stop_token stop) = 0;
};

}  // namespace regreen
