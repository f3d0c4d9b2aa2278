// How a worker gets a task: what is at work goes on, and what is queued begins as its limits allow.
// Counting and beginning are one write transaction, and the database runs one at a time, so that
// limits hold however many workers and processes claim at once.
#include <utility>

#include "adapters/store/lanes.h"
#include "adapters/store/rows.h"
#include "adapters/store/sqlite_store.h"
#include "adapters/store/task_rows.h"
#include "adapters/store/usage.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// What one transaction finds held back at most, since others wait for the lock; and how many of
// them follow each other in one claim. Each look takes its lane or task out of the way of the next.
constexpr int kMostLooks = 50;
constexpr int kMostRounds = 200;

struct Due {
  std::int64_t seq = 0, due_at = 0;
};

class Claim {
 public:
  Claim(Connection& db, absl::Time now, const Limits& per_repo, const std::string& worker,
        absl::Duration ttl)
      : db_(db), now_(now), per_repo_(per_repo), worker_(worker), ttl_(ttl) {}

  // Leases what has been due for longest; nullopt when there is nothing among what it looked at.
  // A lease that expired keeps its place under the limits, so its task is taken as it is.
  StatusOr<std::optional<std::int64_t>> Lease() {
    ASSIGN_OR_RETURN(const std::optional<Due> begun, FirstAtWork());
    for (int looks = 0;; ++looks) {
      ASSIGN_OR_RETURN(const std::optional<LaneRow> lane, FirstDueLane(db_, now_));
      if (!lane || (begun && begun->due_at <= lane->due_at)) break;
      more_ = looks == kMostLooks;
      if (more_) break;
      ASSIGN_OR_RETURN(const std::optional<std::int64_t> queued, Look(*lane));
      if (queued) return queued;
    }
    if (begun) RETURN_IF_ERROR(Take(begun->seq));
    return begun ? std::optional(begun->seq) : std::nullopt;
  }

  // Whether there was more to look at.
  bool more() const { return more_; }

 private:
  StatusOr<std::optional<Due>> FirstAtWork() {
    ASSIGN_OR_RETURN(Query query, db_.Prepare("SELECT seq, due_at FROM tasks INDEXED BY tasks_due "
                                              "WHERE due_at <= ?1 AND at_work = 1 "
                                              "ORDER BY due_at, seq LIMIT 1",
                                              ToMicros(now_)));
    ASSIGN_OR_RETURN(const bool row, query.Next());
    return row ? std::optional(Due{query.Int(0), query.Int(1)}) : std::nullopt;
  }

  // Begins the lane's first task when it is due and within its limits. Otherwise the lane is due
  // later than it was.
  StatusOr<std::optional<std::int64_t>> Look(const LaneRow& lane) {
    constexpr std::optional<std::int64_t> kNothing;
    ASSIGN_OR_RETURN(const std::optional<LaneHead> head, HeadOf(db_, lane.seq));
    if (!head) {
      RETURN_IF_ERROR(SetLaneDue(db_, lane.seq, std::nullopt));
      return kNothing;
    }
    if (const std::int64_t due = std::max(head->due_at, lane.blocked_until); due != lane.due_at) {
      RETURN_IF_ERROR(SetLaneDue(db_, lane.seq, due));
      return kNothing;
    }
    ASSIGN_OR_RETURN(const std::optional<HeldBack> held, WhatHolds(lane, *head));
    if (held) {
      RETURN_IF_ERROR(Hold(lane, *head, *held));
      return kNothing;
    }
    RETURN_IF_ERROR(Take(head->seq));
    RETURN_IF_ERROR(OpenLane(db_, lane.seq));
    return std::optional(head->seq);
  }

  StatusOr<std::optional<HeldBack>> WhatHolds(const LaneRow& lane, const LaneHead& head) {
    const LimitCandidate candidate{head.seq, head.fingerprint, lane.opens};
    ASSIGN_OR_RETURN(const Json json, Json::Parse(lane.limits_json));
    const Limits limits = LimitsFromJson(json);
    ASSIGN_OR_RETURN(const LimitUsage used,
                     CountUsage(db_, now_, limits, {lane.repo, lane.template_name}, candidate));
    if (auto held =
            WhatHoldsBack(limits, used, Cat("template \"", lane.template_name, "\""), now_)) {
      return held;
    }
    ASSIGN_OR_RETURN(const LimitUsage all,
                     CountUsage(db_, now_, per_repo_, {lane.repo, ""}, candidate));
    return WhatHoldsBack(per_repo_, all, Cat("repository ", lane.repo), now_);
  }

  // A cooldown is one task's own matter; every other limit holds its lane back.
  Status Hold(const LaneRow& lane, const LaneHead& head, const HeldBack& held) {
    const bool alone = held.limit == LimitKind::kCooldown;
    if (!alone) RETURN_IF_ERROR(BlockLane(db_, lane.seq, held));
    const std::int64_t due = alone ? ToMicros(held.until) : head.due_at;
    RETURN_IF_ERROR(db_.Execute("UPDATE tasks SET due_at = ?2, not_before = max(not_before, ?2), "
                                "held_back = ?3, held_limit = ?4, worker = NULL, "
                                "attempt = attempt + (worker IS NOT NULL), "
                                "lease_epoch = lease_epoch + (worker IS NOT NULL) WHERE seq = ?1",
                                head.seq, due,
                                Text{alone ? std::string_view(held.why) : std::string_view()},
                                Text{ToString(held.limit)})
                        .status());
    if (head.held_limit == ToString(held.limit)) return OkStatus();
    const TimelineEntry entry{now_, "note", held.why};
    return AppendTimeline(db_, head.seq, now_, {&entry, 1});
  }

  Status Take(std::int64_t task) {
    return db_
        .Execute(
            "UPDATE tasks SET lease_epoch = lease_epoch + 1, "
            "attempt = attempt + (worker IS NOT NULL), worker = ?2, due_at = ?4, "
            "updated_at = ?3, begun_at = ifnull(begun_at, ?3), held_back = '', held_limit = '' "
            "WHERE seq = ?1",
            task, worker_, ToMicros(now_), ToMicros(now_ + ttl_))
        .status();
  }

  Connection& db_;
  const absl::Time now_;
  const Limits& per_repo_;
  const std::string& worker_;
  const absl::Duration ttl_;
  bool more_ = false;
};

}  // namespace

StatusOr<std::optional<TaskLease>> SqliteStore::ClaimTask(const std::string& worker,
                                                          absl::Duration ttl) {
  static const std::string kSelect = Cat("SELECT ", kTaskColumns, kTaskTables, "WHERE t.seq = ?1");
  std::optional<TaskRow> claimed;
  bool more = true;
  for (int round = 0; round < kMostRounds && more && !claimed; ++round) {
    RETURN_IF_ERROR(database_->Write([&](Connection& db) -> Status {
      const absl::Time now = clock_.Now();
      if (!woke_.exchange(true)) RETURN_IF_ERROR(WakeAll(db, now));
      Claim claim(db, now, options_.per_repo, worker, ttl);
      ASSIGN_OR_RETURN(const auto seq, claim.Lease());
      more = claim.more();
      if (!seq) return OkStatus();
      ASSIGN_OR_RETURN(Query query, db.Prepare(kSelect, *seq));
      ASSIGN_OR_RETURN(const bool row, query.Next());
      if (!row) return Internal("A task that was claimed just now has no incident.");
      ASSIGN_OR_RETURN(claimed, ReadTaskRow(query));
      return OkStatus();
    }));
  }
  if (!claimed) return std::optional<TaskLease>();
  // After the lease was committed: one that cannot be read does not stand in the way of the others.
  ASSIGN_OR_RETURN(Task task, ParseTask(*std::move(claimed)));
  return std::optional(TaskLease{worker, std::move(task)});
}

}  // namespace regreen
