#include "daemon/policy/loader.h"

#include <algorithm>
#include <map>
#include <set>

#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "daemon/policy/bases.h"
#include "daemon/policy/compose.h"
#include "daemon/policy/lint.h"
#include "daemon/policy/template_reader.h"

namespace regreen {
namespace {

bool GoesFirst(const Template& a, const Template& b) {
  if (a.priority != b.priority) return a.priority > b.priority;
  if (Specificity(a) != Specificity(b)) return Specificity(a) > Specificity(b);
  return a.name < b.name;
}

// Templates go by the names that they give themselves, the others by their files'.
std::string Digest(const std::map<std::string, std::string>& templates,
                   const PolicySources& sources) {
  std::map<std::string, std::string> all = templates;
  for (const auto* kind : {&sources.bases, &sources.prompts}) {
    for (const PolicySource& source : *kind) all.emplace(source.name, Sha256Hex(source.text));
  }
  std::string text;
  for (const auto& [name, digest] : all) Append(text, name, "\n", digest, "\n");
  return Sha256Hex(text);
}

class Loader {
 public:
  Loader(const PolicySources& sources, Problems& found)
      : found_(found), bases_(sources.bases, found) {
    for (const PolicySource& prompt : sources.prompts) prompts_.emplace(prompt.name, &prompt);
  }

  void Read(const PolicySource& source) {
    const std::size_t before = found_.all().size();
    TomlTable root = TomlTable::Parse(source.text, source.file, found_);
    // After a syntax error, what else is missing would only be noise.
    if (found_.all().size() > before || !bases_.Extend(root, source.file, found_)) {
      complete_ = false;
      return;
    }
    Template t = ReadTemplate(std::move(root));
    if (t.name.empty()) return;
    ReadPrompts(t, prompts_, found_);
    CheckTexts(t, found_);
    const auto [place, fresh] = places_.emplace(t.name, t.where);
    if (!fresh) {
      complete_ = false;
      found_.Error(t.where, Cat("the name \"", t.name, "\" is taken by ", place->second.file, ":",
                                place->second.line, ": give one of the two another name"));
    }
    digests_[t.name] = Sha256Hex(source.text);
    templates_.push_back(std::move(t));
  }

  // What templates mean by one another is only looked at when all could be read.
  void Compose() {
    if (complete_) regreen::Compose(templates_, found_);
  }

  std::vector<Template>& templates() { return templates_; }
  const std::map<std::string, std::string>& digests() const { return digests_; }

 private:
  Problems& found_;
  Bases bases_;
  std::map<std::string, const PolicySource*> prompts_;
  std::vector<Template> templates_;
  std::map<std::string, std::string> digests_;  // name → of the text; the map sorts by name
  std::map<std::string, Position> places_;
  bool complete_ = true;
};

// A mistake in a base or a prompt shows in every template that has it, and is told once.
void TellOnce(const Problems& found, Problems& problems) {
  std::set<std::string> told;
  for (const Problem& problem : found.all()) {
    if (!told.insert(ToString(problem)).second) continue;
    const bool error = problem.severity == Problem::Severity::kError;
    error ? problems.Error(problem.where, problem.message)
          : problems.Warn(problem.where, problem.message);
  }
}

}  // namespace

PolicySet::PolicySet(std::vector<Template> templates, std::string digest)
    : templates_(std::move(templates)), digest_(std::move(digest)) {
  std::sort(templates_.begin(), templates_.end(), GoesFirst);
  index_ = std::make_shared<const TemplateIndex>(templates_);
}

const Template* PolicySet::Find(std::string_view name) const {
  const auto found = std::find_if(templates_.begin(), templates_.end(),
                                  [&](const Template& t) { return t.name == name; });
  return found == templates_.end() ? nullptr : &*found;
}

bool PolicySet::AsksFor(std::string_view key) const {
  const auto asks = [key](const std::vector<Condition>& conditions) {
    return std::any_of(conditions.begin(), conditions.end(),
                       [key](const Condition& condition) { return condition.key == key; });
  };
  return std::any_of(templates_.begin(), templates_.end(),
                     [&](const Template& t) { return asks(t.match) || asks(t.unless); });
}

std::shared_ptr<const PolicySet> LoadPolicies(const PolicySources& sources, Problems& problems) {
  Problems found;
  Loader loader(sources, found);
  for (const PolicySource& source : sources.templates) loader.Read(source);
  loader.Compose();
  std::shared_ptr<const PolicySet> set;
  if (!found.has_errors()) {
    set = std::make_shared<PolicySet>(std::move(loader.templates()),
                                      Digest(loader.digests(), sources));
    Lint(set->templates(), found);
  }
  TellOnce(found, problems);
  return set;
}

}  // namespace regreen
