#include "adapters/workspace/exec.h"

#include <algorithm>
#include <set>
#include <utility>

#include "adapters/workspace/kinds.h"
#include "adapters/workspace/remote_script.h"
#include "daemon/base/file.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr char kOwnPlaceholders[][12] = {"name", "commit", "cpu", "memory", "memory_mib"};
constexpr int kDefaultCpu = 2;
constexpr std::int64_t kDefaultMemory = std::int64_t{4} << 30;
constexpr absl::Duration kCreateTimeout = absl::Minutes(10);
constexpr absl::Duration kShortTimeout = absl::Minutes(2);
constexpr std::size_t kMaxManifestBytes = 1 << 20;

bool IsPlaceholder(std::string_view word) {
  return !word.empty() &&
         word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string_view::npos;
}

std::string OneCommand(const std::vector<std::string>& words) {
  std::string command = "exec";
  for (const std::string& word : words) Append(command, " ", ShellQuoted(word));
  return command;
}

class ExecEngine final : public RemoteEngine {
 public:
  ExecEngine(ExecOptions options, std::vector<std::string> path)
      : options_(std::move(options)), path_(std::move(path)) {}

  RemoteTraits traits() const override {
    return {options_.folder, !options_.create.empty(), options_.keep_env, path_};
  }
  Status Probe() override { return List("regreen-").status(); }

  StatusOr<RemoteMachine> Create(const RemoteRequest& request, std::stop_token stop) override {
    if (request.spec->of_fork)
      return PermissionDenied(
          "a fork's code is run in a sandbox only: what another machine's engine shares with it is "
          "not known here");
    if (options_.create.empty()) return RemoteMachine();
    auto values = Values(request.name);
    values["commit"] = request.spec->commit;
    std::string manifest;
    if (!options_.manifest.empty()) {
      ASSIGN_OR_RETURN(manifest, ReadFile(options_.manifest, kMaxManifestBytes));
      ASSIGN_OR_RETURN(manifest, FillPlaceholders(manifest, values));
    }
    RETURN_IF_ERROR(
        Must("create", options_.create, values, manifest, kCreateTimeout, stop).status());
    if (!options_.ready.empty())
      RETURN_IF_ERROR(Must("ready", options_.ready, values, "", kCreateTimeout, stop).status());
    return RemoteMachine();
  }

  LocalCommand Command(const std::string& name,
                       const std::vector<std::string>& words) const override {
    auto values = Values(name);
    values["command"] = OneCommand(words);
    return Local(options_.run, values, words);
  }
  LocalCommand Attach(const std::string& name) const override {
    auto values = Values(name);
    // The home folder is the other side's to know.
    const bool in_home = options_.folder.starts_with("~/");
    values["tree"] =
        Cat(in_home ? "~/" : "",
            ReadableWord(Cat(options_.folder.substr(in_home ? 2 : 0), "/", name, "/tree")));
    return Local(options_.attach, values, {});
  }

  Status Destroy(const std::string& name) override {
    const auto values = Values(name);
    if (options_.create.empty()) {
      RemoteCall call{name, RemoveScript({options_.folder, name, false})};
      ASSIGN_OR_RETURN(const RemoteAnswer answer, CallRemote(*this, call, {}));
      if (answer.word == "0") return OkStatus();
      return Unavailable(Cat("the folder of ", name, " cannot be removed: ",
                             EscapeControl(Truncate(Trim(answer.err), 400))));
    }
    const Status status = Must("destroy", options_.destroy, values, "", kShortTimeout, {}).status();
    if (status.ok()) return status;
    // The tools differ in what they say of one that is gone.
    ASSIGN_OR_RETURN(const std::vector<std::string> left, List(name));
    return std::find(left.begin(), left.end(), name) == left.end() ? OkStatus() : status;
  }

  StatusOr<std::vector<std::string>> List(const std::string& prefix) override {
    std::string printed;
    if (options_.list.empty()) {
      const RemoteCall call{"", NamesScript(options_.folder)};
      ASSIGN_OR_RETURN(RemoteAnswer answer, CallRemote(*this, call, {}));
      if (answer.word != "0") return Unavailable("the folder of workspaces cannot be listed there");
      printed = std::move(answer.out);
    } else {
      ASSIGN_OR_RETURN(ProcessResult result,
                       Must("list", options_.list, Values(""), "", kShortTimeout, {}));
      printed = std::move(result.out);
    }
    std::vector<std::string> names;
    for (std::string_view line : SplitLines(printed)) {
      line = Trim(line);
      line.remove_prefix(line.rfind('/') + 1);  // npos + 1 is 0
      if (line.starts_with(prefix)) names.emplace_back(line);
    }
    return names;
  }

 private:
  std::map<std::string, std::string> Values(const std::string& name) const {
    std::map<std::string, std::string> values = options_.values;
    const int cpu = options_.cpu > 0 ? options_.cpu : kDefaultCpu;
    const std::int64_t memory = options_.memory_bytes > 0 ? options_.memory_bytes : kDefaultMemory;
    values["name"] = name;
    values["cpu"] = std::to_string(cpu);
    values["memory"] = std::to_string(memory);
    values["memory_mib"] = std::to_string(memory >> 20);
    return values;
  }

  LocalCommand Local(const std::vector<std::string>& line,
                     const std::map<std::string, std::string>& values,
                     const std::vector<std::string>& argv) const {
    LocalCommand command{{}, ClientEnvironment(options_.env)};
    for (const std::string& word : line) {
      if (word == "{argv}") {
        command.argv.insert(command.argv.end(), argv.begin(), argv.end());
      } else if (word == "{options}") {
        command.argv.insert(command.argv.end(), options_.options.begin(), options_.options.end());
      } else {
        command.argv.push_back(FillPlaceholders(word, values).value_or(word));
      }
    }
    return command;
  }

  // Unavailable when it fails: the engine may have no room for another, or be away for a while.
  StatusOr<ProcessResult> Must(const char* what, const std::vector<std::string>& line,
                               const std::map<std::string, std::string>& values,
                               const std::string& input, absl::Duration timeout,
                               std::stop_token stop) const {
    LocalCommand command = Local(line, values, {});
    ProcessSpec process;
    process.argv = std::move(command.argv);
    process.env = std::move(command.env);
    process.stdin_bytes = input;
    process.timeout = timeout;
    ASSIGN_OR_RETURN(ProcessResult result, RunProcess(process, std::move(stop)));
    if (result.timed_out)
      return Unavailable(Cat("`", what, "` (", line[0], ") was still running after ",
                             absl::FormatDuration(timeout)));
    if (result.exit_code == 0) return result;
    return Unavailable(Cat("`", what, "` (", line[0], ") ended with ", result.exit_code, ": ",
                           EscapeControl(Truncate(Trim(result.err), 400))));
  }

  const ExecOptions options_;
  const std::vector<std::string> path_;
};

void TakeFrom(const std::vector<std::string>& preset, std::vector<std::string>& own) {
  if (own.empty()) own = preset;
}

Status CheckWords(const ExecOptions& options) {
  std::map<std::string, std::string> values = options.values;
  for (const char* own : kOwnPlaceholders) values[own] = "";
  for (const auto& [key, line] :
       {std::pair<const char*, const std::vector<std::string>&>{"create", options.create},
        {"ready", options.ready},
        {"run", options.run},
        {"destroy", options.destroy},
        {"list", options.list},
        {"attach", options.attach}}) {
    auto known = values;
    known["options"] = "";
    if (std::string_view(key) == "run") known["argv"] = known["command"] = "";
    if (std::string_view(key) == "attach") known["tree"] = "";
    for (const std::string& word : line)
      RETURN_IF_ERROR(Annotate(FillPlaceholders(word, known).status(), key));
  }
  return OkStatus();
}

}  // namespace

StatusOr<std::string> FillPlaceholders(std::string_view text,
                                       const std::map<std::string, std::string>& values) {
  std::string filled;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    filled += text.substr(0, open);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open);
    const std::size_t close = text.find('}');
    const std::string_view word = close == std::string_view::npos ? "" : text.substr(1, close - 1);
    if (!IsPlaceholder(word)) {  // a brace of the program's own language
      filled += '{';
      text.remove_prefix(1);
      continue;
    }
    const auto found = values.find(std::string(word));
    if (found == values.end()) {
      return InvalidArgument(
          Cat("there is no value for {", word, "}; it can be given in `values`"));
    }
    filled += found->second;
    text.remove_prefix(close + 1);
  }
  return filled;
}

StatusOr<ExecOptions> CompleteExecOptions(ExecOptions options) {
  if (!options.preset.empty()) {
    std::vector<std::string> names;
    const ExecOptions* preset = nullptr;
    for (const ExecPreset& known : ExecPresets()) {
      names.emplace_back(known.name);
      if (options.preset == known.name) preset = &known.options;
    }
    if (preset == nullptr) {
      return InvalidArgument(Cat("there is no preset called \"", EscapeControl(options.preset),
                                 "\"", DidYouMean(options.preset, names), "; the presets are ",
                                 Join(names, ", ")));
    }
    TakeFrom(preset->create, options.create);
    TakeFrom(preset->ready, options.ready);
    TakeFrom(preset->run, options.run);
    TakeFrom(preset->destroy, options.destroy);
    TakeFrom(preset->list, options.list);
    TakeFrom(preset->attach, options.attach);
    TakeFrom(preset->env, options.env);
    TakeFrom(preset->keep_env, options.keep_env);
    if (options.folder.empty()) options.folder = preset->folder;
    for (const auto& value : preset->values) options.values.insert(value);
  }
  if (options.run.empty()) return InvalidArgument("`run` is needed, or a preset");
  const auto gives = [&](const char* word) {
    return std::any_of(options.run.begin(), options.run.end(), [&](const std::string& part) {
      return part.find(word) != std::string::npos;
    });
  };
  if (!gives("{argv}") && !gives("{command}"))
    return InvalidArgument("`run` must hold {argv} or {command}: what is to be run");
  if (!options.create.empty() && (options.destroy.empty() || options.list.empty())) {
    return InvalidArgument(
        "what `create` makes must be found and removed again: `list` and `destroy` are needed");
  }
  if (!options.folder.starts_with('/') && !options.folder.starts_with("~/"))
    return InvalidArgument("`folder` must be absolute or below ~/: workspaces are there");
  RETURN_IF_ERROR(CheckWords(options));
  return options;
}

StatusOr<std::unique_ptr<WorkspaceFactory>> NewExecFactory(const WorkspaceOptions& options) {
  ExecOptions exec = options.exec;
  exec.values["directory"] = options.directory;
  ASSIGN_OR_RETURN(exec, CompleteExecOptions(std::move(exec)));
  return NewRemoteFactory({options.directory, "the engine of the workspace"},
                          NewExecEngine(std::move(exec), options.path));
}

std::unique_ptr<RemoteEngine> NewExecEngine(ExecOptions options, std::vector<std::string> path) {
  return std::make_unique<ExecEngine>(std::move(options), std::move(path));
}

}  // namespace regreen
