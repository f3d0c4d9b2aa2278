#include "daemon/pipeline/backtest.h"

#include <algorithm>
#include <future>
#include <thread>

#include "daemon/base/text.h"
#include "daemon/pipeline/explain.h"

namespace regreen {
namespace {

using Page = std::vector<Observation>;

// The template for each observation, "" for none. Selection is pure: every thread takes its share.
std::vector<std::string> SelectAll(const Page& page, const PolicySet& policies,
                                   const BacktestOptions& options) {
  std::vector<std::string> chosen(page.size());
  const auto share = static_cast<std::size_t>(std::max(options.threads, 1));
  std::vector<std::jthread> workers;
  for (std::size_t first = 0; first < std::min(share, page.size()); ++first) {
    workers.emplace_back([&, first] {
      for (std::size_t i = first; i < page.size(); i += share) {
        const Incident& incident = page[i].incident;
        const Selection selection =
            Select(incident, policies, OptionsFor(incident, options.select));
        if (selection.plan) chosen[i] = selection.plan->template_name;
      }
    });
  }
  workers.clear();  // joins
  return chosen;
}

void Count(const Page& page, const std::vector<std::string>& chosen, std::size_t examples,
           BacktestReport& report) {
  for (std::size_t i = 0; i < page.size(); ++i) {
    const Observation& seen = page[i];
    ++report.observations;
    if (seen.template_name == chosen[i]) {
      ++report.same;
      continue;
    }
    BacktestDifference& difference = report.differences[{seen.template_name, chosen[i]}];
    ++difference.count;
    if (difference.examples.size() < examples) {
      difference.examples.push_back(seen.task_id.empty() ? Cat("delivery ", seen.delivery_key)
                                                         : Cat("task ", seen.task_id));
    }
  }
}

std::string Failures(std::int64_t n) {
  return n == 1 ? std::string("1 failure") : Cat(n, " failures");
}

}  // namespace

StatusOr<BacktestReport> Backtest(PolicyRecords& records, const PolicySet& policies,
                                  const BacktestOptions& options) {
  BacktestReport report;
  const auto read = [&](std::int64_t after) {
    return records.ListObservations(options.since, after, options.page);
  };
  auto next = read(0);
  while (true) {
    ASSIGN_OR_RETURN(const Page page, std::move(next));
    if (page.empty()) return report;
    // The next page is read while this one is looked at.
    auto reading = std::async(std::launch::async, read, page.back().id);
    Count(page, SelectAll(page, policies, options), options.examples, report);
    if (options.progress) options.progress(report.observations, page.back().at);
    next = reading.get();
  }
}

std::string RenderBacktest(const BacktestReport& report) {
  std::string out = Cat(Failures(report.observations), " looked at, ", report.same, " as before\n");
  for (const auto& [names, difference] : report.differences) {
    const auto& [then, now] = names;
    if (then.empty()) {
      Append(out, now, ": newly matched, ");
    } else if (now.empty()) {
      Append(out, then, ": no longer matched, ");
    } else {
      Append(out, then, ": moved to ", now, ", ");
    }
    Append(out, Failures(difference.count), "\n");
    for (const std::string& example : difference.examples)
      Append(out, "    ", EscapeControl(example), "\n");
    const auto more = difference.count - static_cast<std::int64_t>(difference.examples.size());
    if (more > 0) Append(out, "    and ", more, " more\n");
  }
  return out;
}

void WriteJson(const BacktestReport& report, JsonWriter& out) {
  const auto name = [&out](std::string_view key, const std::string& value) {
    out.Key(key);
    value.empty() ? out.Null() : out.String(value);
  };
  out.BeginObject().Field("observations", report.observations).Field("same", report.same);
  out.Key("differences").BeginArray();
  for (const auto& [names, difference] : report.differences) {
    out.BeginObject();
    name("then", names.first);
    name("now", names.second);
    out.Field("count", difference.count).Field("examples", difference.examples).EndObject();
  }
  out.EndArray().EndObject();
}

}  // namespace regreen
