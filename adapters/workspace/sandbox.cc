#include <optional>
#include <utility>

#include "adapters/workspace/bubblewrap.h"
#include "adapters/workspace/folder.h"
#include "adapters/workspace/kinds.h"
#include "adapters/workspace/probe.h"
#include "daemon/base/mutex.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class Sandbox final : public Workspace {
 public:
  Sandbox(Bubblewrap bubblewrap, WorkspaceFolder folder, std::vector<std::string> objects)
      : bubblewrap_(std::move(bubblewrap)),
        folder_(std::move(folder)),
        objects_(std::move(objects)) {}

  StatusOr<ExecResult> Exec(const ExecSpec& spec, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckDirectory(spec.directory));
    RETURN_IF_ERROR(CheckEnvironment(spec));
    return bubblewrap_.Run({folder_.tree(), folder_.home(), objects_}, spec, std::move(stop));
  }
  StatusOr<Patch> Capture(std::stop_token stop) override {
    return folder_.Capture(std::move(stop));
  }

 private:
  const Bubblewrap bubblewrap_;
  const WorkspaceFolder folder_;
  const std::vector<std::string> objects_;
};

class SandboxFactory final : public WorkspaceFactory {
 public:
  explicit SandboxFactory(WorkspaceOptions options) : options_(std::move(options)) {}

  Status Probe() override {
    ASSIGN_OR_RETURN(Bubblewrap found, Bubblewrap::Find(options_));
    RETURN_IF_ERROR(ProbeSandbox(found, options_.directory));
    MutexLock lock(mutex_);
    proven_ = std::move(found);
    return OkStatus();
  }

  StatusOr<std::unique_ptr<Workspace>> Open(const WorkspaceSpec& spec,
                                            std::stop_token stop) override {
    if (!Proven()) RETURN_IF_ERROR(Probe());
    if (stop.stop_requested()) return Cancelled("stopped before a workspace was opened");
    ASSIGN_OR_RETURN(WorkspaceFolder folder,
                     WorkspaceFolder::Create(options_.directory, spec.task_id));
    std::vector<std::string> objects = ObjectStores(spec.repository);
    std::string alternates;
    for (std::size_t i = 0; i < objects.size(); ++i)
      Append(alternates, kObjectsInside, "/", i, "\n");
    RETURN_IF_ERROR(folder.Fill(spec, alternates));
    return std::make_unique<Sandbox>(*Proven(), std::move(folder), std::move(objects));
  }

  Status Reap() override { return WorkspaceFolder::Reap(options_.directory); }

 private:
  std::optional<Bubblewrap> Proven() {
    MutexLock lock(mutex_);
    return proven_;
  }

  const WorkspaceOptions options_;
  Mutex mutex_;
  std::optional<Bubblewrap> proven_ RG_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<WorkspaceFactory> NewSandboxFactory(const WorkspaceOptions& options) {
  return std::make_unique<SandboxFactory>(options);
}

}  // namespace regreen
