// The embedded store. Its methods are defined by subject: deliveries.cc, tasks.cc, records.cc.
#pragma once

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
  SqliteStore(std::unique_ptr<Database> database, const Clock& clock)
      : database_(std::move(database)), clock_(clock) {}

  StatusOr<std::vector<AcceptOutcome>> Accept(std::span<const NewDelivery> deliveries) override;
  // In the order of becoming due: a delivery that was retried stands behind those that came
  // meanwhile. An expired lease counts as an attempt, since its worker may have died of this very
  // delivery.
  StatusOr<std::optional<DeliveryLease>> ClaimDelivery(const std::string& worker,
                                                       absl::Duration ttl) override;
  StatusOr<std::vector<std::string>> FinishDelivery(const DeliveryLease& lease,
                                                    const DeliveryOutcome& outcome) override;
  Status RetryDelivery(const DeliveryLease& lease, absl::Duration delay,
                       const std::string& why) override;
  Status FailDelivery(const DeliveryLease& lease, const std::string& why) override;

  // Order and expired leases as for ClaimDelivery.
  StatusOr<std::optional<TaskLease>> ClaimTask(const std::string& worker,
                                               absl::Duration ttl) override;
  Status Renew(const TaskLease& lease, absl::Duration ttl) override;
  Status Append(const TaskLease& lease, std::span<const TimelineEntry> timeline,
                std::span<const Artifact> artifacts) override;
  // A later look (the same state, no retry) sets attempt to 1 again: it ended a row of failures.
  Status Commit(const TaskLease& lease, const TaskUpdate& update) override;
  StatusOr<std::string> CreateTask(const Incident& incident, const Plan& plan, bool hold,
                                   const std::string& reason) override;
  Status Move(const std::string& task_id, TaskState to, const std::string& reason) override;

  StatusOr<std::vector<Task>> ListTasks(const TaskFilter& filter) override;
  StatusOr<Task> ReadTask(const std::string& id) override;
  StatusOr<std::vector<TimelineEntry>> ReadTimeline(const std::string& task_id) override;
  StatusOr<std::string> ReadArtifact(const std::string& task_id, const std::string& name) override;
  StatusOr<std::vector<Decision>> ListDecisions(int limit) override;
  StatusOr<StoreCounts> Count() override;
  StatusOr<History> ReadHistory(const RunKey& run, const std::string& fingerprint) override;
  StatusOr<GreenWaits> WaitsForGreen(const RunHint& run) override;

  StatusOr<std::vector<DeliveryRow>> ListDeliveries(int limit) override;
  Status Ping() override;

 private:
  const std::unique_ptr<Database> database_;
  const Clock& clock_;
};

}  // namespace regreen
