#include "daemon/service/artifact_tail.h"

#include "daemon/base/hash.h"

namespace regreen {

StatusOr<std::vector<ArtifactTail::Piece>> ArtifactTail::Next() {
  std::vector<Piece> pieces;
  ASSIGN_OR_RETURN(const auto rows, records_.ListArtifacts(task_id_));
  for (const ArtifactRow& row : rows) {
    if (!wanted_(row.name)) continue;
    const auto [found, first] = seen_.try_emplace(row.name);
    ASSIGN_OR_RETURN(Piece piece, first || found->second.version != row.version
                                      ? ReadWhole(row, first, found->second)
                                      : ReadMore(row, found->second));
    if (piece.anew || !piece.text.empty()) pieces.push_back(std::move(piece));
  }
  return pieces;
}

StatusOr<ArtifactTail::Piece> ArtifactTail::ReadMore(const ArtifactRow& row, Seen& seen) {
  Piece piece{row.name, "", false};
  const auto before = static_cast<std::int64_t>(seen.bytes);
  if (row.bytes <= before) return piece;
  ASSIGN_OR_RETURN(piece.text, records_.ReadArtifactFrom(task_id_, row.name, before));
  seen.bytes += piece.text.size();
  seen.digest.clear();
  return piece;
}

// It may have been written again with more at its end.
StatusOr<ArtifactTail::Piece> ArtifactTail::ReadWhole(const ArtifactRow& row, bool first,
                                                      Seen& seen) {
  ASSIGN_OR_RETURN(std::string bytes, records_.ReadArtifact(task_id_, row.name));
  const std::size_t before = seen.bytes;
  const bool begins_alike =
      before == 0 ||
      (bytes.size() >= before && Sha256(std::string_view(bytes).substr(0, before)) == seen.digest);
  seen = {row.version, bytes.size(), Sha256(bytes)};
  if (first || begins_alike) return Piece{row.name, bytes.substr(before), false};
  return Piece{row.name, std::move(bytes), true};
}

}  // namespace regreen
