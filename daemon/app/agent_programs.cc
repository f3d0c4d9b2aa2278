#include "daemon/app/agent_programs.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// The oldest that knows the options and prints the events that its kind is driven by.
struct Oldest {
  const char* kind;
  std::vector<int> version;
};
const Oldest kOldest[] = {{"claude", {2, 0}}, {"codex", {0, 100}}};

// The program of an agent as it is named, "" when shell text could name any.
std::string Named(const AgentConfig& agent) {
  if (agent.kind == "claude" || agent.kind == "codex")
    return agent.command.empty() ? agent.kind : agent.command;
  if (agent.kind != "acp") return "";
  const std::string_view text = Trim(agent.command);
  const std::string word(text.substr(0, text.find(' ')));
  return word.find_first_of("\"'`$;&|<>()=\n") == std::string::npos ? word : "";
}

bool IsShownInside(const WorkspaceConfig& workspace, const std::filesystem::path& path) {
  if (workspace.kind != "sandbox") return true;
  std::vector<std::string> shown = workspace.read_only_paths;
  shown.insert(shown.end(), {"/usr", "/bin", "/sbin"});
  return std::any_of(shown.begin(), shown.end(), [&](std::string folder) {
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    return path == folder || path.string().starts_with(folder + "/");
  });
}

std::vector<int> VersionIn(std::string_view text) {
  std::vector<int> version;
  const std::size_t digits = text.find_first_of("0123456789");
  if (digits == std::string_view::npos) return version;
  const std::string_view rest = text.substr(digits);
  for (const std::string_view part :
       Split(rest.substr(0, rest.find_first_not_of("0123456789.")), '.')) {
    std::int64_t number = 0;
    if (!ParseInt64(part, &number)) break;
    version.push_back(static_cast<int>(std::min<std::int64_t>(number, 1 << 30)));
  }
  return version;
}

}  // namespace

StatusOr<std::string> FindAgentProgram(const WorkspaceConfig& workspace, const AgentConfig& agent) {
  const std::string name = Named(agent);
  const bool here = workspace.kind == "sandbox" || workspace.kind == "worktree";
  if (name.empty() || !here) return std::string();
  std::vector<std::string> candidates = {name};
  if (name.find('/') == std::string::npos) {
    candidates.clear();
    std::vector<std::string> folders = workspace.path;
    folders.insert(folders.end(), {"/usr/local/bin", "/usr/bin", "/bin"});
    for (const std::string& folder : folders) candidates.push_back(Cat(folder, "/", name));
  }
  for (const std::string& candidate : candidates) {
    std::error_code error;
    const auto real = std::filesystem::canonical(candidate, error);
    if (error || access(candidate.c_str(), X_OK) != 0) continue;
    if (IsShownInside(workspace, candidate) && IsShownInside(workspace, real)) return candidate;
    return NotFound(Cat("the program ", candidate,
                        " is on this machine, but workspaces do not see it: add its folder to "
                        "workspace.read_only_paths (of a link, also the folder that it leads to: ",
                        real.parent_path().string(), ")"));
  }
  return NotFound(Cat("the program ", EscapeControl(name),
                      " is not where workspaces look; install it, and add its folder to "
                      "workspace.path and workspace.read_only_paths, or name it by its path"));
}

StatusOr<std::string> AgentProgramVersion(const AgentConfig& agent, const std::string& path,
                                          const std::string& scratch) {
  ProcessSpec spec;
  spec.argv = {path, "--version"};
  spec.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", scratch}, {"TMPDIR", scratch}};
  spec.cwd = scratch;
  spec.timeout = absl::Seconds(30);
  spec.merge_stderr = true;
  ASSIGN_OR_RETURN(const ProcessResult result, RunProcess(spec));
  const std::string says = EscapeControl(Truncate(Trim(result.out), 200));
  if (result.timed_out || result.exit_code != 0)
    return FailedPrecondition(Cat(path, " --version ends with ", result.exit_code, ": ", says));
  for (const Oldest& oldest : kOldest) {
    if (agent.kind != oldest.kind || VersionIn(result.out) >= oldest.version) continue;
    return FailedPrecondition(Cat(path, " is too old for an agent of kind ", agent.kind, " (",
                                  oldest.version[0], ".", oldest.version[1],
                                  " is needed); it says: ", says));
  }
  return says;
}

}  // namespace regreen
