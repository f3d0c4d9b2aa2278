#include "daemon/service/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <utility>

#include "daemon/base/mutex.h"

namespace regreen {
namespace {

const prometheus::Histogram::BucketBoundaries kFastBuckets = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
const prometheus::Histogram::BucketBoundaries kStageBuckets = {
    0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1800, 3600};

template <class Family>
auto& New(prometheus::Registry& registry, Family build, const char* name, const char* help) {
  return build().Name(name).Help(help).Register(registry);
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& deliveries = New(
      registry, prometheus::BuildCounter, "regreen_deliveries_total", "Webhooks by CI and outcome");
  prometheus::Family<prometheus::Histogram>& accept =
      New(registry, prometheus::BuildHistogram, "regreen_accept_seconds",
          "Time from a webhook's body to its answer");
  prometheus::Family<prometheus::Histogram>& stages =
      New(registry, prometheus::BuildHistogram, "regreen_stage_seconds",
          "Time of one step of work, by stage and outcome");
  prometheus::Counter& leases_lost =
      New(registry, prometheus::BuildCounter, "regreen_leases_lost_total",
          "Leases that another worker took")
          .Add({});
  prometheus::Family<prometheus::Counter>& demotions =
      New(registry, prometheus::BuildCounter, "regreen_template_demotions_total",
          "Choices of a template at less than its stage, since too few of its changes are merged");
  prometheus::Family<prometheus::Counter>& agent_runs =
      New(registry, prometheus::BuildCounter, "regreen_agent_rounds_total",
          "Rounds of agents, by agent, kind and how they ended");
  prometheus::Family<prometheus::Counter>& agent_tokens =
      New(registry, prometheus::BuildCounter, "regreen_agent_tokens_total",
          "Tokens that agents used, by agent and direction");
  prometheus::Family<prometheus::Counter>& agent_usd =
      New(registry, prometheus::BuildCounter, "regreen_agent_cost_usd_total",
          "What agents cost, in US dollars");
  prometheus::Family<prometheus::Counter>& sweeps =
      New(registry, prometheus::BuildCounter, "regreen_reconcile_sweeps_total",
          "Sweeps that ended well, of repositories and of apps, by forge");
  prometheus::Family<prometheus::Counter>& missed_runs =
      New(registry, prometheus::BuildCounter, "regreen_reconcile_missed_runs_total",
          "Failed runs that no webhook had told of, by forge");
  prometheus::Family<prometheus::Counter>& redeliveries =
      New(registry, prometheus::BuildCounter, "regreen_reconcile_redeliveries_total",
          "Failed webhooks that the forge was asked to send again, by forge");
  prometheus::Histogram& commit_deliveries =
      New(registry, prometheus::BuildHistogram, "regreen_commit_deliveries",
          "Deliveries in one commit of the store")
          .Add({}, prometheus::Histogram::BucketBoundaries{1, 2, 4, 8, 16, 32, 64, 128});
  prometheus::Family<prometheus::Counter>& forge_requests =
      New(registry, prometheus::BuildCounter, "regreen_forge_requests_total",
          "Requests to forges, by endpoint and outcome; held_back: not sent");
  prometheus::Family<prometheus::Histogram>& forge_seconds =
      New(registry, prometheus::BuildHistogram, "regreen_forge_request_seconds",
          "Time of a request to a forge, by endpoint");
  prometheus::Family<prometheus::Gauge>& forge_remaining =
      New(registry, prometheus::BuildGauge, "regreen_forge_limit_remaining",
          "Requests that a credential has left, as its forge says");
  prometheus::Family<prometheus::Gauge>& forge_closed =
      New(registry, prometheus::BuildGauge, "regreen_forge_closed_until_timestamp_seconds",
          "Until when nothing is sent by a credential, since its limit is used up; 0: at once");
  prometheus::Family<prometheus::Gauge>& tasks =
      New(registry, prometheus::BuildGauge, "regreen_tasks", "Tasks by state and template");
  prometheus::Family<prometheus::Gauge>& queue =
      New(registry, prometheus::BuildGauge, "regreen_queue_length", "Work that waits, by kind");
  prometheus::Gauge& queue_age = New(registry, prometheus::BuildGauge, "regreen_queue_age_seconds",
                                     "How long the oldest due work has waited")
                                     .Add({});

  prometheus::Gauge& policies_loaded =
      New(registry, prometheus::BuildGauge, "regreen_policies_loaded_timestamp_seconds",
          "Since when the policies in force are in force")
          .Add({});
  prometheus::Gauge& policies_valid =
      New(registry, prometheus::BuildGauge, "regreen_policies_valid",
          "1 when what was read last is in force, 0 when it was refused")
          .Add({});
  prometheus::Family<prometheus::Counter>& policy_reloads =
      New(registry, prometheus::BuildCounter, "regreen_policy_reloads_total",
          "Times that policies were read again, by outcome");
  prometheus::Family<prometheus::Gauge>& policies_info =
      New(registry, prometheus::BuildGauge, "regreen_policies_info",
          "1 for the digest of the policies in force");
  prometheus::Family<prometheus::Gauge>& held_back =
      New(registry, prometheus::BuildGauge, "regreen_tasks_held_back",
          "Queued tasks that a limit holds back, by its key");

  Mutex render_mutex;
  std::string shown_digest RG_GUARDED_BY(render_mutex);
  prometheus::Gauge* shown_info RG_GUARDED_BY(render_mutex) = nullptr;
  std::map<std::pair<std::string, std::string>, prometheus::Gauge*> shown_tasks
      RG_GUARDED_BY(render_mutex);
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::CountDelivery(std::string_view ci, std::string_view outcome, absl::Duration latency) {
  impl_->deliveries.Add({{"ci", std::string(ci)}, {"outcome", std::string(outcome)}}).Increment();
  impl_->accept.Add({{"ci", std::string(ci)}}, kFastBuckets)
      .Observe(absl::ToDoubleSeconds(latency));
}

void Metrics::ObserveStage(std::string_view stage, std::string_view outcome,
                           absl::Duration duration) {
  impl_->stages
      .Add({{"stage", std::string(stage)}, {"outcome", std::string(outcome)}}, kStageBuckets)
      .Observe(absl::ToDoubleSeconds(duration));
}

void Metrics::CountLeaseLost() {
  impl_->leases_lost.Increment();
}

void Metrics::CountDemotion(std::string_view template_name) {
  impl_->demotions.Add({{"template", std::string(template_name)}}).Increment();
}

void Metrics::CountAgent(const AgentRun& run) {
  impl_->agent_runs
      .Add(
          {{"agent", run.agent}, {"kind", run.kind}, {"outcome", std::string(ToString(run.claim))}})
      .Increment();
  const ModelUsage& usage = run.usage;
  const auto count = [&](const char* direction, std::int64_t tokens) {
    impl_->agent_tokens.Add({{"agent", run.agent}, {"direction", direction}})
        .Increment(static_cast<double>(tokens));
  };
  count("read", usage.input_tokens + usage.cache_write_tokens);
  count("cached", usage.cache_read_tokens);
  count("written", usage.output_tokens);
  impl_->agent_usd.Add({{"agent", run.agent}}).Increment(run.usd);
}

void Metrics::CountReconciled(const DeliveryOutcome::Reconciled& sweep) {
  impl_->sweeps.Add({{"forge", sweep.forge}}).Increment();
  impl_->missed_runs.Add({{"forge", sweep.forge}}).Increment(sweep.runs);
  impl_->redeliveries.Add({{"forge", sweep.forge}}).Increment(sweep.redelivered);
}

void Metrics::CountCommit(std::size_t deliveries) {
  impl_->commit_deliveries.Observe(static_cast<double>(deliveries));
}

void Metrics::CountForgeRequest(const ForgeRequest& request) {
  const std::string forge(request.forge), endpoint(request.endpoint);
  impl_->forge_requests
      .Add({{"forge", forge}, {"endpoint", endpoint}, {"outcome", std::string(request.outcome)}})
      .Increment();
  if (request.outcome == "held_back") return;
  impl_->forge_seconds.Add({{"forge", forge}, {"endpoint", endpoint}}, kFastBuckets)
      .Observe(absl::ToDoubleSeconds(request.took));
}

void Metrics::ShowForgeLimit(const ForgeLimit& limit) {
  const prometheus::Labels labels = {{"forge", std::string(limit.forge)},
                                     {"credential", std::string(limit.credential)},
                                     {"resource", std::string(limit.resource)}};
  if (limit.remaining)
    impl_->forge_remaining.Add(labels).Set(static_cast<double>(*limit.remaining));
  const absl::Time until = std::max(limit.closed_until, absl::UnixEpoch());
  impl_->forge_closed.Add(labels).Set(absl::ToDoubleSeconds(until - absl::UnixEpoch()));
}

void Metrics::ShowPolicies(const PolicyStatus& policies) {
  MutexLock lock(impl_->render_mutex);
  impl_->policies_loaded.Set(absl::ToDoubleSeconds(policies.loaded_at - absl::UnixEpoch()));
  impl_->policies_valid.Set(policies.valid ? 1 : 0);
  for (std::size_t i = 0; i < kReloadOutcomes; ++i) {
    prometheus::Counter& counter = impl_->policy_reloads.Add(
        {{"outcome", std::string(ToString(static_cast<ReloadOutcome>(i)))}});
    counter.Increment(static_cast<double>(policies.reloads[i]) - counter.Value());
  }
  if (impl_->shown_info != nullptr && impl_->shown_digest == policies.digest) return;
  // One series, not one for each set that ever was.
  if (impl_->shown_info != nullptr) impl_->policies_info.Remove(impl_->shown_info);
  impl_->shown_info = &impl_->policies_info.Add({{"digest", policies.digest}});
  impl_->shown_info->Set(1);
  impl_->shown_digest = policies.digest;
}

std::string Metrics::Render(const StoreCounts& counts) {
  MutexLock lock(impl_->render_mutex);
  // A state that nobody is in any more shows zero, not what it was.
  for (const auto& [key, gauge] : impl_->shown_tasks) gauge->Set(0);
  for (const auto& [key, count] : counts.tasks) {
    const auto& [state, template_name] = key;
    prometheus::Gauge& gauge = impl_->tasks.Add({{"state", state}, {"template", template_name}});
    gauge.Set(static_cast<double>(count));
    impl_->shown_tasks[key] = &gauge;
  }
  for (const LimitKind limit : AllLimitKinds()) {
    const auto held = counts.held_back.find(std::string(ToString(limit)));
    impl_->held_back.Add({{"limit", std::string(ToString(limit))}})
        .Set(held == counts.held_back.end() ? 0 : static_cast<double>(held->second));
  }
  impl_->queue.Add({{"kind", "delivery"}}).Set(static_cast<double>(counts.pending_deliveries));
  impl_->queue.Add({{"kind", "task"}}).Set(static_cast<double>(counts.pending_tasks));
  impl_->queue_age.Set(absl::ToDoubleSeconds(counts.oldest_pending));
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace regreen
