// The bytes that tasks made. One that is written whole is one row; what is added to it later are
// pieces behind it, each packed by itself.
#include <algorithm>
#include <utility>

#include "adapters/store/rows.h"
#include "adapters/store/sqlite_store.h"
#include "adapters/store/task_rows.h"
#include "daemon/base/compress.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

Status AddPiece(Connection& db, std::int64_t task, const PackedArtifact& piece) {
  RETURN_IF_ERROR(db.Execute("INSERT INTO artifacts (task, name, bytes, size) "
                             "VALUES (?1, ?2, ?3, 0) ON CONFLICT (task, name) DO NOTHING",
                             task, Text{piece.name}, Blob{ZstdCompress("")})
                      .status());
  ASSIGN_OR_RETURN(Query query,
                   db.Prepare("SELECT seq, size FROM artifacts WHERE task = ?1 AND name = ?2", task,
                              Text{piece.name}));
  RETURN_IF_ERROR(query.Next().status());
  const std::int64_t artifact = query.Int(0), size = query.Int(1);
  if (size + piece.size > TaskStore::kMostGrown) {
    return InvalidArgument(Cat("The \"", piece.name, "\" of a task would grow to ",
                               size + piece.size, " bytes, and ", TaskStore::kMostGrown,
                               " are the most. Leave something out of it."));
  }
  RETURN_IF_ERROR(db.Execute("INSERT INTO artifact_pieces (artifact, at, bytes, size) "
                             "VALUES (?1, ?2, ?3, ?4)",
                             artifact, size, Blob{piece.bytes}, piece.size)
                      .status());
  return db
      .Execute("UPDATE artifacts SET size = size + ?2, grown = grown + ?2 WHERE seq = ?1", artifact,
               piece.size)
      .status();
}

// As it lies.
struct Packed {
  std::string bytes;
  std::int64_t size = 0;  // unpacked
  std::int64_t at = 0;    // of its first byte in the whole
};

// What holds the bytes from `offset` on.
StatusOr<std::vector<Packed>> ReadPacked(Connection& db, const std::string& task_id,
                                         const std::string& name, std::int64_t offset) {
  ASSIGN_OR_RETURN(const std::int64_t task, FindTaskSeq(db, task_id));
  ASSIGN_OR_RETURN(Query query, db.Prepare("SELECT seq, size - grown, grown, "
                                           "iif(?3 < size - grown, bytes, x'') "
                                           "FROM artifacts WHERE task = ?1 AND name = ?2",
                                           task, Text{name}, offset));
  ASSIGN_OR_RETURN(const bool row, query.Next());
  if (!row) return NotFound(Cat("Task ", task_id, " has no \"", name, "\"."));
  std::vector<Packed> packed;
  if (offset < query.Int(1)) packed.push_back({query.String(3), query.Int(1), 0});
  if (query.Int(2) == 0) return packed;
  ASSIGN_OR_RETURN(Query pieces,
                   db.Prepare("SELECT bytes, size, at FROM artifact_pieces WHERE artifact = ?1 "
                              "AND at >= ifnull((SELECT max(at) FROM artifact_pieces "
                              "                  WHERE artifact = ?1 AND at <= ?2), 0) "
                              "ORDER BY at",
                              query.Int(0), offset));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, pieces.Next());
    if (!more) return packed;
    packed.push_back({pieces.String(0), pieces.Int(1), pieces.Int(2)});
  }
}

}  // namespace

std::vector<PackedArtifact> PackArtifacts(std::span<const Artifact> artifacts) {
  std::vector<PackedArtifact> packed;
  packed.reserve(artifacts.size());
  for (const Artifact& artifact : artifacts) {
    packed.push_back({artifact.name, ZstdCompress(artifact.bytes),
                      static_cast<std::int64_t>(artifact.bytes.size())});
  }
  return packed;
}

Status PutArtifacts(Connection& db, std::int64_t task, std::span<const PackedArtifact> artifacts) {
  for (const PackedArtifact& artifact : artifacts) {
    RETURN_IF_ERROR(db.Execute("DELETE FROM artifact_pieces WHERE artifact = "
                               "(SELECT seq FROM artifacts WHERE task = ?1 AND name = ?2)",
                               task, Text{artifact.name})
                        .status());
    RETURN_IF_ERROR(db.Execute("INSERT INTO artifacts (task, name, bytes, size) "
                               "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (task, name) "
                               "DO UPDATE SET bytes = excluded.bytes, size = excluded.size, "
                               "grown = 0, version = version + 1",
                               task, Text{artifact.name}, Blob{artifact.bytes}, artifact.size)
                        .status());
  }
  return OkStatus();
}

Status SqliteStore::Extend(const TaskLease& lease, std::span<const Artifact> pieces) {
  const std::vector<PackedArtifact> packed = PackArtifacts(pieces);
  return database_->Write([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(const TaskPlace place, FindLeased(db, lease.task.id, lease.task.lease_epoch));
    for (const PackedArtifact& piece : packed) {
      if (piece.size > 0) RETURN_IF_ERROR(AddPiece(db, place.seq, piece));
    }
    return OkStatus();
  });
}

StatusOr<std::vector<ArtifactRow>> SqliteStore::ListArtifacts(const std::string& task_id) {
  std::vector<ArtifactRow> rows;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(const std::int64_t task, FindTaskSeq(db, task_id));
    ASSIGN_OR_RETURN(
        Query query,
        db.Prepare("SELECT name, size, version FROM artifacts WHERE task = ?1 ORDER BY seq", task));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, query.Next());
      if (!row) return OkStatus();
      rows.push_back({query.String(0), query.Int(1), query.Int(2)});
    }
  });
  RETURN_IF_ERROR(status);
  return rows;
}

StatusOr<std::string> SqliteStore::ReadArtifact(const std::string& task_id,
                                                const std::string& name) {
  return ReadArtifactFrom(task_id, name, 0);
}

StatusOr<std::string> SqliteStore::ReadArtifactFrom(const std::string& task_id,
                                                    const std::string& name, std::int64_t offset) {
  if (offset < 0)
    return InvalidArgument("An artifact is read from its byte 0 on, not from before.");
  std::vector<Packed> packed;
  const Status status = database_->Read([&](Connection& db) -> Status {
    ASSIGN_OR_RETURN(packed, ReadPacked(db, task_id, name, offset));
    return OkStatus();
  });
  RETURN_IF_ERROR(status);
  std::string out;
  for (const Packed& part : packed) {
    const StatusOr<std::string> bytes =
        ZstdDecompress(part.bytes, static_cast<std::size_t>(part.size));
    if (!bytes.ok()) {
      return Internal(Cat("The \"", name, "\" of task ", task_id,
                          " cannot be read: ", Message(bytes.status())));
    }
    const std::int64_t skipped = std::clamp<std::int64_t>(offset - part.at, 0, part.size);
    out += std::string_view(*bytes).substr(static_cast<std::size_t>(skipped));
  }
  return out;
}

}  // namespace regreen
