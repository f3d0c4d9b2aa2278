// What work cost whose lease may be over.
#include "adapters/store/sqlite_store.h"
#include "adapters/store/task_rows.h"
#include "adapters/store/usage.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

StatusOr<bool> HasEntry(Connection& db, std::int64_t task, const TimelineEntry& entry) {
  ASSIGN_OR_RETURN(Query query, db.Prepare("SELECT 1 FROM timeline INDEXED BY timeline_by_task "
                                           "WHERE task = ?1 AND kind = ?2 AND message = ?3 LIMIT 1",
                                           task, Text{entry.kind}, Text{entry.message}));
  return query.Next();
}

}  // namespace

Status SqliteStore::RecordSpent(const TaskLease& lease, const Spend& so_far,
                                std::span<const TimelineEntry> timeline) {
  return database_->Write([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(const std::optional<TaskPlace> place, FindTask(db, lease.task.id));
    if (!place) return NoTask(lease.task.id);
    const absl::Time now = clock_.Now();
    const Spender spender{place->seq, lease.task.lease_epoch, place->repo, place->template_name};
    RETURN_IF_ERROR(RecordSpending(db, now, spender, so_far));
    for (const TimelineEntry& entry : timeline) {
      ASSIGN_OR_RETURN(const bool told, HasEntry(db, place->seq, entry));
      if (!told) RETURN_IF_ERROR(AppendTimeline(db, place->seq, now, {&entry, 1}));
    }
    return OkStatus();
  });
}

}  // namespace regreen
