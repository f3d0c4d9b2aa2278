// From matches to evidence: which failure it was, its name, and the lines to show. Pure.
#pragma once

#include <vector>

#include "daemon/domain/incident.h"
#include "daemon/triage/match.h"

namespace regreen {

// Caps of what is kept; a log's text is untrusted and can be long.
inline constexpr std::size_t kMaxFailedTests = 1000;
inline constexpr std::size_t kMaxDiagnostics = 50;
inline constexpr std::size_t kMaxEvidenceLines = 100;
inline constexpr std::size_t kMaxPrimaryLines = 30;
inline constexpr std::size_t kMaxLineBytes = 600;

Evidence MakeEvidence(const RuleIndex& index, const CleanLog& log, const Outline& outline,
                      const TriageHints& hints, std::vector<Match> matches);

}  // namespace regreen
