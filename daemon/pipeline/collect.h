// From a delivery to what is to be done: read the run again, fetch logs, triage, select. Everything
// it learns is answered in one value, which the store writes in one transaction.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/http.h"
#include "daemon/base/status.h"
#include "daemon/pipeline/by_hand.h"
#include "daemon/pipeline/live_policies.h"
#include "daemon/pipeline/reconcile.h"
#include "daemon/policy/ci_definition.h"
#include "daemon/policy/offers.h"
#include "daemon/ports/ci_source.h"
#include "daemon/ports/forge.h"
#include "daemon/ports/policy_records.h"
#include "daemon/ports/repository.h"
#include "daemon/ports/store.h"

namespace regreen {

// The adapters by their names in the config.
struct Adapters {
  std::map<std::string, std::unique_ptr<CiSource>, std::less<>> ci;
  std::map<std::string, std::unique_ptr<Forge>, std::less<>> forges;
};

// Which CI definition the failing command of a CI's runs is read from.
struct DefinitionPlace {
  CiDefinition definition = CiDefinition::kGithub;
  std::string path;  // "": the run's own workflow file, or .gitlab-ci.yml
};

struct CollectDependencies {
  const Adapters* adapters = nullptr;
  Mirror* mirror = nullptr;
  HttpClient* http = nullptr;
  const LivePolicies* policies = nullptr;
  Records* records = nullptr;  // for the history that selection asks about
  const Clock* clock = nullptr;
  PolicyRecords* policy_records = nullptr;             // nullptr: no template is demoted
  std::vector<WorkspaceOffer> offers;                  // none: every workspace serves everything
  std::map<std::string, DefinitionPlace> definitions;  // by the CI's name; GitHub's for others
  std::map<std::string, ForkPolicy> forks;             // by the forge's name; others: ignored
  std::vector<std::string> fork_networks;              // egress sets that a fork's code may use
  TaskStore* tasks = nullptr;                  // nullptr: commands in comments are not followed
  DeliveryStore* deliveries = nullptr;         // where a sweep hands in what it finds
  std::map<std::string, SweepOptions> sweeps;  // by the forge's name; others are not swept
};

// All dependencies outlive it. Any thread.
class Collector {
 public:
  explicit Collector(CollectDependencies dependencies) : deps_(std::move(dependencies)) {}

  // Retryable errors: the delivery is to be tried again later. Others are permanent.
  StatusOr<DeliveryOutcome> Collect(const Delivery& delivery, std::stop_token stop) const;
  // What a person asks for, made definite; asks the network for the place. InvalidArgument, with a
  // sentence, for what cannot be done. collect_by_hand.cc
  StatusOr<PreparedTask> PrepareByHand(const ByHand& asked, std::stop_token stop) const;

 private:
  StatusOr<DeliveryOutcome> CollectFailure(const Delivery& delivery, Forge& forge,
                                           const RunHint& hint, std::stop_token stop) const;
  // collect_green.cc
  StatusOr<DeliveryOutcome> CollectGreen(const Delivery& delivery, Forge& forge,
                                         const RunEvent& event, std::stop_token stop) const;
  StatusOr<std::vector<std::string>> Overtaken(Forge& forge, const GreenRun& green,
                                               const std::vector<std::string>& commits,
                                               std::stop_token stop) const;
  StatusOr<JobLog> ReadLog(Forge& forge, const RunHint& hint, const JobFacts& job,
                           std::stop_token stop) const;
  // comment.cc
  StatusOr<DeliveryOutcome> CollectComment(const Delivery& delivery, const CommentEvent& comment,
                                           std::stop_token stop) const;
  // reconcile.cc
  StatusOr<DeliveryOutcome> CollectSweep(const Delivery& delivery, std::stop_token stop) const;
  // collect_command.cc
  StatusOr<ResolvedCommand> FailingCommandOf(Forge& forge, const RunHint& hint, const RunFacts& run,
                                             const JobFacts& job, std::stop_token stop) const;
  StatusOr<std::vector<Incident>> ReadIncidents(Forge& forge, const RunHint& hint,
                                                const RunFacts& run, const Policies& policies,
                                                std::stop_token stop,
                                                DeliveryOutcome& outcome) const;
  // collect_select.cc
  Status SelectForAll(Forge& forge, const RunHint& hint, const Policies& policies,
                      std::vector<Incident> incidents, std::stop_token stop,
                      DeliveryOutcome& outcome) const;
  // What only some templates ask about, for all incidents of one run. Answers why it cannot be
  // known, or "".
  StatusOr<std::string> AddFacts(Forge& forge, const PolicySet& templates,
                                 std::vector<Incident>& incidents, std::stop_token stop) const;
  StatusOr<std::vector<std::string>> ChangedPathsOf(Forge& forge, const RunFacts& run,
                                                    std::stop_token stop) const;
  // By template; of those alone that are demoted.
  using Stages = std::map<std::string, EffectiveStage>;
  StatusOr<Stages> StagesInEffect(const PolicySet& templates) const;
  IncidentOutcome TellOfFork(Forge& forge, Incident incident) const;
  IncidentOutcome SelectFor(Forge& forge, const RunHint& hint, const Policies& policies,
                            Incident incident, const Stages& stages, std::stop_token stop) const;

  // collect_by_hand.cc
  StatusOr<Incident> IncidentByHand(const ByHand& asked, const Policies& policies,
                                    std::stop_token stop) const;
  // `chosen` says what was chosen and why.
  StatusOr<Plan> PlanByHand(const ByHand& asked, const Incident& incident, const Policies& policies,
                            std::string& chosen) const;

  CollectDependencies deps_;
};

// A word on a delivery that no incident comes of.
Decision DecideOn(const Delivery& delivery, const std::string& run, std::string kind,
                  std::string reason);

// Why a run is not worked on, or "" when it is. `run` is fresh from the forge; `forks` is what is
// done about forks there.
std::string WhyDropped(const RunFacts& run, ForkPolicy forks);

}  // namespace regreen
