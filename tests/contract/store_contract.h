// The contract of daemon/ports/store.h as tests. Every store runs all of it: add one row to
// kStores.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "adapters/store/sqlite.h"
#include "daemon/base/clock.h"
#include "daemon/base/file.h"
#include "daemon/ports/store.h"
#include "gtest/gtest.h"

namespace regreen {

// An empty place to keep things in, for one test. Each Open() is a process of its own on it.
class StoreBed {
 public:
  virtual ~StoreBed() = default;
  virtual StatusOr<std::unique_ptr<Store>> Open(const Clock& clock,
                                                const StoreOptions& options) = 0;
};

class SqliteBed final : public StoreBed {
 public:
  StatusOr<std::unique_ptr<Store>> Open(const Clock& clock, const StoreOptions& options) override {
    RETURN_IF_ERROR(folder_.status());
    return OpenSqliteStore((folder_->path() / "regreen.db").string(), clock, options);
  }

 private:
  StatusOr<TempDir> folder_ =
      TempDir::Create(std::filesystem::temp_directory_path(), "regreen-store-");
};

struct StoreKind {
  const char* name;
  std::unique_ptr<StoreBed> (*make)();
};
inline void PrintTo(const StoreKind& kind, std::ostream* out) {
  *out << kind.name;
}
inline constexpr StoreKind kStores[] = {
    {"sqlite", [] { return std::unique_ptr<StoreBed>(new SqliteBed()); }},
};
inline std::string KindName(const ::testing::TestParamInfo<StoreKind>& info) {
  return info.param.name;
}

inline NewDelivery MakeDelivery(std::string key, std::string body = "{}") {
  NewDelivery made;
  made.delivery.ci = "github";
  made.delivery.key = std::move(key);
  made.delivery.event = "workflow_run";
  made.delivery.headers = {{"x-github-event", "workflow_run"}, {"x-hook", "ü \"quoted\"\n"}};
  made.delivery.body = std::move(body);
  made.delivery.received_at = absl::FromUnixSeconds(1'600'000'000);
  return made;
}

inline Plan MakePlan(std::string name = "npm-lockfile-drift") {
  Plan plan;
  plan.template_name = std::move(name);
  plan.title = "Regenerate the lock file";
  plan.stage = Stage::kSuggest;
  plan.steps = {{"regenerate", "npm install --package-lock-only", absl::Minutes(3)}};
  plan.verify_command = "npm ci";
  plan.inputs = {{"NODE", "20", true, "default"}};
  return plan;
}

inline Incident MakeIncident(std::string run_id = "1", std::string repo = "acme/shop") {
  Incident incident;
  incident.run.key = {"github", std::move(repo), std::move(run_id), 1};
  incident.run.commit = "0123456789012345678901234567890123456789";
  incident.run.branch = "main";
  incident.job = {"7", "build", "failure", true, "npm ci", 3, ""};
  incident.evidence.signature = "npm ci: lock file out of date";
  return incident;
}

// What a delivery of `run_id` showed under `key`.
inline DeliveryOutcome Shows(std::string key, std::string run_id, std::optional<Plan> plan) {
  IncidentOutcome outcome;
  outcome.key = std::move(key);
  outcome.incident = MakeIncident(std::move(run_id));
  outcome.plan = std::move(plan);
  outcome.reason = outcome.plan ? "the template matched" : "no template matched";
  DeliveryOutcome all;
  all.incidents.push_back(std::move(outcome));
  return all;
}

class StoreContract : public ::testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    bed_ = GetParam().make();
    store_ = Open();
    ASSERT_NE(store_, nullptr);
  }

  std::unique_ptr<Store> Open(const StoreOptions& options = {}) {
    StatusOr<std::unique_ptr<Store>> store = bed_->Open(clock_, options);
    EXPECT_TRUE(store.ok()) << Message(store.status());
    return store.ok() ? *std::move(store) : nullptr;
  }

  AcceptOutcome AcceptOne(const NewDelivery& delivery) {
    const auto outcomes = store_->Accept({&delivery, 1});
    EXPECT_TRUE(outcomes.ok()) << Message(outcomes.status());
    return outcomes.ok() && outcomes->size() == 1 ? outcomes->front() : AcceptOutcome::kDuplicate;
  }

  DeliveryLease ClaimDelivery(const std::string& worker = "w1") {
    auto lease = store_->ClaimDelivery(worker, kTtl);
    EXPECT_TRUE(lease.ok()) << Message(lease.status());
    EXPECT_TRUE(lease.ok() && lease->has_value()) << "no delivery is due";
    return lease.ok() && *lease ? **std::move(lease) : DeliveryLease();
  }

  TaskLease ClaimTask(const std::string& worker = "w1") {
    auto lease = store_->ClaimTask(worker, kTtl);
    EXPECT_TRUE(lease.ok()) << Message(lease.status());
    EXPECT_TRUE(lease.ok() && lease->has_value()) << "no task is due";
    return lease.ok() && *lease ? **std::move(lease) : TaskLease();
  }

  bool NoTaskIsDue() {
    const auto lease = store_->ClaimTask("probe", kTtl);
    return lease.ok() && !lease->has_value();
  }

  bool NoDeliveryIsDue() {
    const auto lease = store_->ClaimDelivery("probe", kTtl);
    return lease.ok() && !lease->has_value();
  }

  // Accepts a delivery of its own and finishes it with `outcome`. Answers the tasks that it made.
  std::vector<std::string> Deliver(const DeliveryOutcome& outcome) {
    const std::string key = "delivery-" + std::to_string(++deliveries_);
    EXPECT_EQ(AcceptOne(MakeDelivery(key)), AcceptOutcome::kAccepted);
    const auto made = store_->FinishDelivery(ClaimDelivery(), outcome);
    EXPECT_TRUE(made.ok()) << Message(made.status());
    return made.value_or(std::vector<std::string>());
  }

  // A new task, queued.
  std::string MakeTask(const std::string& repo = "acme/shop", const std::string& name = "t") {
    const auto id = store_->CreateTask(MakeIncident("1", repo), MakePlan(name), false, "by hand");
    EXPECT_TRUE(id.ok()) << Message(id.status());
    return id.value_or("");
  }

  // Claims the due task and commits the move.
  void Advance(TaskState to) {
    const Status status = store_->Commit(ClaimTask(), {.to = to, .reason = "test"});
    EXPECT_TRUE(status.ok()) << Message(status);
  }

  // A task in `state`, by a way that the table allows.
  std::string MakeTaskIn(TaskState state);

  Task Read(const std::string& id) {
    auto task = store_->ReadTask(id);
    EXPECT_TRUE(task.ok()) << Message(task.status());
    return task.ok() ? *std::move(task) : Task();
  }

  int CountDecisions(const std::string& kind) {
    const auto decisions = store_->ListDecisions(1000);
    EXPECT_TRUE(decisions.ok());
    int count = 0;
    for (const Decision& decision : decisions.value_or(std::vector<Decision>())) {
      count += decision.kind == kind ? 1 : 0;
    }
    return count;
  }

  static constexpr absl::Duration kTtl = absl::Seconds(60);
  ManualClock clock_;
  std::unique_ptr<StoreBed> bed_;
  std::unique_ptr<Store> store_;
  int deliveries_ = 0;
};

inline std::string StoreContract::MakeTaskIn(TaskState state) {
  const auto made =
      store_->CreateTask(MakeIncident(), MakePlan(), state == TaskState::kHeld, "test");
  EXPECT_TRUE(made.ok()) << Message(made.status());
  std::vector<TaskState> way;
  switch (state) {
    case TaskState::kHeld:
    case TaskState::kQueued:
      break;
    case TaskState::kRepairing:
      way = {TaskState::kRepairing};
      break;
    case TaskState::kRerunning:
    case TaskState::kReviewing:
    case TaskState::kPublishing:
    case TaskState::kShadowed:
    case TaskState::kUnreproducible:
    case TaskState::kReported:
    case TaskState::kFailed:
      way = {TaskState::kRepairing, state};
      break;
    case TaskState::kRecovered:
      way = {TaskState::kRepairing, TaskState::kRerunning, state};
      break;
    case TaskState::kWatching:
      way = {TaskState::kRepairing, TaskState::kPublishing, state};
      break;
    case TaskState::kMerged:
    case TaskState::kSuperseded:
    case TaskState::kDeclined:
    case TaskState::kYielded:
      way = {TaskState::kRepairing, TaskState::kPublishing, TaskState::kWatching, state};
      break;
    case TaskState::kCancelled:
      EXPECT_TRUE(store_->Move(*made, state, "test").ok());
      break;
  }
  for (const TaskState step : way) Advance(step);
  return *made;
}

}  // namespace regreen
