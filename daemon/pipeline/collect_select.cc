// From what failed to what is to be done: the facts that templates ask about, the failing command,
// the selection.
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/collect.h"
#include "daemon/policy/ci_definition.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/report.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxWorkflowBytes = 256 << 10;
constexpr std::size_t kMaxChangedPaths = 3000;

}  // namespace

Status Collector::SelectForAll(Forge& forge, const RunHint& hint, std::vector<Incident> incidents,
                               std::stop_token stop, DeliveryOutcome& outcome) const {
  RETURN_IF_ERROR(AddFacts(forge, incidents, stop));
  ASSIGN_OR_RETURN(const auto stages, StagesInEffect());
  for (Incident& incident : incidents) {
    outcome.incidents.push_back(SelectFor(forge, hint, std::move(incident), stages, stop));
  }
  return OkStatus();
}

// Without what cannot be known the templates that ask about it do not match, and say so.
Status Collector::AddFacts(Forge& forge, std::vector<Incident>& incidents,
                           std::stop_token stop) const {
  if (incidents.empty()) return OkStatus();
  const RunFacts& run = incidents.front().run;
  const PolicySet& policies = *deps_.policies->templates;
  StatusOr<std::vector<std::string>> paths = std::vector<std::string>(), labels = paths;
  if (policies.AsksFor("path")) paths = ChangedPathsOf(forge, run, stop);
  if (policies.AsksFor("label") && run.pull_request != 0 && forge.actions() != nullptr)
    labels = forge.actions()->Labels(run.key.repo, run.pull_request, stop);
  for (const auto* fact : {&paths, &labels}) {
    if (fact->ok()) continue;
    if (IsRetryable(fact->status())) return fact->status();
    LogWarning("a fact for selection is not known",
               {{"run", ToString(run.key)}, {"why", Message(fact->status())}});
  }
  for (Incident& incident : incidents) {
    if (paths.ok()) incident.changed_paths = *paths;
    if (labels.ok()) incident.labels = *labels;
  }
  return OkStatus();
}

StatusOr<std::vector<std::string>> Collector::ChangedPathsOf(Forge& forge, const RunFacts& run,
                                                             std::stop_token stop) const {
  ASSIGN_OR_RETURN(const GitRemote remote, forge.Remote(run.key.repo));
  ASSIGN_OR_RETURN(const std::string folder, deps_.mirror->Ensure(remote, run.commit, stop));
  return deps_.mirror->ChangedPaths(folder, run.commit, kMaxChangedPaths);
}

StatusOr<Collector::Stages> Collector::StagesInEffect() const {
  Stages stages;
  if (deps_.policy_records == nullptr) return stages;
  for (const Template& t : deps_.policies->templates->templates()) {
    if (t.gate.acceptance <= 0) continue;
    ASSIGN_OR_RETURN(const TemplateRecord record, deps_.policy_records->ReadTemplateRecord(t.name));
    EffectiveStage effective = StageInEffect(t.stage, t.gate, record);
    if (!effective.why.empty()) stages.emplace(t.name, std::move(effective));
  }
  return stages;
}

StatusOr<std::string> Collector::FailingCommandOf(Forge& forge, const RunHint& hint,
                                                  const RunFacts& run, const JobFacts& job,
                                                  std::string* directory,
                                                  std::stop_token stop) const {
  if (!hint.command.empty()) return hint.command;
  if (run.workflow_path.empty()) return NotFound("the delivery does not say which command failed");
  ASSIGN_OR_RETURN(const GitRemote remote, forge.Remote(run.key.repo));
  ASSIGN_OR_RETURN(const std::string folder, deps_.mirror->Ensure(remote, run.commit, stop));
  ASSIGN_OR_RETURN(
      const std::string workflow,
      deps_.mirror->ReadFileAt(folder, run.commit, run.workflow_path, kMaxWorkflowBytes));
  ASSIGN_OR_RETURN(ResolvedCommand resolved, FailingCommand(workflow, job));
  *directory = std::move(resolved.directory);
  return std::move(resolved.command);
}

IncidentOutcome Collector::SelectFor(Forge& forge, const RunHint& hint, Incident incident,
                                     const Stages& stages, std::stop_token stop) const {
  IncidentOutcome outcome;
  SelectOptions options;
  options.stages = stages;
  std::string unknown_why;
  auto command =
      FailingCommandOf(forge, hint, incident.run, incident.job, &options.directory, stop);
  if (command.ok()) {
    options.command = *std::move(command);
    incident.evidence.command = options.command;
    incident.evidence.directory = options.directory;
  } else {
    unknown_why = Message(command.status());
  }
  Selection selection = Select(incident, *deps_.policies->templates, options);
  outcome.reason = RenderSelection(selection);
  if (!unknown_why.empty())
    Append(outcome.reason, "\nthe failing command is not known: ", unknown_why);
  if (selection.plan) {
    const auto demoted = stages.find(selection.plan->template_name);
    if (demoted != stages.end()) outcome.demoted = demoted->second.why;
  }
  outcome.plan = std::move(selection.plan);
  outcome.key = IncidentKey(incident.run, incident.evidence);
  outcome.incident = std::move(incident);
  return outcome;
}

}  // namespace regreen
