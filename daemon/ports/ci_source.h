// The inbound side of one CI: authenticates raw bytes, and reads what they say. No I/O; any thread.
#pragma once

#include <string>

#include "daemon/base/http.h"
#include "daemon/base/status.h"
#include "daemon/domain/delivery.h"

namespace regreen {

class CiSource {
 public:
  virtual ~CiSource() = default;
  // Over the raw body, in constant time. Unauthenticated when the signature is missing or wrong.
  virtual Status Authenticate(const Headers& headers, std::string_view raw_body) const = 0;
  // The platform's idempotency key and event name, and the headers worth keeping. Called after
  // Authenticate. InvalidArgument when a header that must be there is not.
  virtual StatusOr<Delivery> Describe(const Headers& headers, std::string raw_body) const = 0;
  // InvalidArgument for a body that is not what the event's name promises.
  virtual StatusOr<Event> Decode(const Delivery& delivery) const = 0;
};

}  // namespace regreen
