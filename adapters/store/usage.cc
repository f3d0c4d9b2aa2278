#include "adapters/store/usage.h"

#include <algorithm>
#include <cmath>

#include "adapters/store/lanes.h"
#include "adapters/store/rows.h"
#include "daemon/domain/template_record.h"

namespace regreen {
namespace {

// A template's rows, or a repository's.
class Counter {
 public:
  Counter(Connection& db, absl::Time now, const LimitScope& scope, const LimitCandidate& candidate)
      : db_(db), now_(now), scope_(scope), candidate_(candidate) {}

  Status CountAtWork(LimitUsage& usage) {
    ASSIGN_OR_RETURN(
        Query query,
        of_template()
            ? db_.Prepare("SELECT count(*), ifnull(sum(opens), 0) "
                          "FROM tasks INDEXED BY tasks_at_work "
                          "WHERE repo = ?1 AND template = ?2 AND at_work = 1 AND seq <> ?3",
                          Text{scope_.repo}, Text{scope_.template_name}, candidate_.seq)
            : db_.Prepare("SELECT count(*), ifnull(sum(opens), 0) "
                          "FROM tasks INDEXED BY tasks_at_work "
                          "WHERE repo = ?1 AND at_work = 1 AND seq <> ?2",
                          Text{scope_.repo}, candidate_.seq));
    RETURN_IF_ERROR(query.Next().status());
    usage.tasks = static_cast<int>(query.Int(0));
    if (candidate_.opens) usage.open_changes = static_cast<int>(query.Int(1));
    return OkStatus();
  }

  // The newest of those begun in the window, `limit` of them at most.
  Status CountBegun(absl::Duration window, int limit, int& count, absl::Time& oldest) {
    const std::int64_t since = ToMicros(now_ - window);
    ASSIGN_OR_RETURN(
        Query query,
        of_template()
            ? db_.Prepare("SELECT count(*), min(begun_at) FROM (SELECT begun_at "
                          "FROM tasks INDEXED BY tasks_begun WHERE repo = ?1 AND template = ?2 "
                          "AND begun_at > ?3 AND seq <> ?4 ORDER BY begun_at DESC LIMIT ?5)",
                          Text{scope_.repo}, Text{scope_.template_name}, since, candidate_.seq,
                          limit)
            : db_.Prepare("SELECT count(*), min(begun_at) FROM (SELECT begun_at "
                          "FROM tasks INDEXED BY tasks_begun_in_repo WHERE repo = ?1 "
                          "AND begun_at > ?2 AND seq <> ?3 ORDER BY begun_at DESC LIMIT ?4)",
                          Text{scope_.repo}, since, candidate_.seq, limit));
    RETURN_IF_ERROR(query.Next().status());
    count = static_cast<int>(query.Int(0));
    if (count > 0) oldest = FromMicros(query.Int(1));
    return OkStatus();
  }

  Status CountSpent(LimitUsage& usage) {
    ASSIGN_OR_RETURN(const Totals now, TotalsAt(INT64_MAX));
    ASSIGN_OR_RETURN(const Totals before, TotalsAt(ToMicros(now_ - absl::Hours(24))));
    usage.usd_last_day = static_cast<double>(now.usd - before.usd) / 1e6;
    usage.time_last_day = absl::Microseconds(now.us - before.us);
    return OkStatus();
  }

  Status FindEnded(LimitUsage& usage) {
    if (candidate_.fingerprint.empty()) return OkStatus();
    ASSIGN_OR_RETURN(Query query,
                     db_.Prepare("SELECT ended_at FROM tasks INDEXED BY tasks_ended "
                                 "WHERE repo = ?1 AND fingerprint = ?2 AND fingerprint <> '' "
                                 "AND begun_at IS NOT NULL AND ended_at IS NOT NULL "
                                 "ORDER BY ended_at DESC LIMIT 1",
                                 Text{scope_.repo}, Text{candidate_.fingerprint}));
    ASSIGN_OR_RETURN(const bool row, query.Next());
    if (row) usage.fingerprint_ended = FromMicros(query.Int(0));
    return OkStatus();
  }

  Status FindFailures(LimitUsage& usage) {
    ASSIGN_OR_RETURN(Query query, db_.Prepare("SELECT failures_in_a_row, last_failure_at "
                                              "FROM template_records WHERE template = ?1",
                                              Text{scope_.template_name}));
    ASSIGN_OR_RETURN(const bool row, query.Next());
    if (!row || query.IsNull(1)) return OkStatus();
    usage.failures_in_a_row = static_cast<int>(query.Int(0));
    usage.last_failure = FromMicros(query.Int(1));
    return OkStatus();
  }

  bool of_template() const { return !scope_.template_name.empty(); }

 private:
  struct Totals {
    std::int64_t usd = 0, us = 0;
  };
  // Of all that was spent until then.
  StatusOr<Totals> TotalsAt(std::int64_t at) {
    ASSIGN_OR_RETURN(Query query,
                     of_template()
                         ? db_.Prepare("SELECT template_usd, template_us FROM spendings "
                                       "INDEXED BY spendings_by_template WHERE template = ?1 "
                                       "AND at <= ?2 ORDER BY at DESC, seq DESC LIMIT 1",
                                       Text{scope_.template_name}, at)
                         : db_.Prepare("SELECT repo_usd, repo_us FROM spendings "
                                       "INDEXED BY spendings_by_repo WHERE repo = ?1 "
                                       "AND at <= ?2 ORDER BY at DESC, seq DESC LIMIT 1",
                                       Text{scope_.repo}, at));
    ASSIGN_OR_RETURN(const bool row, query.Next());
    return row ? Totals{query.Int(0), query.Int(1)} : Totals();
  }

  Connection& db_;
  const absl::Time now_;
  const LimitScope& scope_;
  const LimitCandidate& candidate_;
};

// What a step says that it cost may be anything; no sum of these overflows.
std::int64_t MillionthsOf(double usd) {
  return std::isnan(usd) ? 0 : std::llround(std::clamp(usd, 0.0, 1e6) * 1e6);
}
std::int64_t MicrosOf(absl::Duration time) {
  return absl::ToInt64Microseconds(std::clamp(time, absl::ZeroDuration(), absl::Hours(24 * 365)));
}

struct Amount {
  std::int64_t usd = 0, us = 0;
};
StatusOr<Amount> RecordedOf(Connection& db, const Spender& spender) {
  ASSIGN_OR_RETURN(Query query, db.Prepare("SELECT ifnull(sum(usd), 0), ifnull(sum(us), 0) "
                                           "FROM spendings INDEXED BY spendings_by_lease "
                                           "WHERE task = ?1 AND epoch = ?2",
                                           spender.task, spender.epoch));
  RETURN_IF_ERROR(query.Next().status());
  return Amount{query.Int(0), query.Int(1)};
}

}  // namespace

StatusOr<LimitUsage> CountUsage(Connection& db, absl::Time now, const Limits& limits,
                                const LimitScope& scope, const LimitCandidate& candidate) {
  Counter counter(db, now, scope, candidate);
  LimitUsage usage;
  if (limits.tasks_per_repo > 0 || limits.open_per_repo > 0) {
    RETURN_IF_ERROR(counter.CountAtWork(usage));
  }
  if (limits.per_hour > 0) {
    RETURN_IF_ERROR(counter.CountBegun(absl::Hours(1), limits.per_hour, usage.begun_last_hour,
                                       usage.oldest_of_hour));
  }
  if (limits.per_day > 0) {
    RETURN_IF_ERROR(counter.CountBegun(absl::Hours(24), limits.per_day, usage.begun_last_day,
                                       usage.oldest_of_day));
  }
  if (limits.usd_per_day > 0 || limits.minutes_per_day > 0) {
    RETURN_IF_ERROR(counter.CountSpent(usage));
  }
  if (limits.cooldown > absl::ZeroDuration()) RETURN_IF_ERROR(counter.FindEnded(usage));
  if (limits.break_after > 0 && counter.of_template()) {
    RETURN_IF_ERROR(counter.FindFailures(usage));
  }
  return usage;
}

Status RecordSpending(Connection& db, absl::Time now, const Spender& spender, const Spend& so_far) {
  ASSIGN_OR_RETURN(const Amount before, RecordedOf(db, spender));
  const std::int64_t usd = std::max<std::int64_t>(MillionthsOf(so_far.usd) - before.usd, 0);
  const std::int64_t us = std::max<std::int64_t>(MicrosOf(so_far.time) - before.us, 0);
  if (usd == 0 && us == 0) return OkStatus();
  RETURN_IF_ERROR(
      db.Execute("UPDATE tasks SET spent_usd = spent_usd + ?2, spent_us = spent_us + ?3 "
                 "WHERE seq = ?1",
                 spender.task, usd, us)
          .status());
  // The clock may have been set back; the totals must not.
  return db
      .Execute(
          "WITH t AS (SELECT template_usd AS usd, template_us AS us FROM spendings "
          "             WHERE template = ?4 ORDER BY at DESC, seq DESC LIMIT 1), "
          "     r AS (SELECT repo_usd AS usd, repo_us AS us FROM spendings "
          "             WHERE repo = ?3 ORDER BY at DESC, seq DESC LIMIT 1) "
          "INSERT INTO spendings (task, at, repo, template, usd, us, template_usd, template_us, "
          "                       repo_usd, repo_us, epoch) "
          "SELECT ?1, max(?2, ifnull((SELECT at FROM spendings ORDER BY seq DESC LIMIT 1), 0)), "
          "  ?3, ?4, ?5, ?6, ?5 + ifnull((SELECT usd FROM t), 0), "
          "  ?6 + ifnull((SELECT us FROM t), 0), ?5 + ifnull((SELECT usd FROM r), 0), "
          "  ?6 + ifnull((SELECT us FROM r), 0), ?7",
          spender.task, ToMicros(now), Text{spender.repo}, Text{spender.template_name}, usd, us,
          spender.epoch)
      .status();
}

Status RecordEnd(Connection& db, absl::Time now, std::string_view template_name, TaskState end) {
  switch (CircuitOf(end)) {
    case CircuitEffect::kNone:
      return OkStatus();
    case CircuitEffect::kFailure:
      return db
          .Execute(
              "UPDATE template_records SET failures_in_a_row = failures_in_a_row + 1, "
              "last_failure_at = ?2 WHERE template = ?1",
              Text{template_name}, ToMicros(now))
          .status();
    case CircuitEffect::kSuccess:
      break;
  }
  ASSIGN_OR_RETURN(const int closed,
                   db.Execute("UPDATE template_records SET failures_in_a_row = 0, "
                              "last_failure_at = NULL "
                              "WHERE template = ?1 AND failures_in_a_row > 0",
                              Text{template_name}));
  return closed > 0 ? WakeTemplate(db, template_name) : OkStatus();
}

}  // namespace regreen
