// The embedded store. Its methods are defined by subject: deliveries.cc, tasks.cc, spent.cc,
// by_hand.cc, claim.cc, records.cc, artifacts.cc, template_records.cc, observations.cc.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/store/database.h"
#include "daemon/base/clock.h"
#include "daemon/ports/store.h"

namespace regreen {

class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<Database> database, const Clock& clock, StoreOptions options)
      : database_(std::move(database)), clock_(clock), options_(std::move(options)) {}

  StatusOr<std::vector<AcceptOutcome>> Accept(std::span<const NewDelivery> deliveries) override;
  // In the order of becoming due: a delivery that was retried stands behind those that came
  // meanwhile. An expired lease counts as an attempt, since its worker may have died of this very
  // delivery.
  StatusOr<std::optional<DeliveryLease>> ClaimDelivery(const std::string& worker,
                                                       absl::Duration ttl) override;
  StatusOr<std::vector<std::string>> FinishDelivery(const DeliveryLease& lease,
                                                    const DeliveryOutcome& outcome) override;
  Status RetryDelivery(const DeliveryLease& lease, absl::Duration delay, const std::string& why,
                       bool was_attempt) override;
  Status FailDelivery(const DeliveryLease& lease, const std::string& why) override;

  // Order and expired leases as for ClaimDelivery.
  StatusOr<std::optional<TaskLease>> ClaimTask(const std::string& worker,
                                               absl::Duration ttl) override;
  Status Renew(const TaskLease& lease, absl::Duration ttl) override;
  Status Append(const TaskLease& lease, std::span<const TimelineEntry> timeline,
                std::span<const Artifact> artifacts) override;
  Status Extend(const TaskLease& lease, std::span<const Artifact> pieces) override;
  Status RecordSpent(const TaskLease& lease, const Spend& so_far,
                     std::span<const TimelineEntry> timeline) override;
  // A later look (the same state, no retry) sets attempt to 1 again: it ended a row of failures.
  Status Commit(const TaskLease& lease, const TaskUpdate& update) override;
  StatusOr<bool> Holds(const TaskLease& lease) override;
  StatusOr<CreatedTask> CreateByHand(const HandTask& task) override;
  Status Move(const std::string& task_id, TaskState to, const std::string& reason) override;

  StatusOr<std::vector<Task>> ListTasks(const TaskFilter& filter) override;
  StatusOr<Task> ReadTask(const std::string& id) override;
  StatusOr<std::vector<TimelineEntry>> ReadTimeline(const std::string& task_id) override;
  StatusOr<std::vector<TimelineEntry>> ReadTimelineAfter(const std::string& task_id,
                                                         std::int64_t after_seq,
                                                         int limit) override;
  StatusOr<std::vector<ArtifactRow>> ListArtifacts(const std::string& task_id) override;
  StatusOr<std::string> ReadArtifact(const std::string& task_id, const std::string& name) override;
  StatusOr<std::string> ReadArtifactFrom(const std::string& task_id, const std::string& name,
                                         std::int64_t offset) override;
  StatusOr<std::vector<Decision>> ListDecisions(int limit) override;
  StatusOr<StoreCounts> Count() override;
  StatusOr<History> ReadHistory(const RunKey& run, const std::string& fingerprint) override;
  StatusOr<std::vector<std::string>> MergedTasks(const RunKey& run, const std::string& fingerprint,
                                                 int limit) override;
  StatusOr<GreenWaits> WaitsForGreen(const RunHint& run) override;

  StatusOr<std::vector<TemplateRecord>> ListTemplateRecords() override;
  StatusOr<TemplateRecord> ReadTemplateRecord(const std::string& template_name) override;
  StatusOr<std::vector<Observation>> ListObservations(absl::Time since, std::int64_t after_id,
                                                      int limit) override;
  StatusOr<std::vector<Observation>> FindObservations(const std::string& delivery_key) override;

  StatusOr<std::vector<DeliveryRow>> ListDeliveries(int limit) override;
  Status Ping() override;

 private:
  const std::unique_ptr<Database> database_;
  const Clock& clock_;
  const StoreOptions options_;
  // The first claim looks at everything that is held back: limits may have been others before.
  std::atomic<bool> woke_ = false;
};

}  // namespace regreen
