#include "daemon/service/workers.h"

#include <algorithm>
#include <random>

#include "daemon/base/crash_point.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

double Jitter() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

}  // namespace

// Writes progress under the task's lease, so that a fenced worker learns of it at its next note.
class Workers::StoreLog final : public RepairLog {
 public:
  StoreLog(Store& store, Metrics& metrics, const TaskLease& lease)
      : store_(store), metrics_(metrics), lease_(lease) {}
  Status Note(std::string kind, std::string message) override {
    LogInfo(message, {{"kind", kind}});
    const TimelineEntry entry{absl::Time(), std::move(kind), std::move(message)};
    return Written(store_.Append(lease_, {&entry, 1}, {}));
  }
  Status Keep(std::string name, std::string bytes) override {
    const Artifact artifact{std::move(name), std::move(bytes)};
    return Written(store_.Append(lease_, {}, {&artifact, 1}));
  }
  Status Extend(const std::string& name, std::string_view bytes) override {
    const Artifact piece{name, std::string(bytes)};
    return Written(store_.Extend(lease_, {&piece, 1}));
  }
  // Money at once: this process may die, and a person may take the task away.
  void Charge(const Spend& spend) override {
    spent_.usd += spend.usd;
    spent_.time += spend.time;
    if (spend.usd > 0) RecordSpent();
  }
  void NoteCharge(const std::string& message) override {
    LogInfo(message, {{"kind", "step"}});
    told_.push_back({absl::Time(), "step", message});
  }
  // Whoever has the task now.
  void RecordSpent() const {
    const Status recorded = store_.RecordSpent(lease_, spent_, told_);
    if (!recorded.ok()) LogWarning("what was spent is not recorded", {{"why", Message(recorded)}});
  }
  bool Taken() override {
    const auto holds = store_.Holds(lease_);
    return holds.ok() && !*holds;
  }
  void CountAgent(const AgentRun& run) override { metrics_.CountAgent(run); }
  bool fenced() const { return fenced_; }
  const Spend& spent() const { return spent_; }
  const std::vector<TimelineEntry>& told() const { return told_; }

 private:
  Status Written(Status status) {
    fenced_ = fenced_ || status.code() == StatusCode::kFailedPrecondition;
    return status;
  }
  Store& store_;
  Metrics& metrics_;
  const TaskLease& lease_;
  std::atomic<bool> fenced_ = false;  // pieces of records are written by threads of their own
  Spend spent_;
  std::vector<TimelineEntry> told_;  // about what was spent
};

// A lease that is being worked on. Stops the step when the lease is lost or the daemon ends.
class Workers::Heartbeat {
 public:
  Heartbeat(Workers& workers, const TaskLease& lease)
      : workers_(workers),
        lease_(lease),
        forward_(workers.stop_.get_token(), [this] { stop_.request_stop(); }) {
    std::lock_guard lock(workers_.leases_mutex_);
    workers_.leases_[lease_.task.id] = this;
  }
  ~Heartbeat() {
    std::lock_guard lock(workers_.leases_mutex_);
    workers_.leases_.erase(lease_.task.id);
  }
  std::stop_token token() const { return stop_.get_token(); }
  bool lost() const { return lost_; }

  // Called with the leases' lock held.
  void Renew() {
    const Status renewed = workers_.store_.Renew(lease_, workers_.options_.lease);
    // A store that cannot be written for a moment is no loss yet: the next renewal or commit
    // decides.
    if (renewed.code() != StatusCode::kFailedPrecondition) return;
    Lose();
  }
  // Likewise; without a write.
  void Look() {
    const auto holds = workers_.store_.Holds(lease_);
    if (holds.ok() && !*holds) Lose();
  }

 private:
  void Lose() {
    lost_ = true;
    stop_.request_stop();
  }

  Workers& workers_;
  const TaskLease& lease_;
  std::stop_source stop_;
  std::atomic<bool> lost_{false};
  std::stop_callback<std::function<void()>> forward_;
};

Workers::Workers(WorkersOptions options, Store& store, const Collector& collector,
                 const TaskRunner& runner, Metrics& metrics)
    : options_(std::move(options)),
      store_(store),
      collector_(collector),
      runner_(runner),
      metrics_(metrics) {}

Workers::~Workers() {
  Stop();
}

void Workers::Start() {
  for (int i = 0; i < options_.count; ++i) threads_.emplace_back([this, i] { Loop(i); });
  threads_.emplace_back([this] { RenewLoop(); });
}

void Workers::Stop() {
  stop_.request_stop();
  Wake();
  {
    std::lock_guard lock(leases_mutex_);
    renew_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Workers::Wake() {
  {
    std::lock_guard lock(mutex_);
    ++wakes_;
  }
  wake_.notify_one();
}

bool Workers::RunOne() {
  return RunOneAs(Cat(options_.name, "-step"));
}

void Workers::Loop(int index) {
  const std::string worker = Cat(options_.name, "-", index);
  while (!stop_.stop_requested()) {
    std::uint64_t seen;
    {
      std::lock_guard lock(mutex_);
      seen = wakes_;
    }
    if (RunOneAs(worker)) continue;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, absl::ToChronoMilliseconds(options_.idle_poll),
                   [&] { return stop_.stop_requested() || wakes_ != seen; });
  }
}

void Workers::LookAgain() {
  Wake();
  std::lock_guard lock(leases_mutex_);
  look_again_ = true;
  renew_.notify_all();
}

void Workers::RenewLoop() {
  absl::Time renewed = absl::Now();
  std::unique_lock lock(leases_mutex_);
  while (!stop_.stop_requested()) {
    renew_.wait_for(lock, absl::ToChronoMilliseconds(std::min(options_.look, options_.lease / 3)),
                    [this] { return look_again_ || stop_.stop_requested(); });
    look_again_ = false;
    const absl::Time now = absl::Now();
    const bool renew = now < renewed || now - renewed >= options_.lease / 3;
    if (renew) renewed = now;
    for (const auto& [id, heartbeat] : leases_) renew ? heartbeat->Renew() : heartbeat->Look();
  }
}

bool Workers::RunOneAs(const std::string& worker) {
  // Tasks first: what was begun is finished before more is begun.
  return WorkTask(worker) || WorkDelivery(worker);
}

bool Workers::WorkDelivery(const std::string& worker) {
  auto lease = store_.ClaimDelivery(worker, options_.lease);
  if (!lease.ok()) LogWarning("deliveries cannot be claimed", {{"why", Message(lease.status())}});
  if (!lease.ok() || !*lease) return false;
  const DeliveryLease& delivery = **lease;
  const absl::Time start = absl::Now();
  const auto outcome = collector_.Collect(delivery.delivery, stop_.get_token());
  Status done;
  std::string_view word = "done";
  if (outcome.ok()) {
    const auto tasks = store_.FinishDelivery(delivery, *outcome);
    done = tasks.status();
    CrashPoint("collect.committed");
    if (tasks.ok() && !tasks->empty()) Wake();
    if (tasks.ok() && outcome->reconciled) metrics_.CountReconciled(*outcome->reconciled);
    for (const IncidentOutcome& incident : outcome->incidents) {
      if (tasks.ok() && !incident.demoted.empty())
        metrics_.CountDemotion(incident.plan->template_name);
    }
  } else if (outcome.status().code() == StatusCode::kCancelled) {
    done = store_.RetryDelivery(delivery, absl::ZeroDuration(), "the daemon stopped");
    word = "stopped";
  } else if (const auto wait = RetryAfter(outcome.status())) {
    done = store_.RetryDelivery(delivery, *wait, Message(outcome.status()), false);
    word = "put_off";
  } else if (IsRetryable(outcome.status()) && delivery.attempt < kMaxAttempts) {
    done = store_.RetryDelivery(delivery, RetryBackoff(delivery.attempt + 1, Jitter()),
                                Message(outcome.status()));
    word = "retry";
  } else {
    done = store_.FailDelivery(delivery, Message(outcome.status()));
    word = "failed";
  }
  metrics_.ObserveStage("collect", word, absl::Now() - start);
  LogInfo("delivery collected", {{"key", delivery.delivery.key},
                                 {"outcome", std::string(word)},
                                 {"why", outcome.ok() ? "" : Message(outcome.status())}});
  if (!done.ok()) LogWarning("the delivery's outcome was not written", {{"why", Message(done)}});
  return true;
}

bool Workers::WorkTask(const std::string& worker) {
  auto claimed = store_.ClaimTask(worker, options_.lease);
  if (!claimed.ok()) LogWarning("tasks cannot be claimed", {{"why", Message(claimed.status())}});
  if (!claimed.ok() || !*claimed) return false;
  const TaskLease& lease = **claimed;
  const ScopedLogTask scope(lease.task.id);
  const absl::Time start = absl::Now();
  StoreLog log(store_, metrics_, lease);
  StatusOr<TaskUpdate> result = Cancelled("not run");
  bool lost = false;
  {
    Heartbeat heartbeat(*this, lease);
    result = runner_.Run(lease.task, log, heartbeat.token());
    lost = heartbeat.lost();
  }
  metrics_.ObserveStage(ToString(lease.task.state), result.ok() ? ToString(result->to) : "error",
                        absl::Now() - start);
  if (lost || log.fenced()) {
    metrics_.CountLeaseLost();
    LogWarning("the task was taken away; nothing was committed but what its step cost");
    log.RecordSpent();
  } else if (!FinishTask(lease, result, log)) {
    log.RecordSpent();
  }
  return true;
}

bool Workers::FinishTask(const TaskLease& lease, const StatusOr<TaskUpdate>& result,
                         const StoreLog& log) {
  TaskUpdate update;
  if (result.ok()) {
    update = *result;
  } else if (result.status().code() == StatusCode::kCancelled) {
    update.to = lease.task.state;  // free at once for whoever starts next
    update.reason = "the daemon stopped";
  } else {
    update = AfterError(lease.task, result.status(), Jitter());
  }
  update.spent = log.spent();
  update.timeline.insert(update.timeline.begin(), log.told().begin(), log.told().end());
  const Status committed = store_.Commit(lease, update);
  if (committed.code() == StatusCode::kFailedPrecondition) metrics_.CountLeaseLost();
  if (!committed.ok()) {
    LogWarning("the task's step was not committed", {{"why", Message(committed)}});
    return false;
  }
  if (update.to == TaskState::kPublishing) CrashPoint("repair.committed");
  if (update.to == TaskState::kWatching && lease.task.state == TaskState::kPublishing)
    CrashPoint("publish.committed");
  if (update.to != lease.task.state || update.retry) {
    LogInfo("task moved", {{"from", std::string(ToString(lease.task.state))},
                           {"to", std::string(ToString(update.to))},
                           {"why", update.reason}});
  }
  Wake();
  return true;
}

}  // namespace regreen
