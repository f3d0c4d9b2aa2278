// How each template did: one row for each, which triggers keep up to date.
#include "adapters/store/rows.h"
#include "adapters/store/sqlite_store.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kColumns =
    "template, tasks, reproduced, unreproducible, verified, merged, declined, recovered, failed, "
    "shadowed, spent_usd, spent_us";

TemplateRecord ReadRecord(const Query& query) {
  TemplateRecord record;
  record.name = query.String(0);
  record.tasks = query.Int(1);
  record.reproduced = query.Int(2);
  record.unreproducible = query.Int(3);
  record.verified = query.Int(4);
  record.merged = query.Int(5);
  record.declined = query.Int(6);
  record.recovered = query.Int(7);
  record.failed = query.Int(8);
  record.shadowed = query.Int(9);
  record.usd = static_cast<double>(query.Int(10)) / 1e6;
  record.time = absl::Microseconds(query.Int(11));
  return record;
}

}  // namespace

StatusOr<std::vector<TemplateRecord>> SqliteStore::ListTemplateRecords() {
  static const std::string kSelect =
      Cat("SELECT ", kColumns, " FROM template_records ORDER BY template");
  std::vector<TemplateRecord> records;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(Query query, db.Prepare(kSelect));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, query.Next());
      if (!row) return OkStatus();
      records.push_back(ReadRecord(query));
    }
  });
  RETURN_IF_ERROR(status);
  return records;
}

StatusOr<TemplateRecord> SqliteStore::ReadTemplateRecord(const std::string& template_name) {
  static const std::string kSelect =
      Cat("SELECT ", kColumns, " FROM template_records WHERE template = ?1");
  TemplateRecord record;
  record.name = template_name;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(Query query, db.Prepare(kSelect, template_name));
    ASSIGN_OR_RETURN(const bool row, query.Next());
    if (row) record = ReadRecord(query);
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  return record;
}

}  // namespace regreen
