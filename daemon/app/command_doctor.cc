#include <filesystem>

#include "adapters/store/sqlite.h"
#include "adapters/workspace/coder.h"
#include "adapters/workspace/machine.h"
#include "adapters/workspace/registry.h"
#include "daemon/app/agent_programs.h"
#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/wiring.h"
#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/secret.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using State = MachineFinding::State;

const char* Word(State state) {
  return state == State::kGood ? "ok" : state == State::kNote ? "note" : "bad";
}

// Printed at the end as JSON, or each as it comes.
class Findings {
 public:
  explicit Findings(bool json) : json_(json) {}

  void Note(std::string_view what, const Status& status, std::string_view when_good) {
    Note({std::string(what), status.ok() ? State::kGood : State::kBad,
          status.ok() ? std::string(when_good) : Message(status), ""});
  }
  void Note(const MachineFinding& finding) {
    all_.push_back(finding);
    if (json_) return;
    constexpr const char* kMarks[] = {"  ok  ", " note ", " BAD  "};
    PrintOut(Cat(kMarks[static_cast<int>(finding.state)], finding.what, ": ",
                 EscapeControlKeepLines(finding.says), "\n"));
    if (!finding.advice.empty()) PrintOut(Cat("      ", finding.advice, "\n"));
  }
  int End() const {
    bool bad = false;
    JsonWriter out;
    out.BeginObject().Key("findings").BeginArray();
    for (const MachineFinding& finding : all_) {
      bad = bad || finding.state == State::kBad;
      out.BeginObject().Field("what", finding.what).Field("state", Word(finding.state));
      out.Field("says", finding.says).Field("advice", finding.advice).EndObject();
    }
    out.EndArray().Field("ok", !bad).EndObject();
    if (json_) PrintOut(Cat(out.Take(), "\n"));
    return bad ? kBad : kDone;
  }

 private:
  const bool json_;
  std::vector<MachineFinding> all_;
};

Status TryStore(const std::string& path) {
  RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(path).parent_path(), 0700));
  const SystemClock clock;
  ASSIGN_OR_RETURN(const auto store, OpenSqliteStore(path, clock));
  return store->Ping();
}

void LookAtWorkspace(const WorkspaceOptions& options, Findings& findings) {
  if (options.kind == "sandbox") {
    for (const MachineFinding& finding : LookAtMachine(options)) findings.Note(finding);
    return;
  }
  const auto factory = CreateWorkspaceFactory(options);
  findings.Note(Cat("workspace \"", options.kind, "\""),
                factory.ok() ? (*factory)->Probe() : factory.status(),
                options.kind == "container" ? "the program answers, and lists its containers"
                                            : "works, WITHOUT isolation: for code that you trust");
}

// Its program, its server, whose the token is, and whether the template is there and is asked for
// what it has.
void LookAtCoder(const std::string& name, const CoderConfig& coder, const std::string& ca_file,
                 const std::filesystem::path& scratch, Findings& findings) {
  CoderOptions options = OptionsOf(coder);
  const auto token = ResolveSecret(coder.token);
  Status status = token.ok() ? CheckCoderOptions(options) : token.status();
  if (status.ok()) {
    options.token = *token;
    options.ca_file = ca_file;
    options.client = (scratch / "coder").string();
    status = NewCoderEngine(std::move(options))->Probe();
  }
  findings.Note(Cat("coder.", name), status,
                Cat(coder.program, " is there, ", coder.url,
                    " takes the token, and has the template ", coder.template_name));
}

// Whether its programs are there and answer.
void LookAtExec(const std::string& name, const ExecConfig& exec,
                const std::filesystem::path& scratch, Findings& findings) {
  ExecOptions options = OptionsOf(exec);
  options.values["directory"] = (scratch / "exec").string();
  const auto complete = CompleteExecOptions(std::move(options));
  findings.Note(Cat("exec.", name),
                complete.ok() ? NewExecEngine(*complete, {})->Probe() : complete.status(),
                "the engine answers, and lists its machines");
}

void LookAtPolicies(const std::string& folder, Findings& findings) {
  Problems problems;
  const Policies policies = LoadPolicyFolder(folder, problems);
  const Status status = problems.ToStatus();
  findings.Note("policies", status,
                status.ok() ? Cat(policies.templates->templates().size(), " templates, ",
                                  policies.rules->size(), " log rules in ", folder)
                            : "");
}

void LookAtSecrets(const Config& config, Findings& findings) {
  const auto look = [&](const std::string& key, const std::string& reference) {
    if (reference.empty()) return;
    findings.Note(key, ResolveSecret(reference).status(), "can be read");
  };
  for (const auto& [name, api] : config.api) look(Cat("api.", name, ".token"), api.token);
  for (const auto& [name, forge] : config.forge) {
    look(Cat("forge.", name, ".token"), forge.token);
    look(Cat("forge.", name, ".app_key"), forge.app_key);
  }
  for (const auto& [name, ci] : config.ci) {
    look(Cat("ci.", name, ".secret"), ci.secret);
    for (const std::string& old : ci.old_secrets) look(Cat("ci.", name, ".old_secrets"), old);
  }
  for (const auto& [name, network] : config.network)
    look(Cat("network.", name, ".key"), network.key);
}

// Whether what webhooks do not tell is found.
void LookAtSweeps(const Config& config, Findings& findings) {
  for (const auto& [name, forge] : config.forge) {
    if (forge.kind != "github" && forge.kind != "gitlab") continue;
    findings.Note(
        Cat("forge.", name, ".sweep"), OkStatus(),
        forge.sweep.empty()
            ? std::string("none: failures whose webhooks are lost are not found")
            : Cat("every ", absl::FormatDuration(forge.sweep_every), ", ",
                  absl::FormatDuration(forge.look_back), " back: ", Join(forge.sweep, ", ")));
  }
}

void LookAtAgents(const Config& config, const std::string& scratch, Findings& findings) {
  for (const auto& [name, agent] : config.agent) {
    const std::string what = Cat("agent \"", name, "\" (", agent.kind, ")");
    const auto path = FindAgentProgram(config.workspace, agent);
    if (!path.ok()) {
      findings.Note(what, path.status(), "");
    } else if (path->empty()) {
      findings.Note(what, OkStatus(), "its command is known in the workspace alone");
    } else {
      const auto version = AgentProgramVersion(agent, *path, scratch);
      findings.Note(what, version.status(), version.ok() ? Cat(*path, ": ", *version) : "");
    }
  }
}

}  // namespace

int Doctor(const DoctorArguments& arguments) {
  LogWarningsOnly();
  Findings findings(arguments.json);
  const auto scratch = TempDir::Create(std::filesystem::temp_directory_path(), "regreen-doctor-");
  if (!scratch.ok()) return Complain(scratch.status());
  if (arguments.config.empty()) {
    LookAtWorkspace({"sandbox", scratch->path().string(), {}, {}}, findings);
    findings.Note("store", TryStore((scratch->path() / "store.db").string()),
                  "SQLite works in the temporary folder");
    LookAtPolicies(ShippedPolicies(), findings);
    return findings.End();
  }
  Problems problems;
  const Config config = LoadConfig(arguments.config, problems);
  findings.Note("configuration", problems.ToStatus(), arguments.config);
  // In a folder of its own: a daemon may be at work in the configured one.
  for (const ConfiguredWorkspace& one : WorkspacesOf(config)) {
    if (one.config->kind == "coder" || one.config->kind == "exec") continue;  // by their sections
    WorkspaceOptions options{one.config->kind, (scratch->path() / one.name).string(),
                             one.config->read_only_paths, one.config->path};
    options.container = {one.config->program, one.config->image, one.config->rootfs,
                         one.config->options};
    LookAtWorkspace(options, findings);
  }
  for (const auto& [name, coder] : config.coder)
    LookAtCoder(name, coder, config.http.ca_file, scratch->path(), findings);
  for (const auto& [name, exec] : config.exec) LookAtExec(name, exec, scratch->path(), findings);
  findings.Note("store", TryStore(config.store.path), Cat(config.store.path, " can be written"));
  if (config.policies.remote.empty()) LookAtPolicies(config.policies.directory, findings);
  LookAtSecrets(config, findings);
  LookAtSweeps(config, findings);
  LookAtAgents(config, scratch->path().string(), findings);
  return findings.End();
}

}  // namespace regreen
