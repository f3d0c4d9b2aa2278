// A word to a person: what failed, what was tried and what came of it.
#pragma once

#include <span>
#include <stop_token>
#include <string>

#include "daemon/base/status.h"
#include "daemon/pipeline/ladder.h"
#include "daemon/pipeline/repair_log.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

inline constexpr std::string_view kReportArtifact = "report";

// The report of a rung, its text escaped. Pure.
Report ReportOf(const Task& task, const Step& step, std::span<const Tried> tried);

struct Told {
  bool ok = false;       // false: the forge refused it for good
  bool kept = false;     // only the artifact was written
  std::string sentence;  // a clause with the link
};
// Keeps the report as an artifact, and tells it where the stage allows and the forge can. `actions`
// may be null. Retryable errors are the caller's.
StatusOr<Told> TellReport(ForgeActions* actions, const Task& task, const Step& step,
                          std::span<const Tried> tried, RepairLog& log, std::stop_token stop);

}  // namespace regreen
