// Failures a second that a backtest looks at: backtest_bench POLICIES FOLDER [OBSERVATIONS]. Fills
// a store with what the shipped cases show, over many repositories, and holds the policies to it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/time/clock.h"
#include "adapters/store/sqlite.h"
#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/backtest.h"
#include "daemon/pipeline/fixtures.h"
#include "daemon/pipeline/policies.h"

namespace regreen {
namespace {

constexpr int kInOneDelivery = 200;

template <class T>
T Must(StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::fprintf(stderr, "backtest_bench: %s\n", Message(value.status()).c_str());
  std::exit(1);
}

std::vector<Incident> ReadIncidents(const std::string& folder, const Policies& policies) {
  Problems problems;
  const Triage triage(policies.rules);
  std::vector<Incident> incidents;
  for (const Fixture& fixture : LoadFixtures(folder, problems))
    incidents.push_back(IncidentOf(fixture.failure, fixture.log, triage));
  if (incidents.empty()) Must(StatusOr<int>(NotFound(Cat(folder, " has no cases"))));
  return incidents;
}

void Fill(Store& store, const std::vector<Incident>& incidents, int observations) {
  for (int made = 0; made < observations;) {
    const std::string key = Cat("delivery-", made);
    const NewDelivery delivery{{"github", key, "workflow_run", {}, "{}", absl::Now()}};
    Must(store.Accept({&delivery, 1}));
    const auto lease = Must(store.ClaimDelivery("bench", absl::Minutes(1)));
    DeliveryOutcome outcome;
    for (int i = 0; i < kInOneDelivery && made < observations; ++i, ++made) {
      IncidentOutcome seen;
      seen.incident = incidents[static_cast<std::size_t>(made) % incidents.size()];
      seen.incident.run.key = {"github", Cat("acme/r", made % 50), Cat(made), 1};
      seen.key = Cat("incident-", made);
      outcome.incidents.push_back(std::move(seen));
    }
    Must(store.FinishDelivery(*lease, outcome));
  }
}

int Run(int argc, char** argv) {
  const std::string folder = argv[1];
  const std::string path = Cat(argv[2], "/backtest.db");
  const int observations = argc > 3 ? std::max(1, std::atoi(argv[3])) : 20'000;
  Problems problems;
  const Policies policies = LoadPolicyFolder(folder, problems);
  if (!policies.complete()) {
    std::fprintf(stderr, "%s", problems.Render().c_str());
    return 1;
  }
  std::filesystem::create_directories(argv[2]);
  std::filesystem::remove(path);
  const SystemClock clock;
  const auto store = Must(OpenSqliteStore(path, clock, {}));
  Fill(*store, ReadIncidents(folder, policies), observations);

  const absl::Time start = absl::Now();
  const BacktestReport report = Must(Backtest(*store, *policies.templates, {}));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  std::printf("backtest: %lld failures beside %zu templates in %.3f s, %.0f a second; goal 2000\n",
              static_cast<long long>(report.observations), policies.templates->templates().size(),
              seconds, static_cast<double>(report.observations) / seconds);
  return 0;
}

}  // namespace
}  // namespace regreen

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: backtest_bench POLICIES FOLDER [OBSERVATIONS]\n");
    return 2;
  }
  return regreen::Run(argc, argv);
}
