#include "adapters/store/schema.h"

namespace regreen {

// What is added to an artifact lies behind it in pieces, so that a record that grows for an hour is
// not written again and again. What was spent is known by its lease, so that it can be told more
// than once; that of older rows is of none.
const char kGrownMigration[] = R"sql(
ALTER TABLE artifacts ADD COLUMN version INTEGER NOT NULL DEFAULT 0; -- how often written anew
ALTER TABLE artifacts ADD COLUMN grown   INTEGER NOT NULL DEFAULT 0; -- bytes of size in pieces
CREATE TABLE artifact_pieces (
  artifact    INTEGER NOT NULL REFERENCES artifacts (seq),
  at          INTEGER NOT NULL,            -- of its first byte in the whole
  bytes       BLOB    NOT NULL,            -- zstd
  size        INTEGER NOT NULL,            -- unpacked
  PRIMARY KEY (artifact, at)
) STRICT, WITHOUT ROWID;

ALTER TABLE spendings ADD COLUMN epoch INTEGER NOT NULL DEFAULT -1; -- of the lease
CREATE INDEX spendings_by_lease ON spendings (task, epoch);
)sql";

}  // namespace regreen
