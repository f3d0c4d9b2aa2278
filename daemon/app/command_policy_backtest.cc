// policy backtest: every stored failure against a policy folder.
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "daemon/app/command_policy.h"
#include "daemon/app/print.h"
#include "daemon/app/with_store.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kBarWidth = 30;

// A bar of time on standard error: how much of the days asked about is done. Drawn over itself.
void DrawBar(std::int64_t count, double done) {
  const int filled = static_cast<int>(done * kBarWidth);
  const std::string line = Cat("\r[", std::string(static_cast<std::size_t>(filled), '#'),
                               std::string(static_cast<std::size_t>(kBarWidth - filled), ' '), "] ",
                               static_cast<int>(done * 100), "%  ", count, " failures");
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

Status BacktestPolicies(PolicyRecords& records, const Policies& policies,
                        const PolicyArguments& arguments, absl::Time now,
                        const SelectOptions& select) {
  BacktestOptions options;
  options.select = select;
  options.since = now - arguments.since;
  options.examples = static_cast<std::size_t>(arguments.examples);
  options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (terminal) {
    options.progress = [&](std::int64_t count, absl::Time at) {
      const double done = absl::FDivDuration(at - options.since, arguments.since);
      DrawBar(count, std::clamp(done, 0.0, 1.0));
    };
  }
  const auto report = Backtest(records, *policies.templates, options);
  if (terminal) std::fputs("\r\x1b[K", stderr);
  RETURN_IF_ERROR(report.status());
  JsonWriter out;
  WriteJson(*report, out);
  PrintOut(arguments.json ? Cat(out.Take(), "\n") : RenderBacktest(*report));
  return OkStatus();
}

int PolicyBacktest(const PolicyArguments& arguments) {
  return WithStore(arguments.config, [&](Store& store, const Config& config) -> Status {
    ASSIGN_OR_RETURN(const Policies policies,
                     LoadPoliciesOrExplain(FolderInForce(arguments, config)));
    SelectOptions select;
    select.offers = OffersOf(config);
    return BacktestPolicies(store, policies, arguments, absl::Now(), select);
  });
}

}  // namespace regreen
