// Every route of the tables. A new one is a line there.
#include <unistd.h>

#include "daemon/base/text.h"
#include "tests/canary/suite/canary.h"

namespace regreen::canary {
namespace {

class RouteTest : public CanaryTest, public testing::WithParamInterface<Route> {};

TEST_P(RouteTest, GetsNowhere) {
  const Route& route = GetParam();
  std::string shown = "an ordinary user has no way there at all";
  if (!route.only_root || geteuid() == 0) {
    const Sighting open = InTheOpen(route);
    shown = "works where nothing holds it";
    ASSERT_NE(SignOf(open, route.sign), "") << "the attempt itself does not work: " << open.All();
  }
  for (const bool overlay : {true, false}) {
    Inside(route, overlay);
    if (IsSkipped() || HasFailure()) return;
  }
  Tell(route.name, route.tries, route.wall, shown);
}

std::string NameOf(const testing::TestParamInfo<Route>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Reading, RouteTest, testing::ValuesIn(ReadingRoutes()), NameOf);
INSTANTIATE_TEST_SUITE_P(Network, RouteTest, testing::ValuesIn(NetworkRoutes()), NameOf);
INSTANTIATE_TEST_SUITE_P(Broker, RouteTest, testing::ValuesIn(BrokerRoutes()), NameOf);
INSTANTIATE_TEST_SUITE_P(Writing, RouteTest, testing::ValuesIn(WritingRoutes()), NameOf);
INSTANTIATE_TEST_SUITE_P(Power, RouteTest, testing::ValuesIn(PowerRoutes()), NameOf);
INSTANTIATE_TEST_SUITE_P(Outliving, RouteTest, testing::ValuesIn(OutlivingRoutes()), NameOf);
INSTANTIATE_TEST_SUITE_P(TrustedSide, RouteTest, testing::ValuesIn(TrustedSideRoutes()), NameOf);

}  // namespace
}  // namespace regreen::canary
