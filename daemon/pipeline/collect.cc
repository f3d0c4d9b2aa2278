#include "daemon/pipeline/collect.h"

#include <algorithm>
#include <variant>

#include "daemon/base/crash_point.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/evidence.h"
#include "daemon/policy/ci_definition.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/report.h"

namespace regreen {
namespace {

// A matrix of more failing jobs than this says nothing new.
constexpr std::size_t kMaxJobs = 20;
constexpr std::size_t kMaxWorkflowBytes = 256 << 10;
constexpr std::string_view kOurBranches = "regreen/";

Decision Decide(const Delivery& delivery, const std::string& run, std::string kind,
                std::string reason) {
  Decision decision;
  decision.delivery_key = delivery.key;
  decision.run = run;
  decision.kind = std::move(kind);
  decision.reason = std::move(reason);
  return decision;
}

}  // namespace

std::string WhyDropped(const RunFacts& run) {
  if (!run.failed)
    return Cat("the run is not a failure: its conclusion is ", EscapeControl(run.conclusion));
  if (run.superseded) return Cat("superseded: ", run.superseded_why);
  if (run.from_fork) return "the run is of a fork, and forks are not worked on";
  if (run.branch.starts_with(kOurBranches)) return "the run is of a branch of ours";
  return "";
}

StatusOr<DeliveryOutcome> Collector::Collect(const Delivery& delivery, std::stop_token stop) const {
  const auto source = deps_.adapters->ci.find(delivery.ci);
  if (source == deps_.adapters->ci.end()) {
    return NotFound(Cat("no CI named ", delivery.ci, " is configured any more"));
  }
  ASSIGN_OR_RETURN(const Event event, source->second->Decode(delivery));
  const auto* run_event = std::get_if<RunEvent>(&event);
  const bool recovery = run_event != nullptr && run_event->passed && run_event->run.key.attempt > 1;
  if (run_event == nullptr || (!run_event->failed && !recovery)) {
    DeliveryOutcome outcome;
    outcome.decisions.push_back(Decide(delivery, "", "ignored", "the event is not a failure"));
    return outcome;
  }
  const RunHint& hint = run_event->run;
  const auto forge = deps_.adapters->forges.find(hint.key.forge);
  if (forge == deps_.adapters->forges.end()) {
    return NotFound(Cat("no forge named ", hint.key.forge, " is configured any more"));
  }
  if (recovery) return CollectRecovery(delivery, *forge->second, *run_event, stop);
  return CollectFailure(delivery, *forge->second, hint, stop);
}

// A forge knows nothing of a foreign run: the delivery, which was authenticated, is all that there
// is.
StatusOr<DeliveryOutcome> Collector::CollectRecovery(const Delivery& delivery, Forge& forge,
                                                     const RunEvent& event,
                                                     std::stop_token stop) const {
  const RunHint& hint = event.run;
  const std::string name = ToString(hint.key);
  DeliveryOutcome outcome;
  if (!hint.foreign) {
    ASSIGN_OR_RETURN(const RunFacts run, forge.ReadRun(hint, stop));
    CrashPoint("collect.read");
    if (!run.completed) return Unavailable(Cat("run ", name, " is not completed yet by its forge"));
    if (!run.passed) {
      outcome.decisions.push_back(
          Decide(delivery, name, "dropped",
                 Cat("the run is not green: its conclusion is ", EscapeControl(run.conclusion))));
      return outcome;
    }
  }
  outcome.recovered = hint.key;
  outcome.decisions.push_back(Decide(delivery, name, "recovered",
                                     Cat("attempt ", hint.key.attempt,
                                         " of the run is green at the same commit: "
                                         "what its earlier attempts showed is flaky")));
  return outcome;
}

StatusOr<DeliveryOutcome> Collector::CollectFailure(const Delivery& delivery, Forge& forge,
                                                    const RunHint& hint,
                                                    std::stop_token stop) const {
  DeliveryOutcome outcome;
  ASSIGN_OR_RETURN(RunFacts run, forge.ReadRun(hint, stop));
  CrashPoint("collect.read");
  run.ci = delivery.ci;
  const std::string name = ToString(run.key);
  if (!run.completed) return Unavailable(Cat("run ", name, " is not completed yet by its forge"));
  if (const std::string why = WhyDropped(run); !why.empty()) {
    outcome.decisions.push_back(Decide(delivery, name, "dropped", why));
    return outcome;
  }
  RETURN_IF_ERROR(AddIncidents(forge, hint, run, stop, outcome));
  if (outcome.incidents.empty() && outcome.decisions.empty()) {
    outcome.decisions.push_back(
        Decide(delivery, name, "dropped", "the run failed, but none of its jobs did"));
  }
  for (Decision& decision : outcome.decisions) {
    decision.delivery_key = delivery.key;
    decision.run = name;
  }
  return outcome;
}

StatusOr<JobLog> Collector::ReadLog(Forge& forge, const RunHint& hint, const JobFacts& job,
                                    std::stop_token stop) const {
  if (!hint.foreign) return forge.ReadLog(hint, job, stop);
  if (!hint.inline_log.empty()) return JobLog{hint.inline_log, false};
  if (hint.log_url.empty()) return NotFound("the delivery has no log and no address of one");
  HttpCall call;
  call.url = hint.log_url;
  ASSIGN_OR_RETURN(HttpAnswer answer, deps_.http->Call(call));
  if (answer.status == 404 || answer.status == 410) return NotFound("the log is gone");
  if (answer.status != 200) return Unavailable(Cat("the log's server answered ", answer.status));
  return JobLog{std::move(answer.body), false};
}

Status Collector::AddIncidents(Forge& forge, const RunHint& hint, const RunFacts& run,
                               std::stop_token stop, DeliveryOutcome& outcome) const {
  const Triage triage(deps_.policies->rules);
  std::vector<Incident> incidents;
  std::size_t looked_at = 0;
  for (const JobFacts& job : run.jobs) {
    if (!job.failed) continue;
    if (++looked_at > kMaxJobs) break;
    auto log = ReadLog(forge, hint, job, stop);
    if (!log.ok() && IsRetryable(log.status())) return log.status();
    if (!log.ok()) {
      outcome.decisions.push_back(Decide({}, "", "dropped",
                                         Cat("job ", EscapeControl(Truncate(job.name, 100)),
                                             " has no log: ", Message(log.status()))));
      continue;
    }
    Evidence evidence = ReadEvidence(triage, log->text, run, job, hint.command);
    const auto same = std::find_if(incidents.begin(), incidents.end(), [&](const Incident& other) {
      return other.evidence.fingerprint == evidence.fingerprint;
    });
    if (same != incidents.end()) {
      same->jobs.push_back(job.name);
      continue;
    }
    ASSIGN_OR_RETURN(const History history,
                     deps_.records->ReadHistory(run.key, evidence.fingerprint));
    Incident incident{"", absl::Now(), run, job, {job.name}, std::move(evidence), history};
    incidents.push_back(std::move(incident));
    incidents.back().run.jobs.clear();
  }
  for (Incident& incident : incidents) {
    outcome.incidents.push_back(SelectFor(forge, hint, std::move(incident), stop));
  }
  return OkStatus();
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
                                     std::stop_token stop) const {
  IncidentOutcome outcome;
  SelectOptions options;
  std::string unknown_why;
  auto command =
      FailingCommandOf(forge, hint, incident.run, incident.job, &options.directory, stop);
  if (command.ok()) {
    options.command = *std::move(command);
    incident.evidence.command = options.command;
  } else {
    unknown_why = Message(command.status());
  }
  Selection selection = Select(incident, *deps_.policies->templates, options);
  outcome.reason = RenderSelection(selection);
  if (!unknown_why.empty())
    Append(outcome.reason, "\nthe failing command is not known: ", unknown_why);
  outcome.plan = std::move(selection.plan);
  outcome.key = IncidentKey(incident.run, incident.evidence);
  outcome.incident = std::move(incident);
  return outcome;
}

}  // namespace regreen
