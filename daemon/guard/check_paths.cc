#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/guard/checks.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestPath = 4096;
constexpr std::size_t kLongestShown = 200;

std::string NameMistake(std::string_view path) {
  if (path.empty()) return "the name is empty";
  if (path.size() > kLongestPath) return "the name is longer than any path may be";
  if (ToValidUtf8(path) != path) return "the name is not valid UTF-8";
  if (EscapeControl(path) != path) return "the name holds control or invisible characters";
  if (path.front() == '/') return "the name is an absolute path";
  if (path.find('\\') != std::string_view::npos)
    return "the name holds '\\', which divides folders on some systems";
  const auto parts = Split(path, '/');
  const bool leaves = std::any_of(parts.begin(), parts.end(), [](std::string_view p) {
    return p.empty() || p == "." || p == "..";
  });
  return leaves ? "the name holds an empty part, \".\" or \"..\"" : "";
}

// Git's own files, also under the names by which NTFS and HFS+ find them (git's verify_path and its
// CVE-2014-9390): trailing dots and blanks, streams, short names. Folders of forges are not git's.
bool IsGitName(std::string_view part) {
  std::string name = Lower(part.substr(0, part.find(':')));
  while (!name.empty() && (name.back() == '.' || name.back() == ' ')) name.pop_back();
  constexpr std::string_view kNotOfGit[] = {".github", ".gitlab", ".gitlab-ci.yml", ".gitea",
                                            ".gitkeep"};
  if (std::find(std::begin(kNotOfGit), std::end(kNotOfGit), name) != std::end(kNotOfGit))
    return false;
  return name.starts_with(".git") || name.starts_with("git~") || name.starts_with(".git~");
}

bool NamesLiterally(const Plan& plan, std::string_view path) {
  return path.find_first_of("*?") == std::string_view::npos &&
         std::find(plan.guard_paths.begin(), plan.guard_paths.end(), path) !=
             plan.guard_paths.end();
}

bool MatchesAny(const std::vector<std::string>& globs, std::string_view path) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return GlobMatch(glob, path); });
}

bool Lifted(const ProtectedPaths& rule, const Plan& plan, std::string_view path) {
  if (NamesLiterally(plan, path)) return true;
  return rule.lift == ProtectedPaths::Lift::kGlob && MatchesAny(plan.guard_paths, path);
}

std::string Octal(unsigned mode) {
  std::string digits;
  for (; mode > 0; mode >>= 3) digits.insert(digits.begin(), static_cast<char>('0' + (mode & 7)));
  return digits;
}

}  // namespace

std::string ShownPath(std::string_view path) {
  return Truncate(EscapeControl(path), kLongestShown);
}

void CheckName(const FileText& file, const Plan& plan, Findings& out) {
  const std::string mistake = NameMistake(file.path);
  if (!mistake.empty()) out.push_back({"name", ShownPath(file.path), 0, Cat(mistake, ".")});
  const auto parts = Split(file.path, '/');
  if (std::none_of(parts.begin(), parts.end(), IsGitName)) return;
  const std::string_view last = parts.back();
  const bool may_be_named = (last == ".gitignore" || last == ".gitattributes") &&
                            std::count_if(parts.begin(), parts.end(), IsGitName) == 1;
  if (may_be_named && NamesLiterally(plan, file.path)) return;
  out.push_back(
      {"git-file", ShownPath(file.path), 0,
       may_be_named
           ? "git obeys this file; a template must name it in [guard] paths, without wildcards."
           : "this is one of git's own files, which no patch may touch."});
}

void CheckModes(const FileText& file, Findings& out) {
  const bool deleted = file.kind == FileChange::Kind::kDeleted;
  constexpr unsigned kFile = 0100644, kProgram = 0100755, kLink = 0120000, kSubmodule = 0160000;
  for (const unsigned mode : {deleted ? 0u : file.new_mode, file.old_mode}) {
    if (mode == 0 || mode == kFile || mode == kProgram) continue;
    if (deleted && mode == kLink) continue;  // a link may go
    const std::string what = mode == kLink        ? "a symbolic link"
                             : mode == kSubmodule ? "a submodule"
                                                  : Cat("a file of mode ", Octal(mode));
    out.push_back({"mode", ShownPath(file.path), 0,
                   Cat("the patch changes ", what, "; only regular files may change.")});
    return;
  }
}

void CheckPlace(const FileText& file, const Plan& plan, const GuardRules& rules, Findings& out) {
  const bool allowed = MatchesAny(plan.guard_paths, file.path);
  if (!plan.guard_paths.empty() && !allowed) {
    out.push_back({"paths", ShownPath(file.path), 0,
                   Cat("the template's [guard] paths do not let patches go here: ",
                       Truncate(EscapeControl(Join(plan.guard_paths, ", ")), 200), ".")});
  }
  if (file.binary && !allowed && plan.guard_paths.empty()) {
    out.push_back({"binary", ShownPath(file.path), 0,
                   "the change is binary, which nobody can review; a template must name it in "
                   "[guard] paths."});
  }
  const std::string lower = Lower(file.path);
  for (const ProtectedPaths& rule : rules.protected_paths()) {
    if (!MatchesAny(rule.paths, lower) || Lifted(rule, plan, file.path)) continue;
    const bool literal = rule.lift == ProtectedPaths::Lift::kLiteral;
    out.push_back({rule.name, ShownPath(file.path), 0,
                   Cat("this file ", rule.about,
                       "; a template that may change it must name it in [guard] paths",
                       literal ? ", without wildcards." : ".")});
  }
  if (file.kind != FileChange::Kind::kDeleted) return;
  for (const DeletedFiles& rule : rules.deleted_files()) {
    if (MatchesAny(rule.paths, file.path)) {
      out.push_back({rule.name, ShownPath(file.path), 0,
                     Cat("the patch deletes this file, which ", rule.about, ".")});
    }
  }
}

}  // namespace regreen
