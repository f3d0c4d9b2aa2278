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

bool Lifted(const ProtectedPaths& rule, const Plan& plan, std::string_view path) {
  if (Allows(plan, rule.name) || NamesLiterally(plan, path)) return true;
  return rule.lift == ProtectedPaths::Lift::kGlob && MatchesAny(plan.guard_paths, path);
}

// Where a link leads, by the names alone.
bool LeavesTree(std::string_view path, std::string_view target) {
  if (target.empty() || target.front() == '/' || target.find('\\') != std::string_view::npos)
    return true;
  int depth = static_cast<int>(std::count(path.begin(), path.end(), '/'));
  for (const std::string_view part : Split(target, '/')) {
    if (IsGitName(part)) return true;
    if (part == "..") --depth;
    if (!part.empty() && part != "." && part != "..") ++depth;
    if (depth < 0) return true;
  }
  return false;
}

// The text of a link is its target.
void CheckLink(const FileText& file, const Plan& plan, Findings& out) {
  std::string_view target;
  int lines = 0;
  for (const ChangedLine& line : file.lines) {
    if (!line.added) continue;
    ++lines;
    target = line.text;
  }
  if (lines != 1 || LeavesTree(file.path, target)) {
    out.push_back({"link-target", ShownPath(file.path), 0,
                   Cat("the patch makes a symbolic link that leaves the tree: \"",
                       ShownPath(target), "\".")});
  } else if (!Allows(plan, "link")) {
    out.push_back({"link", ShownPath(file.path), 0,
                   Cat("the patch makes a symbolic link to \"", ShownPath(target),
                       "\"; a template must allow \"link\".")});
  }
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

bool MatchesAny(const std::vector<std::string>& globs, std::string_view path) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return GlobMatch(glob, path); });
}

bool Applies(const FileGlobs& globs, std::string_view path) {
  return (globs.files.empty() || MatchesAny(globs.files, path)) && !MatchesAny(globs.except, path);
}

bool Allows(const Plan& plan, std::string_view rule) {
  return std::find(plan.guard_allow.begin(), plan.guard_allow.end(), rule) !=
         plan.guard_allow.end();
}

Finding Found(const GuardRule& rule, std::string_view path, int line, std::string_view sentence) {
  return {rule.name, ShownPath(path), line, Cat(sentence, " ", rule.about, "."), rule.severity};
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

void CheckModes(const FileText& file, const Plan& plan, Findings& out) {
  const bool deleted = file.kind == FileChange::Kind::kDeleted;
  constexpr unsigned kFile = 0100644, kProgram = 0100755, kLink = 0120000, kSubmodule = 0160000;
  for (const unsigned mode : {deleted ? 0u : file.new_mode, file.old_mode}) {
    if (mode == 0 || mode == kFile || mode == kProgram) continue;
    if (mode == kLink) {
      if (!deleted) CheckLink(file, plan, out);  // a link may go
    } else if (mode == kSubmodule) {
      out.push_back({"submodule", ShownPath(file.path), 0,
                     "the patch changes a submodule, whose commits nobody judged."});
    } else {
      out.push_back({"mode", ShownPath(file.path), 0,
                     Cat("the patch changes a file of mode ", Octal(mode),
                         "; only regular files may change.")});
    }
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
  if (file.binary && plan.guard_paths.empty() && !Allows(plan, "binary")) {
    out.push_back({"binary", ShownPath(file.path), 0,
                   "the change is binary, which nobody can review; a template must name it in "
                   "[guard] paths."});
  }
  const std::string lower = Lower(file.path);
  for (const ProtectedPaths& rule : rules.protected_paths) {
    if (!MatchesAny(rule.paths, lower) || Lifted(rule, plan, file.path)) continue;
    const bool literal = rule.lift == ProtectedPaths::Lift::kLiteral;
    Finding finding = Found(rule, file.path, 0, "this file");
    finding.reason.pop_back();
    Append(finding.reason, "; a template that may change it must name it in [guard] paths",
           literal ? ", without wildcards." : ".");
    out.push_back(std::move(finding));
  }
}

}  // namespace regreen
