// A task's timeline as it comes to be, as server-sent events (HTML Living Standard, section 9.2).
#pragma once

#include <semaphore>

#include "absl/time/time.h"
#include "daemon/base/http.h"

namespace regreen {

struct ApiCall;
struct ApiDependencies;

// How often, and how many. The store is the truth, also of what other processes do: it is looked at
// for each watcher.
class EventStreams {
 public:
  static constexpr int kMost = 32;  // each holds a thread of the server
  static constexpr absl::Duration kLook = absl::Milliseconds(300);
  static constexpr absl::Duration kHeartbeat = absl::Seconds(15);

  // An event "timeline" for each entry, and "agent" for each event of an agent as its record has it
  // (which grows soon after each of them); "gap" where the record left something out, or began
  // anew. Who comes again with Last-Event-ID goes on after that one. When the task is over, an
  // event "end" with its state, and the end; who comes again then gets 204, by which an EventSource
  // stops. A comment at each heartbeat. 503 when too many watch.
  HttpResponse Open(const ApiDependencies& deps, const ApiCall& call);

 private:
  std::counting_semaphore<> free_{kMost};
};

HttpResponse TaskEventsAnswer(const ApiDependencies& deps, const ApiCall& call);

}  // namespace regreen
