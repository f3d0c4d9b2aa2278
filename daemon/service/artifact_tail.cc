#include "daemon/service/artifact_tail.h"

#include "daemon/base/hash.h"

namespace regreen {

StatusOr<std::vector<ArtifactTail::Piece>> ArtifactTail::Next() {
  std::vector<Piece> pieces;
  ASSIGN_OR_RETURN(const auto rows, records_.ListArtifacts(task_id_));
  for (const ArtifactRow& row : rows) {
    if (!wanted_(row.name)) continue;
    Seen& seen = seen_[row.name];
    // One that was written again with another text of the same length is not worth reading each
    // time: logs differ in length, or in nothing that matters.
    if (seen.bytes == row.bytes) continue;
    ASSIGN_OR_RETURN(std::string bytes, records_.ReadArtifact(task_id_, row.name));
    const auto before = static_cast<std::size_t>(std::max<std::int64_t>(seen.bytes, 0));
    const bool grown =
        bytes.size() >= before &&
        (before == 0 || Sha256(std::string_view(bytes).substr(0, before)) == seen.digest);
    seen = {static_cast<std::int64_t>(bytes.size()), Sha256(bytes)};
    pieces.push_back({row.name, grown ? bytes.substr(before) : std::move(bytes), !grown});
  }
  return pieces;
}

}  // namespace regreen
