// What a forge knows and its webhooks did not tell: they are lost while nobody listens, and are not
// sent again by themselves. Calls block on the network, in bounded pages; any thread.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/status.h"
#include "daemon/domain/run.h"

namespace regreen {

// A failed run, in the form that its webhook would have had, so that the CI's own adapter reads it.
struct MissedRun {
  RunKey run;  // without the forge's name; attempt kNewest where the platform does not number them
  absl::Time ended;
  std::string event;  // the platform's word
  std::string body;
};

struct Redelivered {
  int asked = 0;        // deliveries that the forge was asked to send again
  int given_up = 0;     // asked for too often already
  std::string refused;  // why deliveries cannot be looked at, a sentence; "" when they could
};

class ForgeMissed {
 public:
  virtual ~ForgeMissed() = default;
  // Those that may be worked on, of all that the credential sees: an app's installations, a
  // token's memberships. The newest few hundred.
  virtual StatusOr<std::vector<std::string>> Repositories(std::stop_token stop) = 0;
  // Whose attempt ended since then, newest first, capped.
  virtual StatusOr<std::vector<MissedRun>> FailedRuns(const std::string& repo, absl::Time since,
                                                      std::stop_token stop) = 0;
  // Asks the forge to send failed deliveries again, those of the webhooks whose address ends with
  // one of `paths` ("/hooks/github"). The forge keeps their keys, so that what did arrive is a
  // duplicate. `repo` "": those of the app itself.
  virtual StatusOr<Redelivered> Redeliver(const std::string& repo,
                                          const std::vector<std::string>& paths, absl::Time since,
                                          std::stop_token stop) = 0;
};

}  // namespace regreen
