// The embedded store: SQLite in WAL at synchronous=FULL (this folder owns sqlite3.h).
#pragma once

#include <memory>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/status.h"
#include "daemon/ports/store.h"

namespace regreen {

// Opens or creates the database, and brings it to this version's schema. `clock` must outlive it.
// FailedPrecondition when a newer version wrote it.
StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path, const Clock& clock,
                                                 StoreOptions options = {});

}  // namespace regreen
