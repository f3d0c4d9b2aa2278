#include "daemon/policy/loader.h"

#include <algorithm>
#include <map>

#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "daemon/policy/template_reader.h"

namespace regreen {
namespace {

bool GoesFirst(const Template& a, const Template& b) {
  if (a.priority != b.priority) return a.priority > b.priority;
  if (Specificity(a) != Specificity(b)) return Specificity(a) > Specificity(b);
  return a.name < b.name;
}

}  // namespace

PolicySet::PolicySet(std::vector<Template> templates, std::string digest)
    : templates_(std::move(templates)), digest_(std::move(digest)) {
  std::sort(templates_.begin(), templates_.end(), GoesFirst);
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

namespace {

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

}  // namespace

std::shared_ptr<const PolicySet> LoadPolicies(const PolicySources& sources, Problems& problems) {
  Problems found;
  std::vector<Template> templates;
  std::map<std::string, std::string> digests;  // name → of the text; the map sorts by name
  std::map<std::string, Position> places;
  std::map<std::string, const PolicySource*> prompts;
  for (const PolicySource& prompt : sources.prompts) prompts.emplace(prompt.name, &prompt);
  for (const PolicySource& source : sources.templates) {
    Template parsed = ReadTemplate(source.text, source.file, found);
    if (parsed.name.empty()) continue;
    const auto [place, fresh] = places.emplace(parsed.name, parsed.where);
    if (!fresh) {
      found.Error(parsed.where,
                  Cat("the name \"", parsed.name, "\" is taken by ", place->second.file, ":",
                      place->second.line, ": give one of the two another name"));
    }
    ReadPrompts(parsed, prompts, found);
    digests[parsed.name] = Sha256Hex(source.text);
    templates.push_back(std::move(parsed));
  }
  for (const Problem& problem : found.all()) {
    const bool error = problem.severity == Problem::Severity::kError;
    error ? problems.Error(problem.where, problem.message)
          : problems.Warn(problem.where, problem.message);
  }
  if (found.has_errors()) return nullptr;
  return std::make_shared<PolicySet>(std::move(templates), Digest(digests, sources));
}

}  // namespace regreen
