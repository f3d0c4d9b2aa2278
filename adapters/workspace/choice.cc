#include "adapters/workspace/choice.h"

#include <utility>

#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class WorkspaceChoice final : public WorkspaceFactory {
 public:
  explicit WorkspaceChoice(std::vector<NamedWorkspaces> all) : all_(std::move(all)) {}

  Status Probe() override {
    Status first;
    bool any = false;
    for (const NamedWorkspaces& one : all_) {
      const Status status = one.factory->Probe();
      any = any || status.ok();
      if (status.ok()) continue;
      LogWarning("a workspace cannot be opened", {{"name", one.name}, {"why", Message(status)}});
      if (first.ok()) first = status;
    }
    return any ? OkStatus() : first;
  }

  StatusOr<std::unique_ptr<Workspace>> Open(const WorkspaceSpec& spec,
                                            std::stop_token stop) override {
    for (const NamedWorkspaces& one : all_) {
      if (spec.workspace.empty() || one.name == spec.workspace)
        return one.factory->Open(spec, std::move(stop));
    }
    return InvalidArgument(Cat("the workspace \"", EscapeControl(spec.workspace),
                               "\" that the task was planned for is not in the configuration"));
  }

  StatusOr<std::unique_ptr<Workspace>> Reopen(const WorkspaceSpec& spec,
                                              std::stop_token stop) override {
    Status last = NotFound("no workspace of the task was kept");
    for (const NamedWorkspaces& one : all_) {
      auto found = one.factory->Reopen(spec, stop);
      if (found.ok()) return found;
      // A kind that keeps nothing, and one that has kept nothing of it, are passed over.
      const StatusCode code = found.status().code();
      if (code != StatusCode::kNotFound && code != StatusCode::kFailedPrecondition) return found;
      if (code == StatusCode::kNotFound) last = found.status();
    }
    return last;
  }

  StatusOr<KeptElsewhere> FindElsewhere(const std::string& task_id) override {
    StatusOr<KeptElsewhere> found = WorkspaceFactory::FindElsewhere(task_id);
    for (std::size_t i = 0; i < all_.size() && !found.ok(); ++i)
      found = all_[i].factory->FindElsewhere(task_id);
    return found;
  }

  Status Reap() override {
    Status first;
    for (const NamedWorkspaces& one : all_) {
      const Status status = Annotate(one.factory->Reap(), Cat("the workspace ", one.name));
      if (first.ok()) first = status;
    }
    return first;
  }

 private:
  const std::vector<NamedWorkspaces> all_;
};

}  // namespace

std::unique_ptr<WorkspaceFactory> NewWorkspaceChoice(std::vector<NamedWorkspaces> all) {
  return std::make_unique<WorkspaceChoice>(std::move(all));
}

}  // namespace regreen
