// From a job's log to the evidence that is kept.
#pragma once

#include <string>
#include <string_view>

#include "daemon/domain/incident.h"
#include "daemon/triage/triage.h"

namespace regreen {

// What triage reads, with what looks like a token masked. A job that failed though its log shows
// nothing is named by where it failed. `command`: as it is known, "" when it is not.
Evidence ReadEvidence(const Triage& triage, std::string_view log, const RunFacts& run,
                      const JobFacts& job, const std::string& command);

}  // namespace regreen
