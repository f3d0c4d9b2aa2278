#include "daemon/pipeline/collect.h"

#include <algorithm>
#include <variant>

#include "daemon/base/crash_point.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/evidence.h"
#include "daemon/pipeline/fork.h"

namespace regreen {
namespace {

// A matrix of more failing jobs than this says nothing new.
constexpr std::size_t kMaxJobs = 20;
constexpr std::string_view kOurBranches = "regreen/";

// A later attempt of their run is green already.
void Remember(std::vector<Incident> incidents, DeliveryOutcome& outcome) {
  for (Incident& incident : incidents) {
    IncidentOutcome seen;
    seen.key = IncidentKey(incident.run, incident.evidence);
    seen.incident = std::move(incident);
    seen.recovered = true;
    outcome.incidents.push_back(std::move(seen));
  }
}

}  // namespace

Decision DecideOn(const Delivery& delivery, const std::string& run, std::string kind,
                  std::string reason) {
  Decision decision;
  decision.delivery_key = delivery.key;
  decision.run = run;
  decision.kind = std::move(kind);
  decision.reason = std::move(reason);
  return decision;
}

std::string WhyDropped(const RunFacts& run, ForkPolicy forks) {
  if (!run.failed)
    return Cat("the run is not a failure: its conclusion is ", EscapeControl(run.conclusion));
  if (run.superseded) return Cat("superseded: ", run.superseded_why);
  if (run.from_fork && forks == ForkPolicy::kIgnore)
    return "the run is of a fork, and forks are not worked on";
  if (run.branch.starts_with(kOurBranches)) return "the run is of a branch of ours";
  return "";
}

StatusOr<DeliveryOutcome> Collector::Collect(const Delivery& delivery, std::stop_token stop) const {
  if (delivery.ci == kSweepCi) return CollectSweep(delivery, stop);
  const auto source = deps_.adapters->ci.find(delivery.ci);
  if (source == deps_.adapters->ci.end()) {
    return NotFound(Cat("no CI named ", delivery.ci, " is configured any more"));
  }
  ASSIGN_OR_RETURN(const Event event, source->second->Decode(delivery));
  if (const auto* comment = std::get_if<CommentEvent>(&event))
    return CollectComment(delivery, *comment, stop);
  const auto* run_event = std::get_if<RunEvent>(&event);
  if (run_event == nullptr || (!run_event->failed && !run_event->passed)) {
    DeliveryOutcome outcome;
    outcome.decisions.push_back(DecideOn(delivery, "", "ignored", "the event is not a failure"));
    return outcome;
  }
  const RunHint& hint = run_event->run;
  const auto forge = deps_.adapters->forges.find(hint.key.forge);
  if (forge == deps_.adapters->forges.end()) {
    return NotFound(Cat("no forge named ", hint.key.forge, " is configured any more"));
  }
  if (run_event->passed) return CollectGreen(delivery, *forge->second, *run_event, stop);
  return CollectFailure(delivery, *forge->second, hint, stop);
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
  const std::string dropped = WhyDropped(run, ForksAt(deps_.forks, run.key.forge));
  // What failed and is green by now is not worked on, and is a flake all the same.
  const bool remembered = run.passed_later && !run.branch.starts_with(kOurBranches);
  if (dropped.empty() || remembered) {
    const std::shared_ptr<const Policies> policies = deps_.policies->Current();
    ASSIGN_OR_RETURN(std::vector<Incident> incidents,
                     ReadIncidents(forge, hint, run, *policies, stop, outcome));
    if (dropped.empty()) {
      RETURN_IF_ERROR(SelectForAll(forge, hint, *policies, std::move(incidents), stop, outcome));
    } else {
      Remember(std::move(incidents), outcome);
    }
  }
  if (!dropped.empty()) outcome.decisions.push_back(DecideOn(delivery, name, "dropped", dropped));
  if (outcome.incidents.empty() && outcome.decisions.empty()) {
    outcome.decisions.push_back(
        DecideOn(delivery, name, "dropped", "the run failed, but none of its jobs did"));
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

StatusOr<std::vector<Incident>> Collector::ReadIncidents(Forge& forge, const RunHint& hint,
                                                         const RunFacts& run,
                                                         const Policies& policies,
                                                         std::stop_token stop,
                                                         DeliveryOutcome& outcome) const {
  const Triage triage(policies.rules);
  std::vector<Incident> incidents;
  std::size_t looked_at = 0;
  for (const JobFacts& job : run.jobs) {
    if (!job.failed) continue;
    if (++looked_at > kMaxJobs) break;
    auto log = ReadLog(forge, hint, job, stop);
    if (!log.ok() && IsRetryable(log.status())) return log.status();
    if (!log.ok()) {
      outcome.decisions.push_back(DecideOn({}, "", "dropped",
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
    Incident incident{
        "", deps_.clock->Now(), run, job, {job.name}, std::move(evidence), history, {}, {}};
    incident.run.jobs.clear();
    incidents.push_back(std::move(incident));
  }
  return incidents;
}

}  // namespace regreen
