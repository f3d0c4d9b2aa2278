// Names of the run and of what triage read, by glob.
#include <algorithm>
#include <span>

#include "daemon/base/text.h"
#include "daemon/policy/glob.h"
#include "daemon/policy/predicate_families.h"

namespace regreen {
namespace {

using Names = std::vector<std::string>;
using NamesOf = Names (*)(const Incident&);

Names JobsOf(const Incident& incident) {
  Names jobs = incident.jobs;
  if (std::find(jobs.begin(), jobs.end(), incident.job.name) == jobs.end())
    jobs.push_back(incident.job.name);
  return jobs;
}

Names StepsOf(const Incident& incident) {
  return {incident.job.failed_step.empty() ? incident.evidence.step : incident.job.failed_step};
}

constexpr std::pair<std::string_view, NamesOf> kNames[] = {
    {"ci", [](const Incident& i) { return Names{i.run.ci}; }},
    {"repo", [](const Incident& i) { return Names{i.run.key.repo}; }},
    {"branch", [](const Incident& i) { return Names{i.run.branch}; }},
    {"event", [](const Incident& i) { return Names{i.run.event}; }},
    {"workflow", [](const Incident& i) { return Names{i.run.workflow}; }},
    {"job", JobsOf},
    {"step", StepsOf},
    {"author", [](const Incident& i) { return Names{i.run.author}; }},
    {"rule", [](const Incident& i) { return Names{i.evidence.rule}; }},
    {"tool", [](const Incident& i) { return Names{i.evidence.tool}; }},
    {"failing_test", [](const Incident& i) { return i.evidence.failed_tests; }},
};

// Holds when any name fits any glob.
class NameGlobs final : public Predicate {
 public:
  NameGlobs(std::string_view key, NamesOf names, Names globs)
      : key_(key), names_(names), globs_(std::move(globs)) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    Names names = names_(circumstances.incident);
    std::erase(names, std::string());
    for (const std::string& name : names) {
      for (const std::string& glob : globs_) {
        if (GlobMatch(glob, name))
          return {true, Cat(key_, " ", Quoted(name), " fits ", Quoted(glob)), {}};
      }
    }
    if (names.empty()) return {false, Cat(key_, " is not known, and must fit ", OneOf(globs_)), {}};
    const std::string what =
        names.size() == 1 ? Quoted(names.front()) : Cat("each of ", names.size());
    return {false, Cat(key_, " ", what, " does not fit ", OneOf(globs_)), {}};
  }

 private:
  std::string key_;
  NamesOf names_;
  Names globs_;
};

}  // namespace

std::shared_ptr<const Predicate> ReadNames(TomlTable& table, std::string_view key) {
  auto globs = ReadGlobs(table, key, false);
  if (globs.empty()) return nullptr;
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&](const auto& entry) { return entry.first == key; });
  return std::make_shared<NameGlobs>(key, found->second, std::move(globs));
}

}  // namespace regreen
