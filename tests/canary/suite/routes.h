// The routes by which a hostile program tries to get out of a workspace, as data. Each is shown to
// be a real attempt first, by the same command where nothing holds it.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace regreen::canary {

// What must be seen of a route where nothing holds it.
enum class Sign { kLoot, kReached, kChanged, kAlive, kGained };

struct Route {
  std::string name;     // of the test
  std::string tries;    // what it tries, for people
  std::string wall;     // what stops it
  std::string command;  // in the hostile repository, with Outside::Facts()
  Sign sign = Sign::kLoot;
  bool only_root = false;  // an ordinary user could not do it anywhere: nothing is shown for one
  std::string careless;    // what a careless trusted side does afterwards, where nothing holds it
  std::vector<std::string> network;  // what its workspace may use
  absl::Duration timeout = absl::Seconds(20);
};

std::vector<Route> ReadingRoutes();
std::vector<Route> NetworkRoutes();
std::vector<Route> BrokerRoutes();
std::vector<Route> WritingRoutes();
std::vector<Route> PowerRoutes();
std::vector<Route> OutlivingRoutes();
std::vector<Route> TrustedSideRoutes();

// What must not get into a patch.
struct PatchRoute {
  std::string name, tries;
  std::string command;
  std::string makes;       // a path that is there afterwards where nothing holds it
  std::string refused_by;  // "capture", or a rule of the guard
  std::string says;        // a part of the reason
};

std::vector<PatchRoute> PatchRoutes();

// GoogleTest shows a failed one by these.
inline void PrintTo(const Route& route, std::ostream* out) {
  *out << route.tries;
}
inline void PrintTo(const PatchRoute& route, std::ostream* out) {
  *out << route.tries;
}

}  // namespace regreen::canary
