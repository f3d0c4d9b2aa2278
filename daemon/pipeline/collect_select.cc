// From what failed to what is to be done: the facts that templates ask about, the failing command,
// the selection.
#include "daemon/base/text.h"
#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/fork.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/report.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxChangedPaths = 3000;

}  // namespace

Status Collector::SelectForAll(Forge& forge, const RunHint& hint, const Policies& policies,
                               std::vector<Incident> incidents, std::stop_token stop,
                               DeliveryOutcome& outcome) const {
  const bool told = !incidents.empty() && incidents.front().run.from_fork &&
                    ForksAt(deps_.forks, hint.key.forge) != ForkPolicy::kRun;
  if (told) {
    for (Incident& incident : incidents)
      outcome.incidents.push_back(TellOfFork(forge, std::move(incident)));
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string unknown,
                   AddFacts(forge, *policies.templates, incidents, stop));
  ASSIGN_OR_RETURN(const Stages stages, StagesInEffect(*policies.templates));
  for (Incident& incident : incidents) {
    if (unknown.empty()) {
      outcome.incidents.push_back(
          SelectFor(forge, hint, policies, std::move(incident), stages, stop));
      continue;
    }
    IncidentOutcome left;
    left.key = IncidentKey(incident.run, incident.evidence);
    left.incident = std::move(incident);
    left.reason = unknown;
    outcome.incidents.push_back(std::move(left));
  }
  return OkStatus();
}

// A template may say "unless" of a label: what cannot be known is no reason to go on.
StatusOr<std::string> Collector::AddFacts(Forge& forge, const PolicySet& templates,
                                          std::vector<Incident>& incidents,
                                          std::stop_token stop) const {
  if (incidents.empty()) return std::string();
  const RunFacts& run = incidents.front().run;
  StatusOr<std::vector<std::string>> paths = std::vector<std::string>(), labels = paths;
  if (templates.AsksFor("path")) paths = ChangedPathsOf(forge, run, stop);
  if (templates.AsksFor("label") && run.pull_request != 0 && forge.actions() != nullptr)
    labels = forge.actions()->Labels(run.key.repo, run.pull_request, stop);
  for (const auto& [fact, what] : {std::pair(&paths, "the paths that the commit changed"),
                                   std::pair(&labels, "the labels of the pull request")}) {
    if (fact->ok()) continue;
    if (IsRetryable(fact->status())) return fact->status();
    return Cat("no template is chosen: some ask about ", what,
               ", which cannot be read: ", Message(fact->status()));
  }
  for (Incident& incident : incidents) {
    incident.changed_paths = *paths;
    incident.labels = *labels;
  }
  return std::string();
}

StatusOr<std::vector<std::string>> Collector::ChangedPathsOf(Forge& forge, const RunFacts& run,
                                                             std::stop_token stop) const {
  ASSIGN_OR_RETURN(const GitRemote remote, forge.Remote(run.key.repo));
  ASSIGN_OR_RETURN(const std::string folder, deps_.mirror->Ensure(remote, run.commit, stop));
  return deps_.mirror->ChangedPaths(folder, run.commit, kMaxChangedPaths);
}

StatusOr<Collector::Stages> Collector::StagesInEffect(const PolicySet& templates) const {
  Stages stages;
  if (deps_.policy_records == nullptr) return stages;
  ASSIGN_OR_RETURN(const auto records, deps_.policy_records->ListTemplateRecords());
  for (const TemplateRecord& record : records) {
    const Template* t = templates.Find(record.name);
    if (t == nullptr) continue;
    EffectiveStage effective = StageInEffect(t->stage, t->promote, record);
    if (!effective.why.empty()) stages.emplace(t->name, std::move(effective));
  }
  return stages;
}

// None of its code is run, so no template is asked.
IncidentOutcome Collector::TellOfFork(Forge& forge, Incident incident) const {
  IncidentOutcome outcome;
  outcome.key = IncidentKey(incident.run, incident.evidence);
  outcome.reason = "the run is of a fork: its failure is told, and none of its code is run";
  if (forge.actions() != nullptr)
    outcome.plan = TellOfForkPlan();
  else
    Append(outcome.reason, "; the forge takes no comments, so this is all that is said");
  outcome.incident = std::move(incident);
  return outcome;
}

IncidentOutcome Collector::SelectFor(Forge& forge, const RunHint& hint, const Policies& policies,
                                     Incident incident, const Stages& stages,
                                     std::stop_token stop) const {
  IncidentOutcome outcome;
  SelectOptions options;
  options.stages = stages;
  options.offers = deps_.offers;
  std::string unknown_why;
  const auto command = FailingCommandOf(forge, hint, incident.run, incident.job, stop);
  if (command.ok()) {
    options.command = command->command;
    options.directory = command->directory;
    incident.evidence.command = options.command;
    incident.evidence.directory = options.directory;
  } else {
    unknown_why = Message(command.status());
  }
  Selection selection = Select(incident, *policies.templates, options);
  if (selection.plan) selection.plan->policy_digest = policies.digest;
  outcome.reason = RenderSelection(selection);
  if (!unknown_why.empty())
    Append(outcome.reason, "\nthe failing command is not known: ", unknown_why);
  if (command.ok() && !command->about.empty())
    Append(outcome.reason, "\nof the failing command: ", command->about);
  if (selection.plan) {
    const auto demoted = stages.find(selection.plan->template_name);
    if (demoted != stages.end()) outcome.demoted = demoted->second.why;
  }
  if (selection.plan && incident.run.from_fork) {
    const std::string why = WhyNotForFork(*selection.plan, deps_.fork_networks);
    if (!why.empty()) Append(outcome.reason, "\nno task: ", why);
    HoldForFork(*selection.plan);
    if (!why.empty()) selection.plan.reset();
  }
  outcome.plan = std::move(selection.plan);
  outcome.hold = outcome.plan && outcome.plan->hold;
  outcome.key = IncidentKey(incident.run, incident.evidence);
  outcome.incident = std::move(incident);
  return outcome;
}

}  // namespace regreen
