#include "adapters/store/schema.h"

#include "daemon/base/text.h"

namespace regreen {
namespace {

StatusOr<std::int64_t> ReadNumber(Connection& db, std::string_view sql) {
  ASSIGN_OR_RETURN(Query query, db.Prepare(sql));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  return row ? query.Int(0) : 0;
}

StatusOr<std::int64_t> ReadVersion(Connection& db, const std::string& path) {
  ASSIGN_OR_RETURN(const std::int64_t version, ReadNumber(db, "PRAGMA user_version"));
  const int newest = Migrations().back().version;
  if (version > newest) {
    return FailedPrecondition(Cat("The database ", path, " has schema ", version,
                                  ", and this version of regreen knows schemas up to ", newest,
                                  " only. Run the newer version, or restore a backup."));
  }
  return version;
}

}  // namespace

Status CheckSchema(Connection& db, const std::string& path) {
  ASSIGN_OR_RETURN(const std::int64_t version, ReadVersion(db, path));
  if (version > 0) return OkStatus();
  ASSIGN_OR_RETURN(const std::int64_t tables, ReadNumber(db, "SELECT count(*) FROM sqlite_schema"));
  if (tables == 0) return OkStatus();
  return FailedPrecondition(
      Cat("The database ", path, " was made by another program. Name a file of regreen's own."));
}

Status MigrateSchema(Connection& db, const std::string& path) {
  return db.Write([&]() -> Status {
    ASSIGN_OR_RETURN(const std::int64_t version, ReadVersion(db, path));
    for (const Migration& migration : Migrations()) {
      if (migration.version <= version) continue;
      RETURN_IF_ERROR(db.RunScript(migration.sql));
      RETURN_IF_ERROR(db.RunScript(Cat("PRAGMA user_version = ", migration.version)));
    }
    return OkStatus();
  });
}

}  // namespace regreen
