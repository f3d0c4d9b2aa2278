// What Prometheus reads, by prometheus-cpp (metrics.cc owns it). Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/pipeline/live_policies.h"
#include "daemon/pipeline/repair_log.h"
#include "daemon/ports/forge_traffic.h"
#include "daemon/ports/store.h"

namespace regreen {

class Metrics final : public ForgeTraffic {
 public:
  Metrics();
  ~Metrics() override;

  // outcome: accepted, duplicate, ignored, unauthenticated, malformed, too_large, unknown_ci,
  // unavailable.
  void CountDelivery(std::string_view ci, std::string_view outcome, absl::Duration latency);
  // stage: collect, or a task's state.
  void ObserveStage(std::string_view stage, std::string_view outcome, absl::Duration duration);
  void CountLeaseLost();
  void CountDemotion(std::string_view template_name);  // chosen at less than its stage
  void CountAgent(const AgentRun& run);
  void CountReconciled(const DeliveryOutcome::Reconciled& sweep);
  void CountCommit(std::size_t deliveries);  // deliveries in one commit of the store
  void CountForgeRequest(const ForgeRequest& request) override;
  void ShowForgeLimit(const ForgeLimit& limit) override;

  void ShowPolicies(const PolicyStatus& policies);

  // The text of /metrics, gauges filled from the store's counts.
  std::string Render(const StoreCounts& counts);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace regreen
