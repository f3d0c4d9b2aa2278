// One webhook as received, and what a CI's adapter read in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/http.h"
#include "daemon/domain/run.h"

namespace regreen {

struct Delivery {
  std::string ci;     // the name in the config: /hooks/<ci>
  std::string key;    // idempotency key of the platform, or a digest of the body
  std::string event;  // the platform's own word: workflow_run
  Headers headers;    // only those that a decoder needs; never a credential
  std::string body;   // raw
  absl::Time received_at;
};

// What a delivery says. A hint only: the run is read again before anything is done.
struct RunEvent {
  RunHint run;
  std::string conclusion;  // the platform's own word
  bool failed = false;     // worth collecting
  bool passed = false;     // green; what was cancelled, skipped or is unknown is neither
};
struct PingEvent {};
struct ChangeEvent {  // a pull or merge request was closed, merged or pushed to
  std::string forge, repo;
  std::int64_t number = 0;
};
struct CommentEvent {  // a person wrote one on a pull or merge request, or on an issue
  std::string forge, repo;
  std::int64_t number = 0;  // of the change or issue; at GitLab its iid
  bool on_change = false;   // a pull or merge request, not an issue
  bool on_code = false;     // GitHub: of the review, beside lines of the change
  std::int64_t id = 0;      // of the comment
  std::string author;       // login, for the forge to be asked about; a hint like all else
  std::int64_t author_id = 0;
  std::string body;  // as written, capped
};
struct OtherEvent {  // verified, but not for us
  std::string why;
};
using Event = std::variant<RunEvent, PingEvent, ChangeEvent, CommentEvent, OtherEvent>;

enum class AcceptOutcome { kAccepted, kDuplicate };

}  // namespace regreen
