#include <fcntl.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "adapters/git/tree.h"
#include "adapters/workspace/folder.h"
#include "adapters/workspace/remote.h"
#include "adapters/workspace/remote_kept.h"
#include "adapters/workspace/remote_script.h"
#include "adapters/workspace/remote_tree.h"
#include "daemon/base/capped_text.h"
#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/base/mutex.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kInstanceDigits = 6, kTaskBytes = 8, kRandomBytes = 4;
// What a way there and back may take beside the command itself.
constexpr absl::Duration kReach = absl::Seconds(60);
constexpr absl::Duration kEndTimeout = absl::Seconds(60);
constexpr absl::Duration kSendTimeout = absl::Minutes(30);

// The part of a task's id that differs from its neighbours: its end.
std::string ShortTask(std::string_view task_id) {
  std::string name;
  for (const char c : Lower(task_id)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) name += c;
  }
  if (name.size() > kTaskBytes) name = name.substr(name.size() - kTaskBytes);
  return name.empty() ? "task" : name;
}

// Ends a machine, whatever way its workspace ends, unless it is left for a person.
class MachineHolder {
 public:
  MachineHolder(std::shared_ptr<RemoteEngine> engine, RemotePlace place)
      : engine_(std::move(engine)), place_(std::move(place)) {}
  MachineHolder(MachineHolder&&) = default;
  MachineHolder& operator=(MachineHolder&&) = delete;
  ~MachineHolder() {
    if (!engine_ || left_) return;
    const Status status = engine_->Destroy(place_.name);
    if (!status.ok()) {
      LogError("a workspace's machine may stay until the next start",
               {{"name", place_.name}, {"why", Message(status)}});
    }
  }
  void Leave() { left_ = true; }
  RemoteEngine& engine() const { return *engine_; }
  const RemotePlace& place() const { return place_; }

 private:
  std::shared_ptr<RemoteEngine> engine_;
  RemotePlace place_;
  bool left_ = false;
};

class RemoteWorkspace final : public Workspace {
 public:
  RemoteWorkspace(std::string task, WorkspaceFolder folder, MachineHolder machine,
                  RemoteMachine made, std::function<void(const std::string&)> on_network)
      : task_(std::move(task)),
        folder_(std::move(folder)),
        held_(std::move(made.held)),
        machine_(std::move(machine)),
        made_(std::move(made)),
        on_network_(std::move(on_network)) {}

  Status Send(const WorkspaceSpec& spec, std::stop_token stop) {
    checkout_.mirror = spec.repository;
    checkout_.commit = spec.commit;
    checkout_.patch = spec.patch;
    checkout_.trusted_git = Cat(folder_.path(), "/trusted");
    const std::string file = Cat(folder_.path(), "/sent.tar");
    {
      const UniqueFd out(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (!out) return ErrnoStatus(errno, Cat("cannot make ", file));
      ASSIGN_OR_RETURN(head_, SendCheckout(checkout_, out.get(), stop));
    }
    checkout_.patch = nullptr;  // it is the caller's
    RemoteCall call{place().name, OpenScript(place())};
    call.input_file = file;
    call.timeout = kSendTimeout;
    ASSIGN_OR_RETURN(const RemoteAnswer answer, CallRemote(machine_.engine(), call, stop));
    RETURN_IF_ERROR(RemoveTree(file));
    if (answer.word == "0") return OkStatus();
    return Unavailable(Cat("the workspace ", place().name, " does not take the files: ",
                           EscapeControl(Truncate(Trim(answer.err), 400))));
  }

  // One that was kept. It stays so.
  void GoOn(const RemoteKept& kept) {
    checkout_.mirror = kept.mirror;
    checkout_.commit = kept.commit;
    checkout_.trusted_git = Cat(folder_.path(), "/trusted");
    head_ = kept.head;
    machine_.Leave();
  }

  Status Keep(absl::Time until) override {
    ASSIGN_OR_RETURN(RemoteWayIn way, machine_.engine().WayIn(place().name));
    RETURN_IF_ERROR(WriteRemoteKept(
        folder_.path(), {task_, checkout_.mirror, checkout_.commit, head_, std::move(way.argv),
                         std::move(way.page), Cat(place().folder, "/", place().name, "/tree")}));
    RETURN_IF_ERROR(folder_.Keep(until));
    machine_.Leave();
    return OkStatus();
  }

  StatusOr<ExecResult> Exec(const ExecSpec& spec, std::stop_token stop) override {
    RETURN_IF_ERROR(CheckDirectory(spec.directory));
    RETURN_IF_ERROR(CheckEnvironment(spec));
    if (spec.terminal >= 0)
      return InvalidArgument("a terminal of this machine reaches no workspace on another");
    const RemoteCall call = CallOf(spec);
    auto answer = CallRemote(machine_.engine(), call, std::move(stop));
    if (on_network_ && made_.take_notes) {
      if (const std::string notes = made_.take_notes(); !notes.empty()) on_network_(notes);
    }
    if (!answer.ok()) {
      if (answer.status().code() == StatusCode::kCancelled) LogIfBad(End());
      return answer.status();
    }
    return Result(spec, *std::move(answer));
  }

  StatusOr<Patch> Capture(std::stop_token stop) override {
    if (stop.stop_requested()) return Cancelled("stopped before a patch was captured");
    RemoteTree tree(machine_.engine(), place(), stop);
    return CaptureListed(checkout_, head_, tree, stop);
  }
  ModelUsage Usage() override { return made_.usage ? made_.usage() : ModelUsage(); }

 private:
  const RemotePlace& place() const { return machine_.place(); }
  static void LogIfBad(const Status& status) {
    if (!status.ok()) LogWarning("a command may still be running", {{"why", Message(status)}});
  }

  // A plain command is ended over there at its time, which takes no second call. One that is to be
  // asked first is asked from here.
  RemoteCall CallOf(const ExecSpec& spec) const {
    const bool asked = spec.grace > absl::ZeroDuration();
    const absl::Duration longest = asked ? spec.timeout + 2 * spec.grace + kReach : spec.timeout;
    RemoteCall call{place().name,
                    ExecScript(place(), machine_.engine().traits(), made_, spec, longest),
                    spec.converse ? "" : spec.input};
    call.timeout = asked ? spec.timeout : spec.timeout + kReach;
    call.max_output_bytes = spec.max_output_bytes;
    call.silence = spec.silence;
    call.grace = spec.grace;
    call.deliver = [this](int signal) {
      RemoteCall tell{place().name, SignalScript(place(), signal == SIGINT ? "INT" : "TERM")};
      tell.timeout = kEndTimeout;
      LogIfBad(CallRemote(machine_.engine(), tell, {}).status());
    };
    call.on_output = spec.on_output;
    call.converse = spec.converse;
    return call;
  }

  StatusOr<ExecResult> Result(const ExecSpec& spec, RemoteAnswer answer) {
    ExecResult result;
    result.wall = answer.wall;
    CappedText output(spec.max_output_bytes);
    output.Add(answer.out);
    if (spec.converse) output.Add(answer.err);
    result.output = output.Take(&result.output_truncated);
    result.output_truncated = result.output_truncated || answer.output_truncated;
    if (answer.timed_out) {  // by us: what is left of it is ended there
      result.silent = answer.silent;
      RETURN_IF_ERROR(End());
      answer.word = "late";
    }
    if (answer.word == "late") {
      result.timed_out = true;
      result.exit_code = 128 + 9;
      return result;
    }
    if (answer.word == "gone") {
      return NotFound(Cat("there is no directory ", EscapeControl(spec.directory),
                          " in the workspace, or it has no tree any more"));
    }
    std::int64_t code = -1;
    if (!ParseInt64(answer.word, &code) || code < 0 || code > 255)
      return Unavailable(Cat("the workspace ", place().name, " answers what is no exit code"));
    result.exit_code = static_cast<int>(code);
    return result;
  }

  // Also when we are stopping: what was begun is ended.
  Status End() const {
    RemoteCall call{place().name, EndScript(place())};
    call.timeout = kEndTimeout;
    ASSIGN_OR_RETURN(const RemoteAnswer answer, CallRemote(machine_.engine(), call, {}));
    return answer.word == "0"
               ? OkStatus()
               : Unavailable(Cat("the workspace ", place().name, " does not end what runs in it"));
  }

  const std::string task_;
  WorkspaceFolder folder_;  // held as long as the machine may be there
  const std::shared_ptr<void> held_;
  MachineHolder machine_;
  const RemoteMachine made_;
  const std::function<void(const std::string&)> on_network_;
  CheckoutSpec checkout_;
  std::string head_;
};

class RemoteFactory final : public WorkspaceFactory {
 public:
  RemoteFactory(RemoteOptions options, std::unique_ptr<RemoteEngine> engine)
      : options_(std::move(options)), engine_(std::move(engine)) {}

  Status Probe() override { return Annotate(engine_->Probe(), options_.what); }

  StatusOr<std::unique_ptr<Workspace>> Open(const WorkspaceSpec& spec,
                                            std::stop_token stop) override {
    if (stop.stop_requested()) return Cancelled("stopped before a workspace was opened");
    ASSIGN_OR_RETURN(const std::string prefix, Prefix());
    RETURN_IF_ERROR(EndLeftovers(prefix));
    const std::string name = Cat(prefix, ShortTask(spec.task_id), "-", RandomHex(kRandomBytes));
    ASSIGN_OR_RETURN(WorkspaceFolder folder,
                     WorkspaceFolder::CreateNamed(options_.directory, name));
    const RemoteTraits traits = engine_->traits();
    MachineHolder machine(engine_, {traits.folder, name, traits.own_machine});
    ASSIGN_OR_RETURN(RemoteMachine made, engine_->Create({name, &spec}, stop));
    auto workspace = std::make_unique<RemoteWorkspace>(
        spec.task_id, std::move(folder), std::move(machine), std::move(made), spec.on_network);
    RETURN_IF_ERROR(workspace->Send(spec, stop));
    return workspace;
  }

  StatusOr<std::unique_ptr<Workspace>> Reopen(const WorkspaceSpec& spec, std::stop_token) override {
    ASSIGN_OR_RETURN(const auto found, NewestOf(spec.task_id));
    const auto& [kept, machine] = found;
    ASSIGN_OR_RETURN(WorkspaceFolder folder, WorkspaceFolder::Reopen(kept));
    const RemoteTraits traits = engine_->traits();
    const std::string name = kept.path.substr(kept.path.rfind('/') + 1);
    auto workspace = std::make_unique<RemoteWorkspace>(
        spec.task_id, std::move(folder),
        MachineHolder(engine_, {traits.folder, name, traits.own_machine}), RemoteMachine(),
        spec.on_network);
    workspace->GoOn(machine);
    return workspace;
  }

  StatusOr<KeptElsewhere> FindElsewhere(const std::string& task_id) override {
    ASSIGN_OR_RETURN(const auto found, NewestOf(task_id));
    const auto& [kept, machine] = found;
    std::vector<std::string> words;
    for (const std::string& word : machine.argv) words.push_back(ReadableWord(word));
    return KeptElsewhere{Join(words, " "), machine.page, machine.folder, kept.until};
  }

  // An engine that cannot be reached now keeps no daemon from starting: deliveries are taken, and
  // what was left there is ended before the next workspace is opened.
  Status Reap() override {
    ASSIGN_OR_RETURN(const std::string prefix, Prefix());
    {
      MutexLock lock(mutex_);
      leftovers_ = true;
    }
    if (const Status status = EndLeftovers(prefix); !status.ok()) {
      LogWarning("what a killed process may have left is looked for later",
                 {{"workspace", options_.what}, {"why", Message(status)}});
    }
    return WorkspaceFolder::Reap(options_.directory);
  }

 private:
  StatusOr<std::pair<WorkspaceFolder::Kept, RemoteKept>> NewestOf(
      const std::string& task_id) const {
    for (WorkspaceFolder::Kept& kept : WorkspaceFolder::ListKept(options_.directory)) {
      auto machine = ReadRemoteKept(kept.path);
      if (machine && machine->task == task_id) return std::pair(std::move(kept), *machine);
    }
    return NotFound(Cat("no workspace of task ", task_id, " is kept by ", options_.what,
                        ": keep in [workspace] says for how long one is, and it may be over"));
  }

  Status EndLeftovers(const std::string& prefix) {
    MutexLock lock(mutex_);
    if (!leftovers_) return OkStatus();
    ASSIGN_OR_RETURN(const std::vector<std::string> names, engine_->List(prefix));
    leftovers_ = false;
    for (const std::string& name : names) {
      if (!name.starts_with(prefix) || name.find('/') != std::string::npos ||
          WorkspaceFolder::IsHeld(options_.directory, name) ||
          WorkspaceFolder::IsKept(options_.directory, name)) {
        continue;
      }
      if (const Status status = engine_->Destroy(name); !status.ok()) {
        LogError("a workspace that nobody holds any more stays until it is looked for again",
                 {{"name", EscapeControl(name)}, {"why", Message(status)}});
        continue;
      }
      LogInfo("removed a workspace that nobody holds any more", {{"name", EscapeControl(name)}});
    }
    return OkStatus();
  }

  // Made once for the directory, by whoever comes first.
  StatusOr<std::string> Prefix() const {
    const std::string file = Cat(options_.directory, ".instance");
    RETURN_IF_ERROR(MakeDirectories(options_.directory, 0700));
    const Status made = CreateFile(file, RandomHex(kInstanceDigits / 2), 0600);
    if (!made.ok() && made.code() != StatusCode::kAlreadyExists) return made;
    ASSIGN_OR_RETURN(const std::string instance, ReadFile(file, 64));
    if (instance.size() != kInstanceDigits ||
        instance.find_first_not_of("0123456789abcdef") != std::string::npos) {
      return FailedPrecondition(
          Cat(file, " must hold six hexadecimal digits; remove it when no ", "workspace is left"));
    }
    return Cat("regreen-", instance, "-");
  }

  const RemoteOptions options_;
  const std::shared_ptr<RemoteEngine> engine_;
  Mutex mutex_;
  bool leftovers_ RG_GUARDED_BY(mutex_) = false;  // may be there, and are to be ended first
};

}  // namespace

std::unique_ptr<WorkspaceFactory> NewRemoteFactory(RemoteOptions options,
                                                   std::unique_ptr<RemoteEngine> engine) {
  return std::make_unique<RemoteFactory>(std::move(options), std::move(engine));
}

}  // namespace regreen
