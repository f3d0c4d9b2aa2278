// The failing command of a run: the delivery's own, or of the CI definition at that commit.
#include "daemon/base/text.h"
#include "daemon/pipeline/collect.h"
#include "daemon/policy/ci_definition.h"

namespace regreen {
namespace {

constexpr std::size_t kMostFileBytes = 256 << 10;
constexpr std::size_t kMostFiles = 100;
constexpr std::size_t kMostBytes = 1 << 20;

// The folder that all that fits a glob is below, "" for the root.
std::string FixedFolder(const std::string& glob) {
  const std::size_t slash = glob.substr(0, glob.find('*')).rfind('/');
  return slash == std::string::npos ? "" : glob.substr(0, slash);
}

CiFiles FilesAt(Mirror& mirror, const std::string& folder, const std::string& commit) {
  CiFiles files;
  files.read = [&mirror, folder, commit](const std::string& path) {
    return mirror.ReadFileAt(folder, commit, path, kMostFileBytes);
  };
  files.match =
      [&mirror, folder, commit](
          const std::string& glob) -> StatusOr<std::vector<std::pair<std::string, std::string>>> {
    const std::string within = FixedFolder(glob);
    const std::string prefix = within.empty() ? "" : Cat(within, "/");
    FolderLimits limits{kMostFiles, kMostBytes, true, {}};
    limits.wants = [&](const std::string& name) { return GlobMatch(glob, Cat(prefix, name)); };
    auto found = mirror.ReadFolderAt(folder, commit, within, limits);
    if (found.status().code() == StatusCode::kNotFound)
      return std::vector<std::pair<std::string, std::string>>();
    if (found.ok()) {
      for (auto& [name, bytes] : *found) name = Cat(prefix, name);
    }
    return found;
  };
  return files;
}

}  // namespace

StatusOr<ResolvedCommand> Collector::FailingCommandOf(Forge& forge, const RunHint& hint,
                                                      const RunFacts& run, const JobFacts& job,
                                                      std::stop_token stop) const {
  if (!hint.command.empty()) return ResolvedCommand{hint.command, "", "", ""};
  DefinitionPlace place;
  if (const auto known = deps_.definitions.find(run.ci); known != deps_.definitions.end())
    place = known->second;
  if (place.path.empty())
    place.path = place.definition == CiDefinition::kGitlab ? ".gitlab-ci.yml" : run.workflow_path;
  if (place.definition == CiDefinition::kNone || place.path.empty())
    return NotFound("the delivery does not say which command failed");
  ASSIGN_OR_RETURN(const GitRemote remote, forge.Remote(run.key.repo));
  ASSIGN_OR_RETURN(const std::string folder, deps_.mirror->Ensure(remote, run.commit, stop));
  return FailingCommand(place.definition, place.path, FilesAt(*deps_.mirror, folder, run.commit),
                        run, job);
}

}  // namespace regreen
