#include <functional>
#include <map>
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
          std::unique_ptr<Broker> broker, std::function<void(const std::string&)> on_network,
          const WorkspaceLimits& limits)
      : bubblewrap_(std::move(bubblewrap)),
        folder_(std::move(folder)),
        objects_(std::move(objects)),
        broker_(std::move(broker)),
        on_network_(std::move(on_network)),
        limits_(limits),
        before_(folder_.overlay() ? FolderUse() : MeasureFolder(folder_.tree(), {})) {}

  StatusOr<ExecResult> Exec(const ExecSpec& spec, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckDirectory(spec.directory));
    RETURN_IF_ERROR(CheckEnvironment(spec));
    SandboxFolders folders = {folder_.tree(), folder_.home(), objects_, folder_.overlay()};
    folders.limits = limits_;
    folders.before = before_;
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
  Status Keep(absl::Time until) override { return folder_.Keep(until); }
  ModelUsage Usage() override { return broker_ ? broker_->Usage() : ModelUsage(); }

 private:
  const Bubblewrap bubblewrap_;
  WorkspaceFolder folder_;
  const std::vector<std::string> objects_;
  const std::unique_ptr<Broker> broker_;  // null: no network. Ends before its folder does
  const std::function<void(const std::string&)> on_network_;
  const WorkspaceLimits limits_;
  const FolderUse before_;  // a checkout; of an overlay only what changed is counted
};

// What is asked for, and no more than is configured.
WorkspaceLimits Narrowed(WorkspaceLimits most, const WorkspaceLimits& asked) {
  const auto narrow = [](auto& value, auto wanted) {
    if (wanted > 0 && (value == 0 || wanted < value)) value = wanted;
  };
  narrow(most.cpu, asked.cpu);
  narrow(most.memory_bytes, asked.memory_bytes);
  narrow(most.processes, asked.processes);
  narrow(most.disk_bytes, asked.disk_bytes);
  narrow(most.files, asked.files);
  narrow(most.file_bytes, asked.file_bytes);
  return most;
}

// Of this process, where it was given any. Without them the watchdog holds the limits.
std::shared_ptr<const Cgroups> FindCgroups() {
  auto found = Cgroups::OfThisProcess();
  if (!found.ok()) {
    LogInfo("limits of workspaces are watched, not held by cgroups",
            {{"why", Message(found.status())}});
    return nullptr;
  }
  if (const Status reaped = (*found)->Reap(); !reaped.ok())
    LogWarning("cgroups of a killed process stay", {{"why", Message(reaped)}});
  LogInfo("limits of workspaces are held by cgroups", {{"controllers", (*found)->Controllers()}});
  return *std::move(found);
}

class SandboxFactory final : public WorkspaceFactory {
 public:
  explicit SandboxFactory(WorkspaceOptions options)
      : options_(std::move(options)),
        bases_({options_.bases.empty() ? options_.directory + ".bases" : options_.bases,
                options_.bases_max_bytes}) {}

  Status Probe() override {
    ASSIGN_OR_RETURN(Bubblewrap found, Bubblewrap::Find(options_));
    found.Use(FindCgroups());
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
                                     std::move(broker), spec.on_network,
                                     Narrowed(options_.limits, spec.limits));
  }

  StatusOr<std::unique_ptr<Workspace>> Reopen(const WorkspaceSpec& spec,
                                              std::stop_token stop) override {
    if (!IsProven()) RETURN_IF_ERROR(Probe());
    const Proven proven = *IsProven();
    ASSIGN_OR_RETURN(auto found, WorkspaceFolder::Reopen(options_.directory, spec.task_id));
    auto& [folder, kept] = found;
    if (kept.overlaid && !proven.overlay)
      return FailedPrecondition("the kept workspace lies upon a base tree: overlays are needed");
    if (kept.overlaid) {
      ASSIGN_OR_RETURN(BaseTree base,
                       bases_.Acquire(kept.mirror, kept.commit, kept.alternates, stop));
      folder.LieAgain(std::move(base));
    }
    ASSIGN_OR_RETURN(std::unique_ptr<Broker> broker, OpenBroker(spec, folder.egress()));
    return std::make_unique<Sandbox>(proven.bubblewrap, std::move(folder),
                                     ObjectStores(kept.mirror), std::move(broker), spec.on_network,
                                     Narrowed(options_.limits, spec.limits));
  }

  Status Reap() override {
    RETURN_IF_ERROR(WorkspaceFolder::Reap(options_.directory));
    RETURN_IF_ERROR(bases_.Reap());
    return HoldBases();
  }

 private:
  struct Proven {
    Bubblewrap bubblewrap;
    bool overlay = false;
  };
  // What kept workspaces lie upon stays, whoever kept them; one that is gone is made again when
  // somebody asks for its workspace.
  Status HoldBases() {
    std::map<std::string, BaseTree> held;
    for (const WorkspaceFolder::Kept& kept : WorkspaceFolder::ListKept(options_.directory)) {
      if (!kept.overlaid) continue;
      auto base = bases_.Hold(kept.mirror, kept.commit, kept.alternates);
      if (base.ok()) held.emplace(kept.path, *std::move(base));
    }
    MutexLock lock(mutex_);
    held_ = std::move(held);
    return OkStatus();
  }
  // Null when nothing is asked for.
  StatusOr<std::unique_ptr<Broker>> OpenBroker(const WorkspaceSpec& spec,
                                               std::string folder) const {
    if (spec.network.empty()) return std::unique_ptr<Broker>();
    BrokerOptions broker;
    broker.max_usd = spec.max_usd;
    broker.max_tokens = spec.max_tokens;
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
  std::map<std::string, BaseTree> held_ RG_GUARDED_BY(mutex_);  // by the kept folder
};

}  // namespace

std::unique_ptr<WorkspaceFactory> NewSandboxFactory(const WorkspaceOptions& options) {
  return std::make_unique<SandboxFactory>(options);
}

}  // namespace regreen
