#include <utility>

#include "adapters/workspace/folder.h"
#include "adapters/workspace/kinds.h"
#include "adapters/workspace/run_here.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class Worktree final : public Workspace {
 public:
  Worktree(WorkspaceFolder folder, std::string path)
      : folder_(std::move(folder)), path_(std::move(path)) {}

  StatusOr<ExecResult> Exec(const ExecSpec& spec, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckDirectory(spec.directory));
    RETURN_IF_ERROR(CheckEnvironment(spec));
    ProcessSpec process;
    process.argv = ShellCommand(spec.command);
    process.cwd = Cat(folder_.tree(), "/", spec.directory);
    process.env = {{"PATH", path_},          {"HOME", folder_.home()}, {"USER", "regreen"},
                   {"LANG", "C.UTF-8"},      {"CI", "true"},           {"TERM", "dumb"},
                   {"TMPDIR", folder_.tmp()}};
    // Of two values for one name a program may take either.
    for (const auto& [name, value] : spec.env) {
      std::erase_if(process.env, [&](const auto& own) { return own.first == name; });
      process.env.push_back({name, value});
    }
    FollowSpec(spec, process);
    ASSIGN_OR_RETURN(ProcessResult result, RunProcess(process, std::move(stop)));
    return ResultOf(std::move(result));
  }
  StatusOr<Patch> Capture(std::stop_token stop) override {
    return folder_.Capture(std::move(stop));
  }
  Status Keep(absl::Time until) override { return folder_.Keep(until); }

 private:
  WorkspaceFolder folder_;
  const std::string path_;
};

class WorktreeFactory final : public WorkspaceFactory {
 public:
  explicit WorktreeFactory(WorkspaceOptions options) : options_(std::move(options)) {}

  // It promises no isolation.
  Status Probe() override { return OkStatus(); }

  StatusOr<std::unique_ptr<Workspace>> Open(const WorkspaceSpec& spec,
                                            std::stop_token stop) override {
    if (stop.stop_requested()) return Cancelled("stopped before a workspace was opened");
    if (spec.of_fork) {
      return PermissionDenied(
          "a worktree has no wall, so no fork's code is run in it; use workspace.kind sandbox");
    }
    ASSIGN_OR_RETURN(WorkspaceFolder folder,
                     WorkspaceFolder::Create(options_.directory, spec.task_id));
    RETURN_IF_ERROR(folder.Fill(spec, Join(ObjectStores(spec.repository), "\n")));
    return std::make_unique<Worktree>(std::move(folder), SearchPath(options_));
  }

  StatusOr<std::unique_ptr<Workspace>> Reopen(const WorkspaceSpec& spec, std::stop_token) override {
    ASSIGN_OR_RETURN(auto found, WorkspaceFolder::Reopen(options_.directory, spec.task_id));
    if (found.second.overlaid)
      return FailedPrecondition("the kept workspace is of another kind: a sandbox's");
    return std::make_unique<Worktree>(std::move(found.first), SearchPath(options_));
  }

  Status Reap() override { return WorkspaceFolder::Reap(options_.directory); }

 private:
  const WorkspaceOptions options_;
};

}  // namespace

std::unique_ptr<WorkspaceFactory> NewWorktreeFactory(const WorkspaceOptions& options) {
  return std::make_unique<WorktreeFactory>(options);
}

}  // namespace regreen
