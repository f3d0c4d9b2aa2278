// What the adapters of platforms that post one JSON object have in common. A platform's own file
// says how its deliveries are authenticated and what they mean.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/ci/registry.h"
#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"
#include "daemon/ports/ci_source.h"

namespace regreen {

struct DialectSettings {
  std::string name, forge;
  Secret secret;
  std::string token_header;                   // lower case; "": deliveries are signed
  std::vector<std::string> log_url_prefixes;  // as ReadLogUrlPrefixes gives them
  const Clock* clock = nullptr;               // never null once made
};

// Functions without state; any thread.
struct Dialect {
  Status (*authenticate)(const DialectSettings& settings, const Headers& headers,
                         std::string_view raw_body);
  // The event's name. The payload is null when the body is no JSON. InvalidArgument when the
  // delivery is another platform's.
  StatusOr<std::string> (*event)(const Headers& headers, const Json& payload);
  // The platform's idempotency key, "" when it gives none: then the body's digest is taken.
  std::string (*key)(const Headers& headers, const Json& payload);
  // The payload is an object.
  StatusOr<Event> (*decode)(const DialectSettings& settings, std::string_view event,
                            const Json& payload);
  bool takes_token = false;     // token_header may be set …
  const char* token_header;     // … and this is it when it is not; "": then deliveries are signed
  bool takes_log_urls = false;  // log_url_prefixes may be set
};

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<CiSource>> NewDialectCi(const CiOptions& options, const Dialect& dialect);

// A hint of a run of this CI that the repository's forge knows nothing of.
RunHint ForeignHint(const DialectSettings& settings);

}  // namespace regreen
