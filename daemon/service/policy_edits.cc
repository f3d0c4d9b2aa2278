#include "daemon/service/policy_edits.h"

#include <algorithm>
#include <set>

#include "daemon/base/text.h"
#include "daemon/triage/triage.h"

namespace regreen {
namespace {

constexpr std::size_t kMostFiles = 2'000;
constexpr std::size_t kLongestPath = 200;

StatusOr<PolicyEdit> ReadEdit(const std::string& path, const Json& value) {
  const std::string shown = EscapeControl(Truncate(path, kLongestPath));
  if (path.size() > kLongestPath || !IsPolicyPath(path) || EscapeControl(path) != path) {
    return InvalidArgument(
        Cat("\"", shown,
            "\" is no policy file: name it as templates/NAME.toml, or in base, rules or guard, "
            "or prompts/NAME.md"));
  }
  if (value.IsNull()) return PolicyEdit{path, std::nullopt};
  if (!value.IsString())
    return InvalidArgument(Cat("\"", shown, "\" must hold the file's text, or null to remove it"));
  return PolicyEdit{path, value.StringOr("")};
}

StatusOr<std::vector<PolicyEdit>> ReadEdits(const Json& files) {
  if (!files.IsObject()) {
    return InvalidArgument(
        "\"files\" must be an object of paths and texts: {\"templates/x.toml\": \"…\"}");
  }
  if (files.size() > kMostFiles)
    return InvalidArgument(Cat("\"files\" has more than ", kMostFiles, " members"));
  std::vector<PolicyEdit> edits;
  std::set<std::string> seen;
  for (const auto& [path, value] : files.Members()) {
    ASSIGN_OR_RETURN(PolicyEdit edit, ReadEdit(path, value));
    if (!seen.insert(path).second) return InvalidArgument(Cat("\"", path, "\" is there twice"));
    edits.push_back(std::move(edit));
  }
  return edits;
}

}  // namespace

StatusOr<Policies> ReadEditedPolicies(const Json& files, const Json& base, const Policies& current,
                                      Problems& problems) {
  ASSIGN_OR_RETURN(const std::vector<PolicyEdit> edits, ReadEdits(files));
  const std::string over = base.IsNull() ? "current" : base.StringOr("");
  if (over != "current" && over != "none")
    return InvalidArgument("\"base\" must be \"current\" or \"none\"");
  const Policies nothing;
  const Policies& under = over == "current" ? current : nothing;
  Policies read = LoadEditedPolicies(under, edits, problems);
  if (read.rules != nullptr && read.rules != under.rules) CheckExamples(*read.rules, problems);
  if (read.guard != nullptr) CheckExamples(*read.guard, problems);
  return read;
}

Status CheckKeys(const Json& object, std::span<const std::string> known) {
  if (!object.IsObject()) return InvalidArgument("the body must be a JSON object");
  std::set<std::string> seen;
  for (const auto& [key, value] : object.Members()) {
    const std::string shown = EscapeControl(Truncate(key, kLongestPath));
    if (std::find(known.begin(), known.end(), key) == known.end())
      return InvalidArgument(Cat("unknown key \"", shown, "\"", DidYouMean(key, known)));
    if (!seen.insert(key).second) return InvalidArgument(Cat("\"", shown, "\" is there twice"));
  }
  return OkStatus();
}

}  // namespace regreen
