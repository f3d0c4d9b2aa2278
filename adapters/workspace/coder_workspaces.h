// Workspaces of a Coder server over its REST API: made, waited for, deleted, listed. Each of these
// may be repeated, and none trusts an answer that was lost.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "adapters/workspace/coder_api.h"
#include "adapters/workspace/coder_template.h"
#include "daemon/base/status.h"

namespace regreen {

// Coder's own words for states are kept as they are; each list is in its API description.
struct CoderAgent {
  std::string id, name;
  std::string status;     // connecting, connected, disconnected, timeout
  std::string lifecycle;  // created, starting, start_timeout, start_error, ready, …
  std::string reason;     // why it is not healthy, if so
};
struct CoderBuild {
  std::string id;
  std::string transition;  // start, stop, delete
  std::string job;         // pending, running, succeeded, canceling, canceled, failed
  std::string error, error_code;
  bool Active() const { return job == "pending" || job == "running" || job == "canceling"; }
};
struct CoderWorkspace {
  std::string id, name;
  std::string status;  // of its latest build: pending, starting, running, …, deleted
  CoderBuild build;
  std::vector<CoderAgent> agents;  // without those that an agent started inside
};

struct CoderTimes {
  absl::Duration poll = absl::Seconds(1);
  absl::Duration ready = absl::Minutes(10);  // from its creation
  absl::Duration begun = absl::Minutes(1);   // from the wish to delete it until Coder does
  absl::Duration gone = absl::Seconds(20);   // and then, until it need not be waited for any more
};

// How far a workspace is. Pure.
struct CoderReadiness {
  enum State { kWaiting, kReady, kFailed } state = kWaiting;
  std::string words;                           // what is waited for, or what failed
  StatusCode code = StatusCode::kUnavailable;  // of a failure
  std::string agent;                           // name of the one to speak to, when ready
  std::string failed_agent;                    // id of the one whose logs tell why
};
// `agent` is the name of the one to speak to; empty: there must be only one.
CoderReadiness ReadinessOf(const CoderWorkspace& workspace, std::string_view agent);

// Any thread.
class CoderWorkspaces {
 public:
  // `api` outlives it.
  CoderWorkspaces(const CoderApi& api, CoderTimes times) : api_(api), times_(times) {}

  // Asks for a workspace; it is not ready yet. An answer that is lost is looked up by the name,
  // which must be a new one of the caller: AlreadyExists when it is somebody's.
  StatusOr<CoderWorkspace> Create(const CoderTemplate& from, const std::string& name,
                                  const std::map<std::string, std::string>& parameters,
                                  absl::Duration ttl, std::stop_token stop) const;
  // Until an agent can be spoken to; answers its name. Unavailable when the build or the agent's
  // start failed, with Coder's words and the end of its log, or when the workspace vanished;
  // InvalidArgument when the template must be changed first; DeadlineExceeded.
  StatusOr<std::string> AwaitReady(const CoderWorkspace& workspace, const std::string& agent,
                                   std::stop_token stop) const;
  StatusOr<CoderWorkspace> Read(const std::string& id, std::stop_token stop) const;
  StatusOr<CoderWorkspace> Find(const std::string& name, std::stop_token stop) const;
  // Always by a build of its own, so that the template's resources go too; what is being built is
  // cancelled first. True when it is gone, false when Coder is still at it after CoderTimes::gone:
  // then it is to be looked at again, by the same call. Unavailable when Coder tried twice in vain.
  StatusOr<bool> Delete(const std::string& name, std::stop_token stop) const;
  // The token's user's own whose names begin with `prefix`.
  StatusOr<std::vector<CoderWorkspace>> List(const std::string& prefix, std::stop_token stop) const;

 private:
  Status WithLog(const CoderReadiness& failed, const CoderWorkspace& workspace,
                 const std::stop_token& stop) const;
  std::string LogTail(const std::string& path, const std::stop_token& stop) const;
  struct Deletion {
    std::string cancelled;  // the build that was asked to stop
    int asked = 0;          // how often it was asked for
    bool begun = false;
    bool given_up = false;
  };
  Status DeleteStep(const CoderWorkspace& now, Deletion& deletion,
                    const std::stop_token& stop) const;

  const CoderApi& api_;
  const CoderTimes times_;
};

}  // namespace regreen
