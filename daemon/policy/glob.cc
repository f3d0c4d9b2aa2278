#include "daemon/policy/glob.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

bool HasParentPart(std::string_view path) {
  const auto parts = Split(path, '/');
  return std::any_of(parts.begin(), parts.end(),
                     [](std::string_view p) { return p == ".." || p == "."; });
}

std::string PathMistake(std::string_view glob) {
  if (glob.front() == '/') return "begins with '/': paths start at the top of the repository";
  if (glob.back() == '/') return "ends with '/': write \"folder/**\" for what is in a folder";
  if (glob.find('\\') != std::string_view::npos) return "holds '\\': folders are divided by '/'";
  if (glob.find("//") != std::string_view::npos) return "holds an empty part (\"//\")";
  if (HasParentPart(glob)) return "holds \".\" or \"..\", which no path of a repository does";
  return {};
}

}  // namespace

std::string GlobMistake(std::string_view glob, bool names_a_path) {
  if (glob.empty()) return "is empty: it would match nothing";
  if (EscapeControl(glob) != glob) return "holds control or invisible characters";
  if (glob.find("***") != std::string_view::npos) return "holds \"***\": write \"*\" or \"**\"";
  const std::size_t brace = glob.find('{');
  if (brace != std::string_view::npos && glob.find(',', brace) < glob.find('}', brace)) {
    return "holds \"{a,b}\", which globs here do not know: write one glob for each";
  }
  return names_a_path ? PathMistake(glob) : std::string();
}

std::vector<std::string> ReadGlobs(TomlTable& table, std::string_view key, bool names_a_path) {
  const auto globs = table.Strings(key);
  if (!globs) return {};
  if (globs->empty())
    table.Error(key, Cat("\"", key, "\" is an empty list: leave it out, or name something"));
  for (const std::string& glob : *globs) {
    const std::string mistake = GlobMistake(glob, names_a_path);
    if (!mistake.empty()) table.Error(key, Cat("the glob ", TomlQuote(glob), " ", mistake));
  }
  return *globs;
}

}  // namespace regreen
