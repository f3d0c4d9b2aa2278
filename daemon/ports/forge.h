// The outbound side: where the repository, its runs and its changes live. Calls block on the
// network; any thread. Errors by daemon/base/status.h: NotFound when the thing is gone for good,
// Unavailable and ResourceExhausted to be retried.
#pragma once

#include <stop_token>
#include <string>

#include "daemon/base/secret.h"
#include "daemon/base/status.h"
#include "daemon/domain/change.h"
#include "daemon/domain/run.h"

namespace regreen {

// How the trusted side reaches a repository by git. The URL never holds a credential.
struct GitRemote {
  std::string url;   // http(s)://…, or an absolute path of this machine
  std::string user;  // for HTTP basic authentication; "" for none
  Secret password;
  std::string ca_file{};  // certificates for it; "": those of the others
  std::string proxy{};    // "http://HOST:PORT"; "": none
};

class ForgeActions;
class ForgeComments;
class ForgeMissed;

class Forge {
 public:
  virtual ~Forge() = default;
  // The run as it is now, jobs and failing steps included; its key has the attempt's number where
  // the hint names the newest. For a foreign run (RunHint::foreign), the hint completed by what the
  // repository says: whether the branch is still at that commit.
  virtual StatusOr<RunFacts> ReadRun(const RunHint& hint, std::stop_token stop) = 0;
  // The log of a failed job of a run that is not foreign. NotFound when it will never be there.
  virtual StatusOr<JobLog> ReadLog(const RunHint& hint, const JobFacts& job,
                                   std::stop_token stop) = 0;
  // Finds the open change of this branch and updates it, or opens it. Safe to repeat.
  virtual StatusOr<Change> EnsureChange(const ChangeRequest& request, std::stop_token stop) = 0;
  virtual StatusOr<ChangeState> ReadChange(const ChangeKey& key, const ChangeRef& ref,
                                           std::stop_token stop) = 0;
  // PermissionDenied when the config does not name this repository.
  virtual StatusOr<GitRemote> Remote(const std::string& repo) = 0;
  // What a forge with an API can do besides; nullptr for one without. Lives as long as the forge.
  virtual ForgeActions* actions() = 0;
  // Likewise: answering comments, and what webhooks did not tell. nullptr where it cannot.
  virtual ForgeComments* comments() { return nullptr; }
  virtual ForgeMissed* missed() { return nullptr; }
};

}  // namespace regreen
