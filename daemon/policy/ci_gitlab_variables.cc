#include "daemon/policy/ci_gitlab_variables.h"

#include <algorithm>
#include <optional>

#include "daemon/base/text.h"
#include "daemon/policy/ci_shell.h"

namespace regreen {
namespace {

constexpr std::size_t kMostWord = 16 << 10;
constexpr std::size_t kMostExports = 64 << 10;
constexpr int kMostDepth = 20;
constexpr char kProjectDir[] = "CI_PROJECT_DIR";

// Names that no project's settings define: GitLab sets them, or not.
bool IsOfGitlab(std::string_view name) {
  return name.starts_with("CI_") || name.starts_with("GITLAB_");
}

// Lower case, everything but letters and digits a dash, none at the ends, at most 63 characters.
std::string Slug(std::string_view name) {
  std::string slug = Lower(name);
  for (char& c : slug) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '-';
  }
  slug = slug.substr(0, 63);
  slug.erase(0, std::min(slug.find_first_not_of('-'), slug.size()));
  while (slug.ends_with('-')) slug.pop_back();
  return slug;
}

}  // namespace

void GitlabVariables::SetPredefined(const RunFacts& run, std::string_view job,
                                    std::string_view stage) {
  const std::string& repo = run.key.repo;
  const std::size_t slash = repo.rfind('/');
  const auto set = [&](const char* name, std::string text) {
    values_[name] = {std::move(text), false, true, true, ""};
  };
  set("CI", "true");
  set("GITLAB_CI", "true");
  set("CI_SERVER", "yes");
  set(kProjectDir, "");  // the folder of the tree, which the shell knows
  set("CI_COMMIT_SHA", run.commit);
  set("CI_COMMIT_SHORT_SHA", run.commit.substr(0, 8));
  set("CI_JOB_NAME", std::string(job));
  set("CI_JOB_STAGE", std::string(stage));
  set("CI_PROJECT_PATH", repo);
  if (slash != std::string::npos) {
    set("CI_PROJECT_NAME", repo.substr(slash + 1));
    set("CI_PROJECT_NAMESPACE", repo.substr(0, slash));
  }
  if (run.branch.empty()) return;
  set("CI_COMMIT_REF_NAME", run.branch);
  set("CI_COMMIT_REF_SLUG", Slug(run.branch));
  // A merge request's pipeline has none.
  if (IsOfBaseBranch(run) && run.event.find("request") == std::string::npos)
    set("CI_COMMIT_BRANCH", run.branch);
}

void GitlabVariables::Set(const std::string& name, std::string text) {
  if (values_.find(name) == values_.end() || values_[name].predefined) order_.push_back(name);
  values_[name] = {std::move(text), true, false, true, ""};
}

void GitlabVariables::SetUnknown(const std::string& name, std::string why) {
  if (values_.find(name) == values_.end() || values_[name].predefined) order_.push_back(name);
  values_[name] = {"", false, false, false, std::move(why)};
}

void GitlabVariables::Add(const CiNodePtr& variables, const std::vector<std::string>* only) {
  if (!variables || !variables->is_map()) return;
  for (const auto& [name, written] : variables->members) {
    if (only != nullptr && std::find(only->begin(), only->end(), name) == only->end()) continue;
    const CiNodePtr value = written->is_map() ? Member(written, "value") : written;
    if (!value || value->is_null()) {
      Set(name, "");
      continue;
    }
    const auto text = value->is_scalar() ? CertainText(*value) : std::nullopt;
    if (!text) {
      SetUnknown(name, "it is written such that only the CI knows its text");
      continue;
    }
    Set(name, *text);
    const std::string* expand = TextMember(written, "expand");
    if (expand != nullptr && *expand == "false") values_[name].expands = false;
  }
}

// As one word for the shell.
StatusOr<std::string> GitlabVariables::Word(const std::string& name, int depth) {
  if (const auto made = words_.find(name); made != words_.end()) return made->second;
  const auto found = values_.find(name);
  if (found == values_.end()) return InvalidArgument(Cat(name, " is not defined in the file"));
  const Value& value = found->second;
  if (!value.known) return InvalidArgument(value.why);
  if (name == kProjectDir && value.predefined) return std::string("\"$CI_PROJECT_DIR\"");
  if (depth > kMostDepth)
    return InvalidArgument(Cat("the values of the variables go around in a circle at ", name));
  StatusOr<std::string> word =
      value.expands ? Expand(value.text, depth) : StatusOr<std::string>(SingleQuoted(value.text));
  // What failed for its depth alone may do from another side; a circle fails from all.
  words_.insert_or_assign(name, word);
  return word;
}

StatusOr<std::string> GitlabVariables::Expand(std::string_view text, int depth) {
  std::string out, literal;
  const auto flush = [&] {
    if (!literal.empty()) out += SingleQuoted(literal);
    literal.clear();
  };
  while (!text.empty()) {
    if (text.front() != '$' || text.size() == 1) {
      literal += text.front();
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(1);
    if (text.front() == '$') {
      literal += '$';
      text.remove_prefix(1);
      continue;
    }
    const bool braces = text.front() == '{';
    const std::string_view rest = text.substr(braces ? 1 : 0);
    std::size_t end = 0;
    while (end < rest.size() && IsVariableName(rest.substr(0, end + 1))) ++end;
    if (end == 0 || (braces && (end == rest.size() || rest[end] != '}'))) {
      literal += '$';
      continue;
    }
    ASSIGN_OR_RETURN(const std::string word, Word(std::string(rest.substr(0, end)), depth + 1));
    flush();
    out += word;
    if (out.size() > kMostWord) return InvalidArgument("its value is too long");
    text.remove_prefix(end + (braces ? 2 : 0));
  }
  flush();
  return out.empty() ? "''" : out;
}

StatusOr<std::string> GitlabVariables::Exports(std::string_view script,
                                               const std::string& elsewhere) {
  const std::set<std::string> read = VariablesRead(script);
  std::vector<std::string> names = order_;
  for (const std::string& name : read) {
    const auto found = values_.find(name);
    if (found != values_.end() && found->second.predefined) names.push_back(name);
    if (found != values_.end() || Assigns(script, name)) continue;
    if (IsOfGitlab(name))
      return InvalidArgument(
          Cat("the script reads the variable ", Shown(name), ", whose value only the CI can know"));
    // Others may be the shell's or the image's own.
    if (!elsewhere.empty() && !IsOfShell(name))
      return InvalidArgument(Cat("the script reads the variable ", Shown(name), elsewhere));
  }
  std::string out;
  for (const std::string& name : names) {
    if (!IsVariableName(name) || name == kProjectDir) continue;
    const auto word = Word(name, 0);
    if (!word.ok() && read.contains(name)) {
      return InvalidArgument(Cat("the script reads the variable ", Shown(name),
                                 ", whose value cannot be known: ", Message(word.status())));
    }
    if (word.ok()) Append(out, "export ", name, "=", *word, "\n");
    if (out.size() > kMostExports) return InvalidArgument("the job has too many variables");
  }
  const bool needs_folder =
      read.contains(kProjectDir) || out.find("$CI_PROJECT_DIR") != std::string::npos;
  return needs_folder ? Cat("export CI_PROJECT_DIR=\"$PWD\"\n", out) : out;
}

}  // namespace regreen
