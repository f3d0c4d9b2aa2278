#include "daemon/policy/ci_github.h"

#include <algorithm>
#include <map>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/policy/ci_github_find.h"
#include "daemon/policy/ci_shell.h"

namespace regreen {
namespace {

constexpr std::string_view kFileVariables[] = {"GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH",
                                               "GITHUB_STEP_SUMMARY", "GITHUB_STATE"};

bool IsOfGithub(std::string_view name) {
  return name.starts_with("GITHUB_") || name.starts_with("RUNNER_") || name.starts_with("ACTIONS_");
}

// A run for a pull request is of a merge that GitHub made, and its names are of that.
bool IsOfItsCommit(const RunFacts& run) {
  return run.event == "push" || run.event == "schedule" || run.event == "workflow_dispatch";
}

bool IsPlain(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-") ==
             std::string_view::npos;
}

bool IsOnLinux(const CiNodePtr& job) {
  const std::string* runner = TextMember(job, "runs-on");
  return runner != nullptr && runner->starts_with("ubuntu-");
}

// What expressions can say of the run. Texts that come from elsewhere are left out unless they are
// plain words: they would become a part of the command.
CiContext ContextOf(const RunFacts& run) {
  CiContext context;
  const auto set = [&](const char* name, const std::string& value) {
    if (IsPlain(value)) context.values[Cat("github.", name)] = value;
  };
  set("repository", run.key.repo);
  set("repository_owner", run.key.repo.substr(0, run.key.repo.find('/')));
  set("event_name", run.event);
  set("run_id", run.key.run_id);
  set("run_attempt", Cat(run.key.attempt));
  if (IsOfItsCommit(run)) set("sha", run.commit);
  if (IsOfItsCommit(run)) set("ref_name", run.branch);
  return context;
}

class Resolver {
 public:
  Resolver(const CiFiles& files, const RunFacts& run, GithubPlace place)
      : files_(files), run_(run), place_(std::move(place)) {
    if (IsOnLinux(place_.job)) place_.context.values["runner.os"] = "Linux";
    place_.context.values["github.job"] = place_.job_id;
  }

  StatusOr<ResolvedCommand> Resolve(const std::string& step_name) {
    AddEnv(Member(place_.workflow, "env"));
    AddEnv(Member(place_.job, "env"));
    ASSIGN_OR_RETURN(const CiNodePtr step, FindGithubStep(place_.job, step_name, place_.context));
    NoteWhatIsSetBefore(step);
    AddEnv(Member(step, "env"));
    ResolvedCommand out;
    if (TextMember(step, "uses") != nullptr) {
      ASSIGN_OR_RETURN(out, ResolveAction(step));
    } else {
      ASSIGN_OR_RETURN(out, ResolveRun(step, true));
    }
    out.about = About();
    return out;
  }

 private:
  struct Variable {
    std::string name, text;
    bool known = true;
  };

  // Each expression is read in what stands before it.
  void AddEnv(const CiNodePtr& env) {
    if (!env || !env->is_map()) return;
    std::vector<Variable> added;
    for (const auto& [name, value] : env->members) {
      if (!IsVariableName(name)) continue;
      const auto written = value->is_scalar() ? CertainText(*value) : std::optional<std::string>();
      const auto text = Substitute(written.value_or("${{ ? }}"), place_.context);
      added.push_back({name, text.value_or(""), text.ok()});
    }
    for (Variable& variable : added) {
      std::erase_if(env_, [&](const Variable& known) { return known.name == variable.name; });
      const std::string key = Lower(Cat("env.", variable.name));
      place_.context.values.erase(key);
      if (variable.known) place_.context.values[key] = variable.text;
      env_.push_back(std::move(variable));
    }
  }

  // A step may give later ones variables, by a file; of its text only the names can be told.
  void NoteWhatIsSetBefore(const CiNodePtr& step) {
    const CiNodePtr steps = Member(place_.job, "steps");
    for (const CiNodePtr& before : steps->items) {
      if (before == step) return;
      const std::string* run = TextMember(before, "run");
      if (run != nullptr && run->find("GITHUB_ENV") != std::string::npos)
        Append(set_before_, *run, "\n");
    }
  }

  // The one command of an action of the repository itself.
  StatusOr<ResolvedCommand> ResolveAction(const CiNodePtr& step) {
    const std::string uses = *TextMember(step, "uses");
    if (!uses.starts_with("./"))
      return InvalidArgument(
          Cat("the step uses the action ", Shown(uses), ", which is no command"));
    ASSIGN_OR_RETURN(const std::string folder, FolderBelow(uses));
    const std::string below = folder.empty() ? "" : Cat(folder, "/");
    auto text = files_.read(Cat(below, "action.yml"));
    if (text.status().code() == StatusCode::kNotFound)
      text = files_.read(Cat(below, "action.yaml"));
    if (!text.ok()) return Annotate(text.status(), Cat("the action ", Shown(uses)));
    ASSIGN_OR_RETURN(const CiNodePtr action, ReadCiYaml(*text, "the action"));
    const CiNodePtr steps = Member(Member(action, "runs"), "steps");
    const bool one = steps && steps->is_list() && steps->items.size() == 1;
    if (!one || TextMember(steps->items[0], "run") == nullptr) {
      return InvalidArgument(Cat("the step uses the action ", Shown(uses),
                                 ", and which of its own steps failed is not known"));
    }
    std::erase_if(place_.context.values,
                  [](const auto& value) { return value.first.starts_with("inputs."); });
    CiContext caller = place_.context;
    place_.context.whole.erase("inputs");
    AddInputs(Member(action, "inputs"), Member(step, "with"), caller, place_.context);
    AddEnv(Member(steps->items[0], "env"));
    return ResolveRun(steps->items[0], false);
  }

  StatusOr<ResolvedCommand> ResolveRun(const CiNodePtr& step, bool with_defaults) {
    const std::string* run = TextMember(step, "run");
    if (run == nullptr || Trim(*run).empty()) return InvalidArgument("the step has no \"run\"");
    const auto command = Substitute(*run, place_.context);
    if (!command.ok()) {
      return InvalidArgument(Cat("the step's command holds ", Message(command.status()),
                                 "; give verify.command in the template"));
    }
    ResolvedCommand out;
    ASSIGN_OR_RETURN(out.shell, Setting(step, "shell", with_defaults));
    RETURN_IF_ERROR(CheckShell(out.shell));
    ASSIGN_OR_RETURN(const std::string directory,
                     Setting(step, "working-directory", with_defaults));
    ASSIGN_OR_RETURN(out.directory, FolderBelow(directory));
    ASSIGN_OR_RETURN(const std::string exports, Exports(*command, out.directory));
    out.command = Cat(exports, Trim(*command));
    return out;
  }

  // The step's own, or the job's default, or the workflow's.
  StatusOr<std::string> Setting(const CiNodePtr& step, const char* key, bool with_defaults) {
    const std::string* value = TextMember(step, key);
    for (const CiNodePtr& scope : {place_.job, place_.workflow}) {
      if (value == nullptr && with_defaults)
        value = TextMember(Member(Member(scope, "defaults"), "run"), key);
    }
    if (value == nullptr) return std::string();
    auto text = Substitute(*value, place_.context);
    if (text.ok()) return text;
    return InvalidArgument(Cat("the step's ", key, " holds ", Message(text.status())));
  }

  Status CheckShell(std::string_view shell) {
    const std::string_view program = shell.substr(0, shell.find(' '));
    if (!shell.empty() && program != "bash" && program != "sh") {
      return InvalidArgument(Cat("the step runs in the shell ", Shown(shell),
                                 "; only sh and bash commands can be run here"));
    }
    const std::string* written = TextMember(place_.job, "runs-on");
    const auto runner = Substitute(written == nullptr ? "" : *written, place_.context);
    if (shell.empty() && runner.ok() && Lower(*runner).find("windows") != std::string::npos) {
      return InvalidArgument(
          "the step runs in PowerShell on Windows; only sh and bash commands can be run here");
    }
    return OkStatus();
  }

  // What the runner sets, as words for the shell.
  std::map<std::string, std::string> RunnerVariables(const std::string& directory) const {
    std::map<std::string, std::string> known = {{"GITHUB_ACTIONS", "true"},
                                                {"RUNNER_TEMP", "\"${TMPDIR:-/tmp}\""},
                                                {"GITHUB_JOB", SingleQuoted(place_.job_id)},
                                                {"GITHUB_WORKFLOW", SingleQuoted(run_.workflow)}};
    for (const std::string_view name : kFileVariables) known[std::string(name)] = "/dev/null";
    for (const char* name : {"repository", "repository_owner", "event_name", "run_id",
                             "run_attempt", "sha", "ref_name"}) {
      const auto value = place_.context.values.find(Cat("github.", name));
      if (value == place_.context.values.end()) continue;
      std::string variable = Cat("GITHUB_", name);
      for (char& c : variable) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      }
      known[variable] = SingleQuoted(value->second);
    }
    if (IsOnLinux(place_.job)) known["RUNNER_OS"] = "Linux";
    std::vector<std::string> up;
    if (!directory.empty()) up.assign(Split(directory, '/').size(), "..");
    known["GITHUB_WORKSPACE"] =
        up.empty() ? "\"$PWD\"" : Cat("\"$(cd ", Join(up, "/"), " && pwd)\"");
    return known;
  }

  // A value that is not certain is left out, unless the command reads it.
  StatusOr<std::string> Exports(std::string_view command, const std::string& directory) const {
    const auto read = VariablesRead(command);
    std::string out;
    for (const Variable& variable : env_) {
      if (variable.known && !Assigns(set_before_, variable.name)) {
        Append(out, "export ", variable.name, "=", SingleQuoted(variable.text), "\n");
      } else if (read.contains(variable.name)) {
        return NotKnown(variable.name);
      }
    }
    const auto of_runner = RunnerVariables(directory);
    for (const std::string& name : read) {
      if (std::any_of(env_.begin(), env_.end(), [&](const auto& v) { return v.name == name; }) ||
          Assigns(command, name))
        continue;
      if (const auto known = of_runner.find(name); known != of_runner.end()) {
        Append(out, "export ", name, "=", known->second, "\n");
      } else if (IsOfGithub(name) || Assigns(set_before_, name)) {
        return NotKnown(name);
      }
    }
    return out;
  }

  static Status NotKnown(std::string_view name) {
    return InvalidArgument(
        Cat("the command reads the variable ", Shown(name), ", whose value only the CI can know"));
  }

  std::string About() const {
    std::vector<std::string> parts, names;
    const CiNodePtr container = Member(place_.job, "container");
    const std::string* image =
        container && container->is_scalar() ? &container->text : TextMember(container, "image");
    if (image != nullptr) parts.push_back(Cat("in the image ", Shown(*image)));
    const CiNodePtr services = Member(place_.job, "services");
    for (const auto& [name, service] : services ? services->members : CiNode().members) {
      if (names.size() < 5) names.push_back(Shown(name));
    }
    if (!names.empty())
      parts.push_back(Cat("beside the services ", Join(names, ", "), ", which no workspace has"));
    return parts.empty() ? "" : Cat("in CI it runs ", Join(parts, ", "));
  }

  const CiFiles& files_;
  const RunFacts& run_;
  GithubPlace place_;
  std::vector<Variable> env_;
  std::string set_before_;  // commands of earlier steps that set variables
};

}  // namespace

StatusOr<ResolvedCommand> GithubCommand(const std::string& path, const CiFiles& files,
                                        const RunFacts& run, const JobFacts& job) {
  ASSIGN_OR_RETURN(const std::string text, files.read(path));
  ASSIGN_OR_RETURN(const CiNodePtr workflow, ReadCiYaml(text, "the workflow"));
  ASSIGN_OR_RETURN(GithubPlace place, FindGithubJob(workflow, job.name, ContextOf(run), files));
  return Resolver(files, run, std::move(place)).Resolve(job.failed_step);
}

}  // namespace regreen
