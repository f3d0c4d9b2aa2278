#include <algorithm>
#include <utility>

#include "adapters/store/green.h"
#include "adapters/store/incidents.h"
#include "adapters/store/rows.h"
#include "adapters/store/sqlite_store.h"
#include "adapters/store/task_rows.h"
#include "daemon/base/compress.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// Each form has the index that answers it in order: by number, state or repository.
StatusOr<Query> SelectTasks(Connection& db, const TaskFilter& filter, std::int64_t before) {
  static const std::string kSelect = Cat("SELECT ", kTaskColumns, kTaskTables, "WHERE t.seq < ?1");
  static const std::string kOrder = " ORDER BY t.seq DESC LIMIT max(?2, 0)";
  static const std::string kAll = Cat(kSelect, kOrder);
  static const std::string kByState = Cat(kSelect, " AND t.state = ?3", kOrder);
  static const std::string kByRepo = Cat(kSelect, " AND t.repo = ?3", kOrder);
  static const std::string kByBoth = Cat(kSelect, " AND t.repo = ?3 AND t.state = ?4", kOrder);
  const std::string_view state = filter.state ? ToString(*filter.state) : std::string_view();
  if (filter.state && !filter.repo.empty()) {
    return db.Prepare(kByBoth, before, filter.limit, filter.repo, state);
  }
  if (filter.state) return db.Prepare(kByState, before, filter.limit, state);
  if (!filter.repo.empty()) return db.Prepare(kByRepo, before, filter.limit, filter.repo);
  return db.Prepare(kAll, before, filter.limit);
}

StatusOr<std::vector<TaskRow>> ReadTaskRows(Query query) {
  std::vector<TaskRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, query.Next());
    if (!more) return rows;
    ASSIGN_OR_RETURN(TaskRow row, ReadTaskRow(query));
    rows.push_back(std::move(row));
  }
}

struct Backlog {
  std::int64_t count = 0;
  std::optional<std::int64_t> since;  // when the first became due
};

StatusOr<Backlog> ReadBacklog(Connection& db, std::string_view sql, std::int64_t now) {
  ASSIGN_OR_RETURN(Query query, db.Prepare(sql, now));
  RETURN_IF_ERROR(query.Next().status());
  Backlog backlog{query.Int(0)};
  if (!query.IsNull(1)) backlog.since = query.Int(1);
  return backlog;
}

Status ReadTaskCounts(Connection& db, StoreCounts& counts) {
  ASSIGN_OR_RETURN(Query query,
                   db.Prepare("SELECT state, template, n FROM task_counts WHERE n > 0"));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Next());
    if (!row) return OkStatus();
    counts.tasks[{query.String(0), query.String(1)}] = query.Int(2);
  }
}

Status ReadHeldBackCounts(Connection& db, StoreCounts& counts) {
  ASSIGN_OR_RETURN(
      Query query,
      db.Prepare("SELECT CASE WHEN t.held_back <> '' THEN t.held_limit ELSE l.held_limit END kind, "
                 "count(*) FROM tasks t INDEXED BY tasks_in_lane JOIN lanes l ON l.seq = t.lane "
                 "WHERE t.state = 'queued' AND t.at_work = 0 AND kind <> '' GROUP BY kind"));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Next());
    if (!row) return OkStatus();
    counts.held_back[query.String(0)] = query.Int(1);
  }
}

}  // namespace

StatusOr<std::vector<Task>> SqliteStore::ListTasks(const TaskFilter& filter) {
  std::vector<TaskRow> rows;
  const Status status = database_->Read([&](Connection& db) -> Status {
    std::int64_t before = INT64_MAX;
    if (!filter.before_id.empty()) {
      ASSIGN_OR_RETURN(before, FindTaskSeq(db, filter.before_id));
    }
    ASSIGN_OR_RETURN(Query query, SelectTasks(db, filter, before));
    ASSIGN_OR_RETURN(rows, ReadTaskRows(std::move(query)));
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  std::vector<Task> tasks;
  tasks.reserve(rows.size());
  for (TaskRow& row : rows) {
    ASSIGN_OR_RETURN(Task task, ParseTask(std::move(row)));
    tasks.push_back(std::move(task));
  }
  return tasks;
}

StatusOr<Task> SqliteStore::ReadTask(const std::string& id) {
  // Ids are hexadecimal, so that "g" stands behind each of them.
  static const std::string kSelect =
      Cat("SELECT ", kTaskColumns, kTaskTables, "WHERE t.id >= ?1 AND t.id < ?1 || 'g' LIMIT 2");
  if (id.empty()) return InvalidArgument("Name a task by its id, or by the first letters of it.");
  std::vector<TaskRow> rows;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(Query query, db.Prepare(kSelect, id));
    ASSIGN_OR_RETURN(rows, ReadTaskRows(std::move(query)));
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  if (rows.empty()) return NoTask(id);
  if (rows.size() > 1) {
    return InvalidArgument(
        Cat("More than one task has an id that starts with ", id, ". Write more of it."));
  }
  return ParseTask(std::move(rows.front()));
}

StatusOr<std::vector<TimelineEntry>> SqliteStore::ReadTimeline(const std::string& task_id) {
  return ReadTimelineAfter(task_id, 0, -1);  // SQLite: a negative limit is none
}

StatusOr<std::vector<TimelineEntry>> SqliteStore::ReadTimelineAfter(const std::string& task_id,
                                                                    std::int64_t after_seq,
                                                                    int limit) {
  std::vector<TimelineEntry> entries;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(const std::int64_t task, FindTaskSeq(db, task_id));
    ASSIGN_OR_RETURN(
        Query query,
        db.Prepare("SELECT at, kind, message, seq FROM timeline WHERE task = ?1 AND seq > ?2 "
                   "ORDER BY seq LIMIT ?3",
                   task, after_seq, limit));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, query.Next());
      if (!row) return OkStatus();
      entries.push_back({FromMicros(query.Int(0)), query.String(1), query.String(2), query.Int(3)});
    }
  });
  RETURN_IF_ERROR(status);
  return entries;
}

StatusOr<std::vector<Decision>> SqliteStore::ListDecisions(int limit) {
  std::vector<Decision> decisions;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(Query query,
                     db.Prepare("SELECT at, delivery_key, run, incident_id, task_id, kind, reason "
                                "FROM decisions ORDER BY seq DESC LIMIT max(?1, 0)",
                                limit));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, query.Next());
      if (!row) return OkStatus();
      decisions.push_back({FromMicros(query.Int(0)), query.String(1), query.String(2),
                           query.String(3), query.String(4), query.String(5), query.String(6)});
    }
  });
  RETURN_IF_ERROR(status);
  return decisions;
}

// Pending deliveries are all that did not end; pending tasks those that wait for a worker right
// now. Work that is leased, backs off, is held back or is looked at again later does not wait.
StatusOr<StoreCounts> SqliteStore::Count() {
  StoreCounts counts;
  const Status status = database_->Read([&](Connection& db) -> Status {
    const std::int64_t now = ToMicros(clock_.Now());
    RETURN_IF_ERROR(ReadTaskCounts(db, counts));
    ASSIGN_OR_RETURN(const Backlog deliveries,
                     ReadBacklog(db,
                                 "SELECT count(*), min(due_at) FILTER (WHERE due_at <= ?1) "
                                 "FROM deliveries WHERE due_at IS NOT NULL",
                                 now));
    ASSIGN_OR_RETURN(
        const Backlog tasks,
        ReadBacklog(db,
                    "SELECT count(*), min(due_at) FROM ("
                    "SELECT due_at FROM tasks WHERE due_at <= ?1 AND at_work = 1 UNION ALL "
                    "SELECT t.due_at FROM tasks t INDEXED BY tasks_in_lane "
                    "JOIN lanes l ON l.seq = t.lane WHERE t.state = 'queued' AND t.at_work = 0 "
                    "AND t.due_at <= ?1 AND l.blocked_until <= ?1)",
                    now));
    RETURN_IF_ERROR(ReadHeldBackCounts(db, counts));
    counts.pending_deliveries = deliveries.count;
    counts.pending_tasks = tasks.count;
    const std::int64_t since = std::min(deliveries.since.value_or(now), tasks.since.value_or(now));
    counts.oldest_pending = absl::Microseconds(now - since);
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  return counts;
}

StatusOr<History> SqliteStore::ReadHistory(const RunKey& run, const std::string& fingerprint) {
  History history;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(history, ReadHistoryOf(db, run, fingerprint));
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  return history;
}

StatusOr<std::vector<std::string>> SqliteStore::MergedTasks(const RunKey& run,
                                                            const std::string& fingerprint,
                                                            int limit) {
  std::vector<std::string> ids;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(Query merged,
                     db.Prepare("SELECT id FROM tasks INDEXED BY tasks_merged "
                                "WHERE state = 'merged' AND incident IN "
                                "(SELECT incident FROM occurrences WHERE forge = ?1 "
                                "AND repo = ?2 AND fingerprint = ?3) "
                                "ORDER BY seq DESC LIMIT ?4",
                                Text{run.forge}, Text{run.repo}, Text{fingerprint}, limit));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, merged.Next());
      if (!row) return OkStatus();
      ids.push_back(merged.String(0));
    }
  });
  RETURN_IF_ERROR(status);
  return ids;
}

StatusOr<GreenWaits> SqliteStore::WaitsForGreen(const RunHint& run) {
  GreenWaits waits;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(waits, ReadGreenWaits(db, run));
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  return waits;
}

}  // namespace regreen
