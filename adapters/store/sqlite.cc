#include "adapters/store/sqlite.h"

#include <utility>

#include "adapters/store/rows.h"
#include "adapters/store/sqlite_store.h"

namespace regreen {

StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path, const Clock& clock,
                                                 StoreOptions options) {
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(path));
  return std::make_unique<SqliteStore>(std::move(database), clock, std::move(options));
}

Status SqliteStore::Ping() {
  const std::int64_t now = ToMicros(clock_.Now());
  return database_->Write(
      [&](Connection& db) { return db.Execute("UPDATE probe SET at = ?1", now).status(); });
}

}  // namespace regreen
