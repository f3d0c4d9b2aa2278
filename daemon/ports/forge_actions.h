// What a forge with an API can do besides reading runs and opening changes. Calls block on the
// network; any thread. Every one is safe to repeat: an answer that was lost does nothing twice.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/change.h"
#include "daemon/domain/plan.h"
#include "daemon/domain/run.h"

namespace regreen {

struct Report {
  std::string repo;  // owner/name
  ReportKind kind = ReportKind::kComment;
  int pull_request = 0;  // a comment goes there; 0: onto the commit
  std::string commit;
  std::string title, body;          // escaped already; the title is an issue's
  std::vector<std::string> labels;  // an issue's
  std::string marker;  // [a-z0-9-]: a report that has it already is found and not made again
};

class ForgeActions {
 public:
  virtual ~ForgeActions() = default;
  // Runs the failed jobs of a run again. OK when a later attempt has begun already.
  // FailedPrecondition when the forge will not (it is too old, or was run too often);
  // Unavailable while the run still goes on.
  virtual Status Rerun(const RunKey& run, std::stop_token stop) = 0;
  // Answers the report's link.
  virtual StatusOr<std::string> Tell(const Report& report, std::stop_token stop) = 0;
  // Takes the change out of draft and merges it as soon as its own checks are green, only while its
  // head is `commit`. FailedPrecondition when the forge will not.
  virtual Status MergeWhenGreen(const ChangeKey& change, const std::string& commit,
                                std::stop_token stop) = 0;
  // Of an open pull request.
  virtual StatusOr<std::vector<std::string>> Labels(const std::string& repo, int pull_request,
                                                    std::stop_token stop) = 0;
};

}  // namespace regreen
