// What the connections of one broker share. Private to broker*.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/workspace/broker.h"
#include "adapters/workspace/prices.h"
#include "adapters/workspace/request_head.h"
#include "adapters/workspace/usage_meter.h"
#include "daemon/base/http.h"
#include "daemon/base/mutex.h"
#include "daemon/base/timed_socket.h"

namespace regreen {

// Counted for one workspace.
struct SetInUse {
  explicit SetInUse(EgressSet rules) : set(std::move(rules)) {}
  const EgressSet set;
  PriceTable prices;
  std::atomic<std::int64_t> bytes = 0, requests = 0, tokens = 0;
  std::atomic<int> connections = 0;
  std::int64_t bytes_left() const { return set.max_bytes - bytes; }
};

// Of one connection, for as long as it lives.
class PlaceInSet {
 public:
  PlaceInSet(SetInUse& in_use, int most) : in_use_(in_use) {
    taken_ = in_use_.connections.fetch_add(1) < most;
  }
  ~PlaceInSet() { --in_use_.connections; }
  PlaceInSet(const PlaceInSet&) = delete;
  PlaceInSet& operator=(const PlaceInSet&) = delete;
  bool taken() const { return taken_; }

 private:
  SetInUse& in_use_;
  bool taken_ = false;
};

class BrokerNotes {
 public:
  void Add(std::string_view sentence) RG_EXCLUDES(mutex_);
  std::string Take() RG_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::string lines_ RG_GUARDED_BY(mutex_);
  int count_ RG_GUARDED_BY(mutex_) = 0;
};

struct BrokerState {
  BrokerState(double max_usd, std::int64_t max_tokens) : meter(max_usd, max_tokens) {}
  std::map<std::string, std::unique_ptr<SetInUse>> sets;
  HostResolver resolve;
  std::unique_ptr<HttpClient> http;
  std::stop_source stop;
  BrokerNotes notes;
  UsageMeter meter;
};

// One connection, to its end.
void ServeFromInside(BrokerState& state, TimedSocket& socket, int stop_fd);
void ServeTunnel(BrokerState& state, TimedSocket& socket, const RequestHead& head, int stop_fd);
void ServeModel(BrokerState& state, TimedSocket& socket, const RequestHead& head);

bool WriteAll(TimedSocket& socket, std::string_view bytes);
// An answer with a sentence, as JSON in the form that clients of models show. Noted as a refusal of
// `what`.
void Refuse(BrokerState& state, TimedSocket& socket, int status, std::string_view what,
            std::string_view sentence);

}  // namespace regreen
