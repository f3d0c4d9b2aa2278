#include "daemon/policy/ci_gitlab_config.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/ci_shell.h"

namespace regreen {
namespace {

// GitLab follows 150 includes, 10 levels of `extends` above a job and 10 of references.
constexpr int kMostFiles = 100;
constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::size_t kMostNested = 10;
constexpr std::size_t kMostAncestors = 10;
constexpr int kMostReferences = 10;

bool IsRemote(std::string_view location) {
  return location.starts_with("http://") || location.starts_with("https://");
}

bool IsYamlFile(std::string_view path) {
  return path.ends_with(".yml") || path.ends_with(".yaml");
}

// GitLab's own templates below these two define jobs, and nothing for other jobs.
bool DefinesJobsOnly(std::string_view tmpl) {
  return tmpl.starts_with("Jobs/") || tmpl.starts_with("Security/");
}

StatusOr<CiNodePtr> MapOf(const std::string& text, const std::string& path) {
  const std::string what = Cat("the file ", Shown(path));
  ASSIGN_OR_RETURN(CiNodePtr document, ReadCiYaml(text, what));
  if (!document->is_map()) return InvalidArgument(Cat(what, " is no CI definition: it is no map"));
  return document;
}

std::vector<CiNodePtr> ListOf(const CiNodePtr& node) {
  if (!node || node->is_null()) return {};
  if (node->is_list()) return node->items;
  return {node};
}

}  // namespace

StatusOr<GitlabConfig> GitlabConfig::Read(const std::string& path, const CiFiles& files) {
  GitlabConfig config;
  ASSIGN_OR_RETURN(config.root_, config.ReadFileAt(path, files));
  return config;
}

std::string GitlabConfig::MayBeElsewhere() const {
  if (missing_.empty()) return "";
  std::vector<std::string> shown(
      missing_.begin(), missing_.begin() + std::min<std::ptrdiff_t>(3, std::ssize(missing_)));
  if (missing_.size() > shown.size()) shown.emplace_back("…");
  return Cat(", which may be defined in ", Join(shown, ", "),
             ", not read here: give verify.command in the template");
}

StatusOr<CiNodePtr> GitlabConfig::ReadFileAt(const std::string& path, const CiFiles& files) {
  auto text = files.read(path);
  if (!text.ok()) return Annotate(text.status(), Cat("the CI definition ", Shown(path)));
  return Put(path, *text, files);
}

// What a file includes lies below it, the later above the earlier.
StatusOr<CiNodePtr> GitlabConfig::Put(const std::string& path, const std::string& text,
                                      const CiFiles& files) {
  if (std::find(open_.begin(), open_.end(), path) != open_.end())
    return InvalidArgument(Cat("the file ", Shown(path), " includes itself"));
  bytes_ += text.size();
  if (++files_ > kMostFiles || bytes_ > kMostBytes || open_.size() > kMostNested) {
    return InvalidArgument(Cat("the CI definition includes more than ", kMostFiles, " files, ",
                               kMostBytes, " bytes or ", kMostNested, " levels"));
  }
  if (text.find("$[[") != std::string::npos) {
    return InvalidArgument(
        Cat("the file ", Shown(path), " takes inputs ($[[ … ]]), which only the CI can fill in"));
  }
  ASSIGN_OR_RETURN(const CiNodePtr own, MapOf(text, path));
  open_.push_back(path);
  CiNodePtr below;
  for (const CiNodePtr& entry : ListOf(Member(own, "include")))
    RETURN_IF_ERROR(Include(entry, files, below));
  open_.pop_back();
  return DeepMerge(below, own, budget_);
}

Status GitlabConfig::Include(const CiNodePtr& entry, const CiFiles& files, CiNodePtr& below) {
  if (entry->is_scalar()) {
    if (!IsRemote(entry->text)) return IncludeLocal(entry->text, files, below);
    missing_.push_back(Cat("the remote file ", Shown(entry->text)));
    return OkStatus();
  }
  if (!entry->is_map())
    return InvalidArgument("an include of the CI definition is of no known form");
  if (const std::string* tmpl = TextMember(entry, "template"); tmpl && DefinesJobsOnly(*tmpl))
    return OkStatus();
  const std::string* local = TextMember(entry, "local");
  const bool asks = Member(entry, "rules") || Member(entry, "inputs");
  if (local != nullptr && !asks) return IncludeLocal(*local, files, below);
  for (const char* kind : {"local", "project", "remote", "template", "component", "artifact"}) {
    const std::string* name = TextMember(entry, kind);
    if (name == nullptr) continue;
    missing_.push_back(Cat("the ", kind, " include ", Shown(*name),
                           local == nullptr         ? ""
                           : Member(entry, "rules") ? ", whose rules only the CI can judge"
                                                    : ", whose inputs only the CI can fill in"));
    return OkStatus();
  }
  return InvalidArgument("an include of the CI definition names nothing");
}

Status GitlabConfig::IncludeLocal(std::string local, const CiFiles& files, CiNodePtr& below) {
  if (local.find('$') != std::string::npos) {
    missing_.push_back(Cat("the local include ", Shown(local)));
    return OkStatus();
  }
  local.erase(0, std::min(local.find_first_not_of('/'), local.size()));
  if (!IsYamlFile(local))
    return InvalidArgument(Cat("the include ", Shown(local), " is no .yml or .yaml file"));
  if (local.find('*') == std::string::npos) {
    ASSIGN_OR_RETURN(const CiNodePtr included, ReadFileAt(local, files));
    return Add(included, below);
  }
  ASSIGN_OR_RETURN(const auto found, files.match(local));
  for (const auto& [path, text] : found) {
    ASSIGN_OR_RETURN(const CiNodePtr included, Put(path, text, files));
    RETURN_IF_ERROR(Add(included, below));
  }
  return OkStatus();
}

Status GitlabConfig::Add(const CiNodePtr& included, CiNodePtr& below) {
  ASSIGN_OR_RETURN(below, DeepMerge(below, included, budget_));
  return OkStatus();
}

StatusOr<CiNodePtr> GitlabConfig::Entry(const std::string& name) {
  std::vector<std::string> path;
  return Extended(name, path);
}

StatusOr<CiNodePtr> GitlabConfig::Extended(const std::string& name,
                                           std::vector<std::string>& path) {
  if (const auto known = extended_.find(name); known != extended_.end()) return known->second;
  const CiNodePtr own = Member(root_, name);
  const CiNodePtr extends = Member(own, "extends");
  if (!own || !extends || extends->is_null()) return own;
  if (std::find(path.begin(), path.end(), name) != path.end())
    return InvalidArgument(Cat(Shown(name), " extends itself"));
  if (path.size() > kMostAncestors)
    return InvalidArgument(
        Cat("more than ", kMostAncestors, " jobs extend each other at ", Shown(name)));
  path.push_back(name);
  CiNodePtr below;
  for (const CiNodePtr& base : ListOf(extends)) {
    if (!base->is_scalar()) return InvalidArgument(Cat("extends of ", Shown(name), " is no name"));
    ASSIGN_OR_RETURN(const CiNodePtr parent, Extended(base->text, path));
    if (!parent || !parent->is_map()) {
      return InvalidArgument(Cat(Shown(name), " extends ", Shown(base->text), MayBeElsewhere(),
                                 missing_.empty() ? ", which is not there" : ""));
    }
    RETURN_IF_ERROR(Add(parent, below));
  }
  path.pop_back();
  ASSIGN_OR_RETURN(CiNodePtr whole, DeepMerge(below, own, budget_));
  extended_[name] = whole;
  return whole;
}

StatusOr<CiNodePtr> GitlabConfig::Resolve(const CiNodePtr& node) {
  if (!node) return node;
  return ResolveBelow(node, 0);
}

StatusOr<CiNodePtr> GitlabConfig::ResolveBelow(const CiNodePtr& node, int references) {
  RETURN_IF_ERROR(budget_.Spend(1));
  if (node->kind == CiNode::Kind::kReference) return Referenced(*node, references + 1);
  if (!node->is_list() && !node->is_map()) return node;
  auto resolved = std::make_shared<CiNode>();
  resolved->kind = node->kind;
  for (const CiNodePtr& item : node->items) {
    ASSIGN_OR_RETURN(CiNodePtr value, ResolveBelow(item, references));
    resolved->items.push_back(std::move(value));
  }
  for (const auto& [key, member] : node->members) {
    ASSIGN_OR_RETURN(CiNodePtr value, ResolveBelow(member, references));
    resolved->members.emplace_back(key, std::move(value));
  }
  return CiNodePtr(resolved);
}

StatusOr<CiNodePtr> GitlabConfig::Referenced(const CiNode& reference, int references) {
  std::vector<std::string> path;
  for (const CiNodePtr& part : reference.items) {
    if (!part->is_scalar()) return InvalidArgument("a !reference is no list of names");
    path.push_back(part->text);
  }
  if (path.empty()) return InvalidArgument("a !reference names nothing");
  const std::string shown = Shown(Join(path, ", "));
  if (references > kMostReferences)
    return InvalidArgument(Cat("references go through more than ", kMostReferences,
                               " others at !reference [", shown, "]"));
  ASSIGN_OR_RETURN(CiNodePtr at, Entry(path.front()));
  for (std::size_t i = 1; i < path.size() && at; ++i) {
    // A part of what is itself a reference.
    if (at->kind == CiNode::Kind::kReference) {
      ASSIGN_OR_RETURN(at, Referenced(*at, references + 1));
    }
    at = Member(at, path[i]);
  }
  if (!at || at->is_null()) {
    return InvalidArgument(Cat("the job uses !reference [", shown, "]", MayBeElsewhere(),
                               missing_.empty() ? ", which is not there" : ""));
  }
  return ResolveBelow(at, references);
}

}  // namespace regreen
