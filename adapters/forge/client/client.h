// The one way out to a forge's API. Each request waits for its turn at the gate of its credential,
// asks with the ETag of what is known, ends by its deadline and within its size, and leaves a line
// in the log (debug) and in the metrics, without a secret. No redirect is followed.
//
// A forge's own class, such as GithubApi, says which headers hold the credential and what a status
// means; everything else is done here. For another platform: Manners for it, one ForgeClient for
// each [forge.NAME], a gate for its credential by GateOf, and every request by Call or CallJson.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "adapters/forge/client/etags.h"
#include "adapters/forge/client/gate.h"
#include "adapters/forge/client/manners.h"
#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/status.h"
#include "daemon/ports/forge_traffic.h"

namespace regreen {

struct ForgeClientOptions {
  std::string forge;    // its name in the configuration, for log and metrics
  std::string api;      // the API's base, without a slash at its end
  std::string graphql;  // an address beside it; "" for none
  const Manners* manners = nullptr;
  std::optional<absl::Duration> writes_apart;  // instead of what the manners say
  HttpClient* http = nullptr;                  // all outlive the client
  const Clock* clock = nullptr;
  ForgeTraffic* traffic = nullptr;  // may be null
  Gates* gates = nullptr;           // shared with other forges; null: gates of its own
};

// Any thread.
class ForgeClient {
 public:
  explicit ForgeClient(ForgeClientOptions options);

  // The gate of a credential. `key` says which it is (a token itself is hashed), `label` what
  // people call it: "token", "installation 7".
  std::shared_ptr<Gate> GateOf(std::string_view key, const std::string& label) const;

  // The answer as it is, redirects and errors included. ResourceExhausted with a time when the gate
  // puts the caller aside: nothing was sent then. What leaves the API, such as the address where a
  // log is stored, passes no gate.
  StatusOr<HttpAnswer> Call(Gate& gate, HttpCall call, std::stop_token stop) const;
  // The same for an answer that should be JSON. Unavailable for a 2xx that is none: a proxy's page,
  // as a rule. An empty 2xx is null; the JSON of another status is null.
  struct JsonAnswer {
    HttpAnswer http;
    Json json;
  };
  StatusOr<JsonAnswer> CallJson(Gate& gate, HttpCall call, std::stop_token stop) const;

  // Whether a limit refused it.
  bool IsLimited(const HttpAnswer& answer) const;
  // What it is told as: ResourceExhausted with the time when it is worth another try.
  Status Limited(const Gate& gate, const HttpAnswer& answer, std::string_view what,
                 const std::string& resource = "core") const;

  const std::string& api() const { return options_.api; }
  const std::string& graphql() const { return options_.graphql; }
  const Clock& clock() const { return *options_.clock; }

 private:
  struct Noted;
  StatusOr<HttpAnswer> Exchange(Gate& gate, HttpCall& call, std::stop_token stop,
                                Noted& noted) const;
  StatusOr<HttpAnswer> Send(const Gate& gate, const Gate::Pass& pass, HttpCall& call,
                            Noted& noted) const;
  bool IsApi(std::string_view url) const;
  void Note(const HttpCall& call, const StatusOr<HttpAnswer>& answer, const Noted& noted) const;

  const ForgeClientOptions options_;
  const std::unique_ptr<Gates> own_gates_;
  const std::unique_ptr<Etags> etags_;
};

// After a write: its answer was lost, or is of no use, so that it may have been done or not.
// Whoever wrote looks before it is written again.
bool MayHaveHappened(const Status& status);

}  // namespace regreen
