#include "daemon/policy/ci_gitlab.h"

#include <algorithm>
#include <optional>
#include <set>

#include "daemon/base/text.h"
#include "daemon/policy/ci_gitlab_config.h"
#include "daemon/policy/ci_gitlab_variables.h"
#include "daemon/policy/ci_shell.h"

namespace regreen {
namespace {

constexpr std::size_t kMostScript = 64 << 10;
constexpr int kMostNested = 10;
constexpr std::size_t kMostCopies = 1000;  // of a job by its matrix; GitLab takes 200

using Values = std::vector<std::pair<std::string, std::string>>;

// A job, by the name that the CI shows.
struct Found {
  std::string key;
  std::optional<Values> matrix;  // of this copy
  int index = 0, total = 0;      // of the copies; 0: it is the only one, or which is not known
};

bool IsJobName(std::string_view key) {
  static const std::set<std::string_view> words = {
      "image", "services",  "stages",  "types",   "before_script", "after_script",
      "cache", "variables", "include", "default", "workflow",      "spec"};
  return !key.empty() && key.front() != '.' && !words.contains(key);
}

// Every copy that a matrix makes, in order.
StatusOr<std::vector<Values>> Copies(const CiNodePtr& matrix) {
  const Status odd = InvalidArgument("the values of the job's matrix cannot be read");
  if (!matrix->is_list()) return odd;
  std::vector<Values> copies;
  for (const CiNodePtr& row : matrix->items) {
    std::vector<Values> product = {{}};
    for (const auto& [name, value] : row->members) {
      const std::vector<CiNodePtr> choices = value->is_list() ? value->items : std::vector{value};
      std::vector<Values> longer;
      if (product.size() * choices.size() > kMostCopies) return odd;
      for (const Values& before : product) {
        for (const CiNodePtr& choice : choices) {
          const auto text = choice->is_scalar() ? CertainText(*choice) : std::nullopt;
          if (!text) return odd;
          longer.push_back(before);
          longer.back().emplace_back(name, *text);
        }
      }
      product = std::move(longer);
    }
    copies.insert(copies.end(), product.begin(), product.end());
    if (copies.size() > kMostCopies) return odd;
  }
  return copies;
}

std::string NameOfCopy(std::string_view key, const Values& values) {
  std::vector<std::string> texts;
  for (const auto& [name, text] : values) texts.push_back(text);
  return Cat(key, ": [", Join(texts, ", "), "]");
}

// "test 2/5" is the second of five copies.
bool ReadCount(std::string_view shown, std::string_view key, Found& found) {
  const auto parts = Split(shown.substr(key.size() + 1), '/');
  std::int64_t index = 0, total = 0;
  if (parts.size() != 2 || !ParseInt64(parts[0], &index) || !ParseInt64(parts[1], &total))
    return false;
  if (index < 1 || index > total || total > 10'000) return false;
  found.index = static_cast<int>(index);
  found.total = static_cast<int>(total);
  return true;
}

class Finder {
 public:
  Finder(GitlabConfig& config, const RunFacts& run, const JobFacts& job)
      : config_(config), run_(run), job_(job) {}

  StatusOr<ResolvedCommand> Find() {
    ASSIGN_OR_RETURN(const Found found, FindJob());
    ASSIGN_OR_RETURN(const CiNodePtr job, config_.Entry(found.key));
    ASSIGN_OR_RETURN(default_, config_.Entry("default"));
    if (Member(job, "trigger"))
      return InvalidArgument("the job triggers another pipeline and runs no script");
    if (Member(job, "run"))
      return InvalidArgument("the job runs steps (\"run\"), which only the CI can do");
    RETURN_IF_ERROR(CheckShell(job));
    ResolvedCommand out;
    ASSIGN_OR_RETURN(const std::string script, Script(job, found));
    ASSIGN_OR_RETURN(const std::string exports, Exports(job, found, script));
    out.command = Cat(exports, script);
    ASSIGN_OR_RETURN(out.about, About(job));
    return out;
  }

 private:
  StatusOr<Found> FindJob() {
    const std::string& name = job_.name;
    std::vector<Found> all;
    for (const auto& [key, entry] : config_.root()->members) {
      if (!IsJobName(key) || !entry->is_map() || !name.starts_with(key)) continue;
      Found found{key, std::nullopt};
      if (key == name) return found;
      if (name.starts_with(Cat(key, " ")) && ReadCount(name, key, found)) all.push_back(found);
      if (!name.starts_with(Cat(key, ": ["))) continue;
      ASSIGN_OR_RETURN(const CiNodePtr job, config_.Entry(key));
      ASSIGN_OR_RETURN(const CiNodePtr matrix,
                       config_.Resolve(Member(Member(job, "parallel"), "matrix")));
      if (!matrix) continue;
      ASSIGN_OR_RETURN(const auto copies, Copies(matrix));
      for (std::size_t i = 0; i < copies.size(); ++i) {
        if (NameOfCopy(key, copies[i]) != name) continue;
        all.push_back({key, copies[i], static_cast<int>(i) + 1, static_cast<int>(copies.size())});
      }
    }
    if (all.size() == 1) return all.front();
    if (all.size() > 1)
      return InvalidArgument(Cat("more than one job of the definition fits ", Shown(name)));
    return NotFound(Cat("the CI definition has no job ", Shown(name), config_.MayBeElsewhere()));
  }

  Status CheckShell(const CiNodePtr& job) {
    ASSIGN_OR_RETURN(const CiNodePtr tags, Setting(job, "tags"));
    for (const CiNodePtr& tag : tags ? tags->items : std::vector<CiNodePtr>()) {
      if (Lower(tag->text).find("windows") != std::string::npos)
        return InvalidArgument(
            "the job runs in PowerShell on Windows; only sh and bash commands can be run here");
    }
    return OkStatus();
  }

  // What `inherit` lets through of a kind ("default", "variables"): everything, or only these.
  struct Inherited {
    bool all = true;
    std::vector<std::string> only;
    bool Has(std::string_view name) const {
      return all || std::find(only.begin(), only.end(), name) != only.end();
    }
  };
  StatusOr<Inherited> InheritedOf(const CiNodePtr& job, const char* kind) {
    ASSIGN_OR_RETURN(const CiNodePtr says, config_.Resolve(Member(Member(job, "inherit"), kind)));
    Inherited inherited;
    if (!says || says->is_null()) return inherited;
    inherited.all = says->is_scalar() && says->text == "true";
    for (const CiNodePtr& name : says->items) inherited.only.push_back(name->text);
    return inherited;
  }

  // The job's own keyword, or the default one, which may stand at the top by itself too.
  StatusOr<CiNodePtr> Setting(const CiNodePtr& job, const char* key) {
    CiNodePtr own = Member(job, key);
    if (!own || own->is_null()) {
      ASSIGN_OR_RETURN(const Inherited inherited, InheritedOf(job, "default"));
      if (!inherited.Has(key)) return CiNodePtr();
      own = Member(default_, key);
      if (!own) own = Member(config_.root(), key);
    }
    return config_.Resolve(own);
  }

  Status AddLines(const CiNodePtr& node, int depth, std::string& script) {
    if (!node || node->is_null()) return OkStatus();
    if (node->is_list() && depth <= kMostNested) {
      for (const CiNodePtr& item : node->items) RETURN_IF_ERROR(AddLines(item, depth + 1, script));
      return OkStatus();
    }
    if (!node->is_scalar()) return InvalidArgument("the job's script is no list of commands");
    Append(script, node->text, node->text.ends_with('\n') ? "" : "\n");
    if (script.size() > kMostScript) return InvalidArgument("the job's script is too long");
    return OkStatus();
  }

  // One shell runs both.
  StatusOr<std::string> Script(const CiNodePtr& job, const Found& found) {
    ASSIGN_OR_RETURN(const CiNodePtr before, Setting(job, "before_script"));
    ASSIGN_OR_RETURN(const Inherited inherited, InheritedOf(job, "default"));
    if (!before && inherited.Has("before_script") && !config_.missing().empty()) {
      return InvalidArgument(
          Cat("the job has no before_script of its own but may have a default one",
              config_.MayBeElsewhere()));
    }
    ASSIGN_OR_RETURN(const CiNodePtr own, config_.Resolve(Member(job, "script")));
    std::string script, body;
    RETURN_IF_ERROR(AddLines(before, 0, script));
    RETURN_IF_ERROR(AddLines(own, 0, body));
    if (Trim(body).empty()) {
      return InvalidArgument(
          Cat("the job ", Shown(found.key), " has no script", config_.MayBeElsewhere()));
    }
    return std::string(Trim(script + body));
  }

  StatusOr<std::string> Exports(const CiNodePtr& job, const Found& found,
                                const std::string& script) {
    GitlabVariables variables;
    const std::string* stage = TextMember(job, "stage");
    variables.SetPredefined(run_, job_.name, stage == nullptr ? "test" : *stage);
    ASSIGN_OR_RETURN(const CiNodePtr global, config_.Resolve(Member(config_.root(), "variables")));
    ASSIGN_OR_RETURN(const Inherited inherited, InheritedOf(job, "variables"));
    variables.Add(global, inherited.all ? nullptr : &inherited.only);
    ASSIGN_OR_RETURN(const CiNodePtr own, config_.Resolve(Member(job, "variables")));
    variables.Add(own);
    RETURN_IF_ERROR(AddParallel(job, found, variables));
    RETURN_IF_ERROR(AddConditional(Member(config_.root(), "workflow"), variables));
    RETURN_IF_ERROR(AddConditional(job, variables));
    for (const char* kind : {"secrets", "id_tokens"}) {
      ASSIGN_OR_RETURN(const CiNodePtr secrets, Setting(job, kind));
      if (!secrets) continue;
      for (const auto& [name, value] : secrets->members)
        variables.SetUnknown(name, "it is a secret of the CI");
    }
    return variables.Exports(script, config_.MayBeElsewhere());
  }

  Status AddParallel(const CiNodePtr& job, const Found& found, GitlabVariables& variables) {
    if (found.total > 0) {
      variables.Set("CI_NODE_INDEX", Cat(found.index));
      variables.Set("CI_NODE_TOTAL", Cat(found.total));
    }
    for (const auto& [name, text] : found.matrix.value_or(Values())) variables.Set(name, text);
    if (found.matrix) return OkStatus();
    ASSIGN_OR_RETURN(const CiNodePtr matrix,
                     config_.Resolve(Member(Member(job, "parallel"), "matrix")));
    for (const CiNodePtr& row : matrix ? matrix->items : std::vector<CiNodePtr>()) {
      for (const auto& [name, value] : row->members)
        variables.SetUnknown(name, "the job's name does not say which of its matrix it is");
    }
    return OkStatus();
  }

  // Which rule held is not known.
  Status AddConditional(const CiNodePtr& owner, GitlabVariables& variables) {
    ASSIGN_OR_RETURN(const CiNodePtr rules, config_.Resolve(Member(owner, "rules")));
    for (const CiNodePtr& rule : rules ? rules->items : std::vector<CiNodePtr>()) {
      const CiNodePtr given = Member(rule, "variables");
      if (!given) continue;
      for (const auto& [name, value] : given->members)
        variables.SetUnknown(name, "a rule sets it, and only the CI knows which rule held");
    }
    return OkStatus();
  }

  static std::string NameOf(const CiNodePtr& image) {
    if (image && image->is_scalar()) return image->text;
    const std::string* name = TextMember(image, "name");
    return name == nullptr ? "" : *name;
  }

  StatusOr<std::string> About(const CiNodePtr& job) {
    ASSIGN_OR_RETURN(const CiNodePtr image, Setting(job, "image"));
    ASSIGN_OR_RETURN(const CiNodePtr services, Setting(job, "services"));
    std::vector<std::string> parts, names;
    if (const std::string name = NameOf(image); !name.empty())
      parts.push_back(Cat("in the image ", Shown(name)));
    for (const CiNodePtr& service : services ? services->items : std::vector<CiNodePtr>()) {
      if (names.size() < 5) names.push_back(Shown(NameOf(service)));
    }
    if (!names.empty())
      parts.push_back(Cat("beside the services ", Join(names, ", "), ", which no workspace has"));
    return parts.empty() ? "" : Cat("in CI it runs ", Join(parts, ", "));
  }

  GitlabConfig& config_;
  const RunFacts& run_;
  const JobFacts& job_;
  CiNodePtr default_;
};

}  // namespace

StatusOr<ResolvedCommand> GitlabCommand(const std::string& path, const CiFiles& files,
                                        const RunFacts& run, const JobFacts& job) {
  ASSIGN_OR_RETURN(GitlabConfig config, GitlabConfig::Read(path, files));
  return Finder(config, run, job).Find();
}

}  // namespace regreen
