// What a policy folder would have made of the failures that were seen: each stored observation goes
// through selection again. No log is read again, nothing is written.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/json.h"
#include "daemon/base/status.h"
#include "daemon/policy/loader.h"
#include "daemon/policy/matcher.h"
#include "daemon/ports/policy_records.h"

namespace regreen {

struct BacktestOptions {
  absl::Time since;
  int page = 500;            // observations read at once
  int threads = 2;           // that select
  std::size_t examples = 3;  // of each difference
  SelectOptions select;      // but for the command and its directory
  // Told after each page how many were looked at, and the time of the last; may be empty.
  std::function<void(std::int64_t, absl::Time)> progress;
};

// Failures for which one template was selected and another would be; "" stands for none.
struct BacktestDifference {
  std::int64_t count = 0;
  std::vector<std::string> examples;  // the task's id, or else the delivery's key; oldest first
};

struct BacktestReport {
  std::int64_t observations = 0, same = 0;
  std::map<std::pair<std::string, std::string>, BacktestDifference> differences;  // (then, now)
  bool differs() const { return observations != same; }
};

StatusOr<BacktestReport> Backtest(PolicyRecords& records, const PolicySet& policies,
                                  const BacktestOptions& options);

// By template: what it would match newly, what it would not match any more, and what moved from one
// to another. Plain text, safe to print.
std::string RenderBacktest(const BacktestReport& report);
// {"observations", "same", "differences": [{"then", "now", "count", "examples"}]}; null for none.
void WriteJson(const BacktestReport& report, JsonWriter& out);

}  // namespace regreen
