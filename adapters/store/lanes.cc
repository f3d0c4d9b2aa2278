#include "adapters/store/lanes.h"

#include "adapters/store/rows.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

StatusOr<std::optional<std::int64_t>> OneNumber(StatusOr<Query> query) {
  RETURN_IF_ERROR(query.status());
  ASSIGN_OR_RETURN(const bool row, query->Next());
  return row ? std::optional(query->Int(0)) : std::nullopt;
}

constexpr std::string_view kOpen =
    "UPDATE lanes SET blocked_until = 0, held_back = '', held_limit = '', "
    "due_at = (SELECT min(due_at) FROM tasks INDEXED BY tasks_in_lane "
    "WHERE lane = lanes.seq AND state = 'queued' AND at_work = 0) ";

}  // namespace

StatusOr<std::int64_t> LaneOf(Connection& db, std::string_view repo, const Plan& plan) {
  const std::string limits = ToJson(plan.limits);
  const int opens = MayOpenChange(plan) ? 1 : 0;
  ASSIGN_OR_RETURN(
      const auto found,
      OneNumber(db.Prepare("SELECT seq FROM lanes WHERE repo = ?1 AND template = ?2 "
                           "AND opens = ?3 AND limits = ?4",
                           Text{repo}, Text{plan.template_name}, opens, Text{limits})));
  if (found) return *found;
  RETURN_IF_ERROR(
      db.Execute("INSERT INTO lanes (repo, template, opens, limits) VALUES (?1, ?2, ?3, ?4)",
                 Text{repo}, Text{plan.template_name}, opens, Text{limits})
          .status());
  return db.LastInsertedRow();
}

Status EnterLane(Connection& db, std::int64_t lane, absl::Time due) {
  return db
      .Execute(
          "UPDATE lanes SET due_at = max(blocked_until, ?2) "
          "WHERE seq = ?1 AND (due_at IS NULL OR due_at > max(blocked_until, ?2))",
          lane, ToMicros(due))
      .status();
}

StatusOr<std::optional<LaneRow>> FirstDueLane(Connection& db, absl::Time now) {
  ASSIGN_OR_RETURN(Query query,
                   db.Prepare("SELECT seq, due_at, blocked_until, repo, template, limits, opens "
                              "FROM lanes INDEXED BY lanes_due WHERE due_at <= ?1 "
                              "ORDER BY due_at, seq LIMIT 1",
                              ToMicros(now)));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return std::optional<LaneRow>();
  return std::optional(LaneRow{query.Int(0), query.Int(1), query.Int(2), query.String(3),
                               query.String(4), query.String(5), query.Int(6) != 0});
}

StatusOr<std::optional<LaneHead>> HeadOf(Connection& db, std::int64_t lane) {
  ASSIGN_OR_RETURN(Query query, db.Prepare("SELECT seq, due_at, fingerprint, held_limit "
                                           "FROM tasks INDEXED BY tasks_in_lane "
                                           "WHERE lane = ?1 AND state = 'queued' AND at_work = 0 "
                                           "ORDER BY due_at, seq LIMIT 1",
                                           lane));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return std::optional<LaneHead>();
  return std::optional(LaneHead{query.Int(0), query.Int(1), query.String(2), query.String(3)});
}

Status SetLaneDue(Connection& db, std::int64_t lane, std::optional<std::int64_t> due_at) {
  return db.Execute("UPDATE lanes SET due_at = ?2 WHERE seq = ?1", lane, due_at).status();
}

Status BlockLane(Connection& db, std::int64_t lane, const HeldBack& held) {
  return db
      .Execute(
          "UPDATE lanes SET due_at = ?2, blocked_until = ?2, held_back = ?3, held_limit = ?4 "
          "WHERE seq = ?1",
          lane, ToMicros(held.until), Text{held.why}, Text{ToString(held.limit)})
      .status();
}

Status OpenLane(Connection& db, std::int64_t lane) {
  static const std::string kOne = Cat(kOpen, "WHERE seq = ?1");
  return db.Execute(kOne, lane).status();
}

Status WakeRepository(Connection& db, std::string_view repo) {
  static const std::string kWake =
      Cat(kOpen, "WHERE repo = ?1 AND held_limit IN ('tasks_per_repo', 'open_per_repo')");
  return db.Execute(kWake, Text{repo}).status();
}

Status WakeTemplate(Connection& db, std::string_view template_name) {
  static const std::string kWake = Cat(kOpen, "WHERE template = ?1 AND held_limit = 'break_after'");
  return db.Execute(kWake, Text{template_name}).status();
}

Status WakeAll(Connection& db, absl::Time now) {
  static const std::string kWake = Cat(kOpen, "WHERE due_at IS NOT NULL");
  RETURN_IF_ERROR(db.Execute("UPDATE tasks SET held_back = '', due_at = ?1 "
                             "WHERE state = 'queued' AND at_work = 0 AND held_back <> ''",
                             ToMicros(now))
                      .status());
  return db.Execute(kWake).status();
}

}  // namespace regreen
