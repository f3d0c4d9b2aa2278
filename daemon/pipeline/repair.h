// Reproduce, climb the ladder, judge, prove. Everything untrusted happens in workspaces.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "daemon/base/status.h"
#include "daemon/domain/task.h"
#include "daemon/guard/rules.h"
#include "daemon/pipeline/proof.h"
#include "daemon/ports/repository.h"
#include "daemon/ports/store.h"
#include "daemon/ports/workspace.h"

namespace regreen {

struct RepairOutcome {
  enum class Kind { kProven, kUnreproducible, kFailed };
  Kind kind = Kind::kFailed;
  std::string reason;  // a sentence
  Proof proof;         // of kProven
};

// Takes what is worth keeping as it happens. Called on the repairing thread.
class RepairLog {
 public:
  virtual ~RepairLog() = default;
  virtual Status Note(std::string kind, std::string message) = 0;
  virtual Status Keep(std::string name, std::string bytes) = 0;
};

struct RepairDependencies {
  WorkspaceFactory* workspaces = nullptr;
  std::shared_ptr<const GuardRules> guard;
};

// Dependencies outlive it. One call a thread.
class Repairer {
 public:
  explicit Repairer(RepairDependencies dependencies) : deps_(std::move(dependencies)) {}

  // `mirror_folder` holds the commit. A retryable error (a full disk, no sandbox for now) leaves
  // the task as it was; Cancelled when `stop` asks.
  StatusOr<RepairOutcome> Repair(const Task& task, const std::string& mirror_folder, RepairLog& log,
                                 std::stop_token stop) const;

 private:
  struct Job;
  StatusOr<std::unique_ptr<Workspace>> OpenReady(const Job& job, const Patch* patch,
                                                 std::string& why) const;
  StatusOr<std::optional<RepairOutcome>> Reproduce(Job& job) const;
  StatusOr<std::optional<Patch>> Try(const Job& job, const Step& step) const;
  StatusOr<bool> Verify(const Job& job, const Step& step, const Patch& patch) const;

  RepairDependencies deps_;
};

}  // namespace regreen
