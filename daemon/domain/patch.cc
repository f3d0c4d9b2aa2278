#include "daemon/domain/patch.h"

#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {

std::string PatchDigest(std::string_view base_commit, std::string_view bytes) {
  return Sha256Hex(Cat(base_commit, "\n", bytes));
}

std::string_view ToString(Severity severity) {
  return severity == Severity::kDraft ? "draft" : "refuse";
}

}  // namespace regreen
