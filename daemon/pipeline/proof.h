// What a repair proved, as it is kept between the repair and the publication.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/status.h"
#include "daemon/domain/patch.h"

namespace regreen {

struct Proof {
  Patch patch;
  std::string step;  // the rung that did it
  int red_exit_code = 0;
  std::string agent;  // which made the patch; "" for none
  int rounds = 0;     // in how many
};

inline constexpr std::string_view kPatchArtifact = "patch";
inline constexpr std::string_view kProofArtifact = "proof";
inline constexpr std::string_view kRequestArtifact = "request";

// All but the patch's bytes, which are an artifact of their own.
std::string ProofToJson(const Proof& proof);
// InvalidArgument when they do not belong together: the digest is checked.
StatusOr<Proof> ProofFromJson(std::string_view json, std::string patch_bytes);

}  // namespace regreen
