// What must outlive the process. Every method is one transaction, synced to disk before it returns;
// any thread. Unavailable when the store cannot be written: nothing was done then. Lease time is
// the store's own clock. Every write under a lease is fenced by its epoch: FailedPrecondition when
// another worker owns the work now.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/status.h"
#include "daemon/domain/delivery.h"
#include "daemon/domain/limits.h"
#include "daemon/domain/task.h"
#include "daemon/domain/transition.h"
#include "daemon/ports/policy_records.h"

namespace regreen {

struct StoreOptions {
  // Of each repository, whatever the template; no circuit.
  Limits per_repo;
};

struct NewDelivery {
  Delivery delivery;
  bool pending = true;                  // false: nothing to do; the body is not kept
  std::string decision_kind, decision;  // for one that is not pending: why
};

struct DeliveryLease {
  std::int64_t id = 0;
  std::int64_t epoch = 0;
  int attempt = 1;
  Delivery delivery;
};

// One incident that a delivery showed, and the task that was selected for it, if any.
struct IncidentOutcome {
  std::string key;  // IncidentKey(): one open incident for each
  Incident incident;
  std::optional<Plan> plan;  // nullopt: no template matched
  bool hold = false;         // the task starts in held
  std::string reason;        // the selection's decision
  std::string demoted;       // why the plan's stage is less than its template's; "" when it is not
  // A later attempt of the run is green already: it counts in the fingerprint's history, and
  // nothing is opened or decided.
  bool recovered = false;
};

// A run that was green, as its forge told it just now.
struct GreenRun {
  RunKey key;
  std::string workflow, event, branch, commit;
  // Commits of GreenWaits that this run's is, or comes after: what failed there is over.
  std::vector<std::string> overtaken;
  Plan rerun;  // for each run of a pull request that inherited what is over
};

// What a green run could end or mark.
struct GreenWaits {
  bool flake = false;  // the same commit failed before, or its failure waited for the base branch
  // Where the branch itself failed: open incidents, and those that other runs inherited from.
  std::vector<std::string> commits;
  static constexpr int kMostCommits = 50;
  bool any() const { return flake || !commits.empty(); }
};

struct DeliveryOutcome {
  std::vector<IncidentOutcome> incidents;
  std::vector<Decision> decisions;
  std::optional<GreenRun> green;
  // What a sweep found, for metrics; the store leaves it alone.
  struct Reconciled {
    std::string forge;
    int runs = 0;         // failed runs that no delivery had told of
    int redelivered = 0;  // deliveries asked for again
  };
  std::optional<Reconciled> reconciled = std::nullopt;
};

// Deliveries: accepted, then worked off.
class DeliveryStore {
 public:
  virtual ~DeliveryStore() = default;
  // All of them in one transaction with one sync; an answer for each, in order. A delivery whose
  // key was seen is a duplicate, unless its work had failed for good: then it is pending again and
  // accepted.
  virtual StatusOr<std::vector<AcceptOutcome>> Accept(std::span<const NewDelivery> deliveries) = 0;
  // The oldest that is due and free, or nullopt.
  virtual StatusOr<std::optional<DeliveryLease>> ClaimDelivery(const std::string& worker,
                                                               absl::Duration ttl) = 0;
  // Ends it. An open incident with the key gets an occurrence and a decision instead of a second
  // task. What a pull request shows while its base branch has the same failure open is inherited
  // from there: it gets no task, and waits. When the base branch shows what a pull request showed
  // first, it takes the incident over, and the pull request's task is superseded unless it has
  // ended or its change is open. A green run marks what other attempts and runs of its workflow
  // showed at its commit as recovered. It closes the incidents of its own branch that it overtakes,
  // supersedes their tasks (as above), and makes a task for each newest run of a pull request that
  // waits for that. Again changes nothing. Answers the ids of the tasks it made.
  virtual StatusOr<std::vector<std::string>> FinishDelivery(const DeliveryLease& lease,
                                                            const DeliveryOutcome& outcome) = 0;
  // Again after `delay`, with attempt + 1; or with the same where it was no attempt, such as one
  // that a forge's limits put off.
  virtual Status RetryDelivery(const DeliveryLease& lease, absl::Duration delay,
                               const std::string& why, bool was_attempt = true) = 0;
  // Ends it without success, with a decision.
  virtual Status FailDelivery(const DeliveryLease& lease, const std::string& why) = 0;
};

struct TaskLease {
  std::string worker;
  Task task;  // lease_epoch is ours
};

struct TaskUpdate {
  TaskState to = TaskState::kQueued;  // may be the present state: a retry or a later look
  std::string reason;
  absl::Duration delay;  // before it may be claimed again
  bool retry = false;    // stays in its state with attempt + 1
  bool put_off = false;  // stays in its state, and it was no attempt
  std::vector<TimelineEntry> timeline;
  std::vector<Artifact> artifacts;  // replaces those of the same name
  std::optional<std::string> patch_digest, branch, pushed_commit;
  std::optional<Change> change;
  std::optional<Plan> plan;  // when collecting more changed it
  std::optional<LadderPosition> ladder;
  Spend spent;              // under this lease in all, with what RecordSpent was told of it before
  bool reproduced = false;  // true: remembered from now on
};

// A task that a person starts, without a delivery.
struct HandTask {
  Incident incident;
  Plan plan;
  bool hold = false;  // starts in held
  std::string reason;
  std::string by;  // whose hand; for the decision. "": no decision
  // A name that its sender made for this request: of two requests by one person with one key the
  // second makes nothing. "": none. A week is remembered.
  std::string idempotency_key;
  std::string request_digest;  // tells one request from another
  std::vector<Artifact> artifacts;
};

struct CreatedTask {
  std::string id;
  bool existed = false;  // an earlier request with the key made it
};

class TaskStore {
 public:
  virtual ~TaskStore() = default;
  // The oldest task that is due, in a claimable state, and free or with an expired lease. A queued
  // one also has to be within the limits of its plan and of its repository, which are counted in
  // the same transaction; one that is not is held back, says so, and does not stand in the way of
  // the others. It is looked at again when its limit may have room: when a window opens, or as soon
  // as a task of its repository ends. Money and time count when they are committed.
  virtual StatusOr<std::optional<TaskLease>> ClaimTask(const std::string& worker,
                                                       absl::Duration ttl) = 0;
  virtual Status Renew(const TaskLease& lease, absl::Duration ttl) = 0;
  // Writes progress and keeps the lease and the state.
  virtual Status Append(const TaskLease& lease, std::span<const TimelineEntry> timeline,
                        std::span<const Artifact> artifacts) = 0;
  // Adds bytes to the ends of artifacts that grow, without writing again what they hold; one that
  // is not there begins. Keeps the lease and the state. InvalidArgument when one would become
  // larger than kMostGrown: nothing is written then.
  static constexpr std::int64_t kMostGrown = 4 << 20;
  virtual Status Extend(const TaskLease& lease, std::span<const Artifact> pieces) = 0;
  // What the work under a lease has spent in all so far, whoever holds the task now, and also when
  // it has ended: money that is spent is spent. Counts, for the task and in the day of its template
  // and its repository, what is more than was told of this lease before, here or by Commit, so that
  // telling it again counts nothing twice. Writes those entries that the timeline does not have
  // yet. Moves nothing and needs no lease that still holds. NotFound for a task that is not there.
  virtual Status RecordSpent(const TaskLease& lease, const Spend& so_far,
                             std::span<const TimelineEntry> timeline) = 0;
  // Moves it and gives the lease back. InvalidArgument for a move that is not in the table.
  virtual Status Commit(const TaskLease& lease, const TaskUpdate& update) = 0;
  // Whether the lease is still ours. Writes nothing, so that it may be asked often: this is how a
  // worker learns that a person ended its task.
  virtual StatusOr<bool> Holds(const TaskLease& lease) = 0;
  // AlreadyExists when the key was that of another request.
  virtual StatusOr<CreatedTask> CreateByHand(const HandTask& task) = 0;
  // The same without a name or a key. Answers its id.
  StatusOr<std::string> CreateTask(const Incident& incident, const Plan& plan, bool hold,
                                   const std::string& reason) {
    ASSIGN_OR_RETURN(CreatedTask made,
                     CreateByHand({incident, plan, hold, reason, "", "", "", {}}));
    return std::move(made.id);
  }
  // A person's move (approve, reject, cancel), whoever holds the lease; the holder is fenced.
  virtual Status Move(const std::string& task_id, TaskState to, const std::string& reason) = 0;
};

struct TaskFilter {
  std::optional<TaskState> state;
  std::string repo;
  int limit = 50;
  std::string before_id;  // for paging: older than this one
};

struct ArtifactRow {
  std::string name;
  std::int64_t bytes = 0;
  std::int64_t version = 0;  // another one when it was written anew; the same while it only grows
};

struct DeliveryRow {
  std::int64_t id = 0;
  std::string ci, key, event, state;  // pending, done, failed
  absl::Time received_at;
  int attempt = 1;
};

// What gauges show.
struct StoreCounts {
  std::map<std::pair<std::string, std::string>, std::int64_t> tasks;  // (state, template)
  std::int64_t pending_deliveries = 0, pending_tasks = 0;
  absl::Duration oldest_pending;                  // how long the oldest due work has waited
  std::map<std::string, std::int64_t> held_back;  // tasks, by the key of the limit
};

// Reading, for people and metrics.
class Records {
 public:
  virtual ~Records() = default;
  virtual StatusOr<std::vector<Task>> ListTasks(const TaskFilter& filter) = 0;  // newest first
  virtual StatusOr<Task> ReadTask(const std::string& id) = 0;  // a prefix that fits one will do
  virtual StatusOr<std::vector<TimelineEntry>> ReadTimeline(const std::string& task_id) = 0;
  // What came after the entry of that number, in order, at most `limit`.
  virtual StatusOr<std::vector<TimelineEntry>> ReadTimelineAfter(const std::string& task_id,
                                                                 std::int64_t after_seq,
                                                                 int limit) = 0;
  virtual StatusOr<std::vector<ArtifactRow>> ListArtifacts(const std::string& task_id) = 0;
  virtual StatusOr<std::string> ReadArtifact(const std::string& task_id,
                                             const std::string& name) = 0;
  // From its byte `offset` (0 or more) on; "" when it has no more than that. A store that keeps
  // what was added in pieces reads those alone.
  virtual StatusOr<std::string> ReadArtifactFrom(const std::string& task_id,
                                                 const std::string& name, std::int64_t offset) {
    ASSIGN_OR_RETURN(const std::string whole, ReadArtifact(task_id, name));
    return offset < std::ssize(whole) ? whole.substr(static_cast<std::size_t>(offset)) : "";
  }
  virtual StatusOr<std::vector<Decision>> ListDecisions(int limit) = 0;  // newest first
  virtual StatusOr<StoreCounts> Count() = 0;
  // What is known of this fingerprint in the run's repository, the run's own attempt left out.
  virtual StatusOr<History> ReadHistory(const RunKey& run, const std::string& fingerprint) = 0;
  // The tasks of this fingerprint in the run's repository whose change was merged: their ids, the
  // newest first.
  virtual StatusOr<std::vector<std::string>> MergedTasks(const RunKey& run,
                                                         const std::string& fingerprint,
                                                         int limit) = 0;
  // What a green run of this hint could change. One look by indexes: most green runs change
  // nothing.
  virtual StatusOr<GreenWaits> WaitsForGreen(const RunHint& run) = 0;
};

class Store : public DeliveryStore, public TaskStore, public Records, public PolicyRecords {
 public:
  virtual StatusOr<std::vector<DeliveryRow>> ListDeliveries(int limit) = 0;  // newest first
  virtual Status Ping() = 0;  // OK when a write would work
};

}  // namespace regreen
