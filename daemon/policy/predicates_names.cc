// Names of the run and of what triage read, by glob.
#include <algorithm>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "daemon/base/text.h"
#include "daemon/policy/glob.h"
#include "daemon/policy/predicate_families.h"

namespace regreen {
namespace {

// Most have one: nothing is allocated where many templates ask.
using Names = absl::InlinedVector<std::string_view, 4>;
using NamesOf = Names (*)(const Incident&);

Names JobsOf(const Incident& incident) {
  Names jobs(incident.jobs.begin(), incident.jobs.end());
  if (std::find(jobs.begin(), jobs.end(), incident.job.name) == jobs.end())
    jobs.push_back(incident.job.name);
  return jobs;
}

Names StepsOf(const Incident& incident) {
  return {incident.job.failed_step.empty() ? incident.evidence.step : incident.job.failed_step};
}

struct Kind {
  std::string_view key;
  NamesOf names;
  std::string_view none = "is not known";  // what is said where there is no name
};

constexpr Kind kKinds[] = {
    {"ci", [](const Incident& i) { return Names{i.run.ci}; }},
    {"repo", [](const Incident& i) { return Names{i.run.key.repo}; }},
    {"branch", [](const Incident& i) { return Names{i.run.branch}; }},
    {"base_branch", [](const Incident& i) { return Names{i.run.base_branch}; }},
    {"event", [](const Incident& i) { return Names{i.run.event}; }},
    {"workflow", [](const Incident& i) { return Names{i.run.workflow}; }},
    {"job", JobsOf},
    {"step", StepsOf},
    {"author", [](const Incident& i) { return Names{i.run.author}; }},
    {"rule", [](const Incident& i) { return Names{i.evidence.rule}; }},
    {"tool", [](const Incident& i) { return Names{i.evidence.tool}; }},
    {"failing_test",
     [](const Incident& i) {
       return Names(i.evidence.failed_tests.begin(), i.evidence.failed_tests.end());
     }},
    {"label", [](const Incident& i) { return Names(i.labels.begin(), i.labels.end()); },
     "is not there: the pull request has none"},
};

// Holds when any name fits any glob.
class NameGlobs final : public Predicate {
 public:
  NameGlobs(const Kind& kind, std::vector<std::string> globs)
      : kind_(kind), globs_(std::move(globs)) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const Names names = Known(circumstances);
    if (const auto [name, glob] = Fitting(names); glob != nullptr)
      return {true, Cat(kind_.key, " ", Quoted(name), " fits ", Quoted(*glob)), {}};
    if (names.empty()) {
      return {false, Cat(kind_.key, " ", kind_.none, ", and must fit ", OneOf(globs_)), {}};
    }
    const std::string what =
        names.size() == 1 ? Quoted(names.front()) : Cat("each of ", names.size());
    return {false, Cat(kind_.key, " ", what, " does not fit ", OneOf(globs_)), {}};
  }
  bool Holds(const Circumstances& circumstances) const override {
    return Fitting(Known(circumstances)).second != nullptr;
  }
  std::string Spec() const override { return SpecOf(globs_); }

 private:
  Names Known(const Circumstances& circumstances) const {
    Names names = kind_.names(circumstances.incident);
    names.erase(std::remove(names.begin(), names.end(), std::string_view()), names.end());
    return names;
  }
  // The first name that fits, and what it fits; nullptr when none does.
  std::pair<std::string_view, const std::string*> Fitting(const Names& names) const {
    for (const std::string_view name : names) {
      for (const std::string& glob : globs_) {
        if (GlobMatch(glob, name)) return {name, &glob};
      }
    }
    return {{}, nullptr};
  }

  const Kind& kind_;  // of the table above
  std::vector<std::string> globs_;
};

}  // namespace

std::shared_ptr<const Predicate> ReadNames(TomlTable& table, std::string_view key) {
  auto globs = ReadGlobs(table, key, false);
  if (globs.empty()) return nullptr;
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                  [&](const Kind& k) { return k.key == key; });
  return std::make_shared<NameGlobs>(*kind, std::move(globs));
}

}  // namespace regreen
