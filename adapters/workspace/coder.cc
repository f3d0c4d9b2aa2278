#include "adapters/workspace/coder.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "adapters/workspace/kinds.h"
#include "adapters/workspace/remote_script.h"
#include "daemon/base/file.h"
#include "daemon/base/log.h"
#include "daemon/base/mutex.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// What a person must change first holds a task back, as a failed probe does: it does not end it.
Status HeldBack(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kUnauthenticated:
    case StatusCode::kPermissionDenied:
      return FailedPrecondition(Message(status));
    case StatusCode::kAlreadyExists:
      return Aborted(Message(status));
    default:
      return status;
  }
}

bool IsThere(const std::string& program) {
  if (program.find('/') == std::string::npos) return FindProgram(program).ok();
  return access(program.c_str(), X_OK) == 0;
}

class CoderEngine final : public RemoteEngine {
 public:
  explicit CoderEngine(CoderOptions options)
      : options_(std::move(options)),
        http_(NewHttpClient(options_.ca_file)),
        api_(*http_, options_.url, options_.token),
        workspaces_(api_, options_.times),
        glance_(api_, {options_.times.poll, {}, {}, {}}) {}

  RemoteTraits traits() const override {
    RemoteTraits traits;
    traits.folder = options_.folder;
    // Coder's agent runs as the very user that commands run as, and must not be killed with them.
    traits.own_machine = false;
    traits.keep_env = options_.keep_env;
    traits.path = options_.path;
    return traits;
  }

  Status Probe() override {
    if (!IsThere(options_.program)) {
      return FailedPrecondition(
          Cat("the program ", EscapeControl(options_.program), " is not there: install Coder's ",
              "command line, for example by `curl -fsSL ", options_.url, "/install.sh | sh`, or ",
              "name its path in the workspace's program"));
    }
    RETURN_IF_ERROR(MakeDirectories(options_.client, 0700));
    RETURN_IF_ERROR(HeldBack(CoderUser(api_, {}).status()));
    return HeldBack(ResolveTemplate(api_, options_.choice, {}).status());
  }

  StatusOr<RemoteMachine> Create(const RemoteRequest& request, std::stop_token stop) override {
    if (request.spec->of_fork) {
      return PermissionDenied(
          "a fork's code is not run on a Coder server: what a workspace there reaches and holds is "
          "its template's affair");
    }
    LookAfterLeaving();
    RETURN_IF_ERROR(MakeDirectories(options_.client, 0700));
    const auto from = ResolveTemplate(api_, options_.choice, stop);
    if (!from.ok()) return HeldBack(from.status());
    const auto made =
        workspaces_.Create(*from, request.name, options_.choice.parameters, options_.ttl, stop);
    if (!made.ok()) return HeldBack(made.status());
    RETURN_IF_ERROR(HeldBack(workspaces_.AwaitReady(*made, options_.agent, stop).status()));
    return RemoteMachine{};
  }

  LocalCommand Command(const std::string& name,
                       const std::vector<std::string>& words) const override {
    LocalCommand command = Attach(name);
    // The words become one line there, which a shell reads.
    std::vector<std::string> quoted;
    for (const std::string& word : words) quoted.push_back(ShellQuoted(word));
    command.argv.insert(command.argv.end(), {"--", Join(quoted, " ")});
    return command;
  }

  LocalCommand Attach(const std::string& name) const override {
    LocalCommand command;
    const std::string place = options_.agent.empty() ? name : Cat(name, ".", options_.agent);
    command.argv = {options_.program, "ssh", "--wait", "yes", place};
    command.env = ClientEnvironment({"LANG"});
    std::erase_if(command.env, [](const auto& one) {
      return one.first != "PATH" && one.first != "TMPDIR" && one.first != "LANG";
    });
    // Its own files, where a login of a person would be, are not the person's.
    command.env.insert(command.env.end(), {{"HOME", options_.client},
                                           {"CODER_CONFIG_DIR", options_.client},
                                           {"CODER_URL", options_.url},
                                           {"CODER_SESSION_TOKEN", options_.token.Reveal()},
                                           // A workspace that was stopped has lost what is in it.
                                           {"CODER_SSH_DISABLE_AUTOSTART", "true"},
                                           {"CODER_NO_VERSION_WARNING", "true"}});
    if (!options_.ca_file.empty()) command.env.push_back({"SSL_CERT_FILE", options_.ca_file});
    return command;
  }

  // The workspace is our user's, so that a person names both; nothing of ours is in their command.
  StatusOr<RemoteWayIn> WayIn(const std::string& name) override {
    const auto user = CoderUser(api_, {});
    if (!user.ok()) return HeldBack(user.status());
    const std::string place = Cat(*user, "/", name);
    return RemoteWayIn{
        {"coder", "ssh", options_.agent.empty() ? place : Cat(place, ".", options_.agent)},
        Cat(options_.url, "/@", place)};
  }

  Status Destroy(const std::string& name) override { return End(workspaces_, name); }

  StatusOr<std::vector<std::string>> List(const std::string& prefix) override {
    ASSIGN_OR_RETURN(const std::vector<CoderWorkspace> found, workspaces_.List(prefix, {}));
    std::vector<std::string> names;
    for (const CoderWorkspace& one : found) names.push_back(one.name);
    return names;
  }

 private:
  Status End(const CoderWorkspaces& by, const std::string& name) {
    const auto gone = by.Delete(name, {});
    MutexLock lock(mutex_);
    if (gone.ok() && *gone) {
      leaving_.erase(name);
    } else {
      leaving_.insert(name);
    }
    return gone.status();
  }
  // What was not gone when it was last looked at: a deletion can fail, and a lost answer may have
  // made something all the same.
  void LookAfterLeaving() {
    std::set<std::string> names;
    {
      MutexLock lock(mutex_);
      names.swap(leaving_);
    }
    for (const std::string& name : names) {
      const Status status = End(glance_, name);
      if (!status.ok())
        LogError("a Coder workspace stays", {{"name", name}, {"why", Message(status)}});
    }
  }

  const CoderOptions options_;
  const std::unique_ptr<HttpClient> http_;
  const CoderApi api_;
  const CoderWorkspaces workspaces_;
  const CoderWorkspaces glance_;  // does not wait
  Mutex mutex_;
  std::set<std::string> leaving_ RG_GUARDED_BY(mutex_);
};

}  // namespace

Status CheckCoderOptions(const CoderOptions& options) {
  std::string mistakes;
  const auto note = [&](std::string_view words) {
    Append(mistakes, mistakes.empty() ? "" : "\n", words);
  };
  const auto url = ParseUrl(options.url);
  if (!url.ok()) {
    note(Cat("url: ", Message(url.status())));
  } else if (url->path != "/" || options.url.ends_with('/')) {
    note("url: is the server's address alone, such as https://coder.example.org");
  } else if (url->scheme == "http" && !IsLoopbackHost(url->host)) {
    note("url: http would send the token in clear; use https");
  }
  if (options.choice.template_name.empty())
    note("template: names no template; deploy/coder has one that can be pushed as it is");
  if (!options.folder.starts_with('/') && !options.folder.starts_with("~/"))
    note("folder: must be absolute or below ~/: workspaces are there");
  if (options.program.empty()) note("program: names no program, such as coder");
  for (const auto& [name, value] : options.choice.parameters)
    if (name.empty()) note("parameters: a parameter has no name");
  for (const std::string& name : options.keep_env) {
    if (!IsVariableName(name)) {
      note(Cat("keep_env: \"", EscapeControl(name), "\" is no name of a variable"));
    } else if (name.starts_with("CODER_AGENT_")) {
      note(Cat("keep_env: ", name, " is for Coder's agent: its token opens what its owner has"));
    }
  }
  // By coderd's own check.
  if (options.ttl != absl::ZeroDuration() &&
      (options.ttl < absl::Minutes(1) || options.ttl > absl::Hours(24 * 30)))
    note("ttl: must be from 1m to 720h, or 0 for the template's own");
  if (options.times.ready < absl::Seconds(10) || options.times.ready > absl::Hours(24))
    note("ready: must be from 10s to 24h");
  return mistakes.empty() ? OkStatus() : InvalidArgument(mistakes);
}

StatusOr<std::unique_ptr<WorkspaceFactory>> NewCoderFactory(const WorkspaceOptions& options) {
  CoderOptions coder = options.coder;
  RETURN_IF_ERROR(CheckCoderOptions(coder));
  coder.client = options.directory + ".coder";
  coder.ca_file = options.ca_file;
  coder.path = options.path;
  return NewRemoteFactory({options.directory, Cat("the Coder server ", options.coder.url)},
                          NewCoderEngine(std::move(coder)));
}

std::unique_ptr<RemoteEngine> NewCoderEngine(CoderOptions options) {
  return std::make_unique<CoderEngine>(std::move(options));
}

}  // namespace regreen
