// The schema's version, kept in the file's user_version: the number of the last migration that ran.
#pragma once

#include <span>
#include <string>

#include "adapters/store/connection.h"
#include "daemon/base/status.h"

namespace regreen {

struct Migration {
  int version;      // from 1, without a gap
  const char* sql;  // runs in one transaction with the change of the version
};
extern const char kLimitsMigration[];  // 3, in migration_limits.cc
extern const char kGrownMigration[];   // 6, in migration_grown.cc
// One that was released is never edited; a change of the schema is one more at the end.
std::span<const Migration> Migrations();

// FailedPrecondition when a newer version wrote the file, or another program. Changes nothing.
Status CheckSchema(Connection& db, const std::string& path);
// Runs the migrations that did not run yet. Safe when two processes open the file at once.
Status MigrateSchema(Connection& db, const std::string& path);

}  // namespace regreen
