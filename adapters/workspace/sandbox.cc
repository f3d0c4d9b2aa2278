#include <functional>
#include <optional>
#include <utility>

#include "adapters/workspace/base_cache.h"
#include "adapters/workspace/broker.h"
#include "adapters/workspace/bubblewrap.h"
#include "adapters/workspace/folder.h"
#include "adapters/workspace/kinds.h"
#include "adapters/workspace/probe.h"
#include "daemon/base/log.h"
#include "daemon/base/mutex.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class Sandbox final : public Workspace {
 public:
  Sandbox(Bubblewrap bubblewrap, WorkspaceFolder folder, std::vector<std::string> objects,
          std::unique_ptr<Broker> broker, std::function<void(const std::string&)> on_network)
      : bubblewrap_(std::move(bubblewrap)),
        folder_(std::move(folder)),
        objects_(std::move(objects)),
        broker_(std::move(broker)),
        on_network_(std::move(on_network)) {}

  StatusOr<ExecResult> Exec(const ExecSpec& spec, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckDirectory(spec.directory));
    RETURN_IF_ERROR(CheckEnvironment(spec));
    SandboxFolders folders = {folder_.tree(), folder_.home(), objects_, folder_.overlay()};
    if (!broker_) return bubblewrap_.Run(folders, spec, std::move(stop));
    folders.egress = broker_->socket();
    folders.env = broker_->Environment();
    auto result = bubblewrap_.Run(folders, spec, std::move(stop));
    const std::string notes = broker_->TakeNotes();
    if (on_network_ && !notes.empty()) on_network_(notes);
    return result;
  }
  StatusOr<Patch> Capture(std::stop_token stop) override {
    return folder_.Capture(std::move(stop));
  }

 private:
  const Bubblewrap bubblewrap_;
  const WorkspaceFolder folder_;
  const std::vector<std::string> objects_;
  const std::unique_ptr<Broker> broker_;  // null: no network. Ends before its folder does
  const std::function<void(const std::string&)> on_network_;
};

class SandboxFactory final : public WorkspaceFactory {
 public:
  explicit SandboxFactory(WorkspaceOptions options)
      : options_(std::move(options)),
        bases_({options_.bases.empty() ? options_.directory + ".bases" : options_.bases,
                options_.bases_max_bytes}) {}

  Status Probe() override {
    ASSIGN_OR_RETURN(Bubblewrap found, Bubblewrap::Find(options_));
    RETURN_IF_ERROR(ProbeSandbox(found, options_.directory));
    const Status overlay = options_.overlay ? ProbeOverlay(found, options_.directory)
                                            : FailedPrecondition("it is switched off");
    if (!overlay.ok() && options_.overlay) {
      LogWarning("each workspace is checked out by itself: overlays cannot be mounted",
                 {{"why", Message(overlay)}});
    }
    MutexLock lock(mutex_);
    proven_ = Proven{std::move(found), overlay.ok()};
    return OkStatus();
  }

  StatusOr<std::unique_ptr<Workspace>> Open(const WorkspaceSpec& spec,
                                            std::stop_token stop) override {
    if (!IsProven()) RETURN_IF_ERROR(Probe());
    const Proven proven = *IsProven();
    if (stop.stop_requested()) return Cancelled("stopped before a workspace was opened");
    ASSIGN_OR_RETURN(WorkspaceFolder folder,
                     WorkspaceFolder::Create(options_.directory, spec.task_id));
    std::vector<std::string> objects = ObjectStores(spec.repository);
    std::string alternates;
    for (std::size_t i = 0; i < objects.size(); ++i)
      Append(alternates, kObjectsInside, "/", i, "\n");
    // A tree that others lie upon is shared with nobody's code but the repository's own.
    if (proven.overlay && !spec.of_fork) {
      ASSIGN_OR_RETURN(BaseTree base,
                       bases_.Acquire(spec.repository, spec.commit, alternates, stop));
      RETURN_IF_ERROR(folder.LieUpon(std::move(base), spec.patch));
    } else {
      RETURN_IF_ERROR(folder.Fill(spec, alternates));
    }
    ASSIGN_OR_RETURN(std::unique_ptr<Broker> broker, OpenBroker(spec, folder.egress()));
    return std::make_unique<Sandbox>(proven.bubblewrap, std::move(folder), std::move(objects),
                                     std::move(broker), spec.on_network);
  }

  Status Reap() override {
    RETURN_IF_ERROR(WorkspaceFolder::Reap(options_.directory));
    return bases_.Reap();
  }

 private:
  struct Proven {
    Bubblewrap bubblewrap;
    bool overlay = false;
  };
  // Null when nothing is asked for.
  StatusOr<std::unique_ptr<Broker>> OpenBroker(const WorkspaceSpec& spec,
                                               std::string folder) const {
    if (spec.network.empty()) return std::unique_ptr<Broker>();
    BrokerOptions broker;
    broker.folder = std::move(folder);
    broker.ca_file = options_.ca_file;
    for (const std::string& name : spec.network) {
      const auto found = options_.networks.find(name);
      if (found == options_.networks.end())
        return InvalidArgument(
            Cat("there is no network called \"", EscapeControl(name), "\" in the configuration"));
      if (spec.of_fork && !found->second.forks)
        return PermissionDenied(Cat("the network \"", name, "\" is not for a fork's code (forks)"));
      broker.sets.insert(*found);
    }
    return Broker::Start(std::move(broker));
  }
  std::optional<Proven> IsProven() {
    MutexLock lock(mutex_);
    return proven_;
  }

  const WorkspaceOptions options_;
  BaseCache bases_;
  Mutex mutex_;
  std::optional<Proven> proven_ RG_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<WorkspaceFactory> NewSandboxFactory(const WorkspaceOptions& options) {
  return std::make_unique<SandboxFactory>(options);
}

}  // namespace regreen
