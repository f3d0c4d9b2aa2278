// What a person asks for, as a failure and a plan.
#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/by_hand.h"
#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/evidence.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/report.h"

namespace regreen {
namespace {

// Only what a person may have meant; its name in the configuration comes first.
StatusOr<std::pair<std::string, Forge*>> ForgeOf(const Adapters& adapters, const ByHand& asked) {
  std::vector<std::string> names, serving;
  Status why = NotFound("no forge is configured");
  for (const auto& [name, forge] : adapters.forges) {
    names.push_back(name);
    if (!asked.forge.empty() && name != asked.forge) continue;
    const auto remote = forge->Remote(asked.repo);
    if (remote.ok())
      serving.push_back(name);
    else
      why = remote.status();
  }
  if (!asked.forge.empty() && !adapters.forges.contains(asked.forge)) {
    return InvalidArgument(Cat("no forge named \"", EscapeControl(asked.forge), "\" is configured",
                               DidYouMean(asked.forge, names)));
  }
  if (serving.empty()) return InvalidArgument(Message(why));
  if (serving.size() > 1) {
    return InvalidArgument(Cat("more than one forge serves ", EscapeControl(asked.repo), ": ",
                               Join(serving, ", "), "; name one by \"forge\""));
  }
  return std::pair(serving[0], adapters.forges.find(serving[0])->second.get());
}

// The branch that the change goes into, and whether the commit is its tip.
Status PlaceOn(const ByHand& asked, const ResolvedRef& ref, RunFacts& run) {
  constexpr std::string_view kHeads = "refs/heads/", kPull = "refs/pull/",
                             kMerge = "refs/merge-requests/";
  const bool is_branch = ref.name.starts_with(kHeads);
  for (const std::string_view prefix : {kPull, kMerge}) {
    if (!ref.name.starts_with(prefix)) continue;
    std::int64_t number = 0;
    const std::string_view rest = std::string_view(ref.name).substr(prefix.size());
    if (ParseInt64(rest.substr(0, rest.find('/')), &number))
      run.pull_request = static_cast<int>(number);
  }
  if (is_branch) run.branch = ref.name.substr(kHeads.size());
  if (run.pull_request > 0) {
    if (ref.branches.empty()) {
      return InvalidArgument(Cat("the change ", run.pull_request,
                                 " is of no branch of this repository: it comes from a fork, and "
                                 "forks are not worked on by hand"));
    }
    run.branch = ref.branches[0];
  }
  if (!asked.target.empty() && asked.target != run.branch) {
    run.pinned = true;
    run.branch = asked.target;
  } else if (run.branch.empty() && ref.branches.size() == 1) {
    run.branch = ref.branches[0];
  } else if (run.branch.empty()) {
    return InvalidArgument(
        Cat("\"", EscapeControl(Truncate(asked.ref, 100)), "\" is no branch, ",
            ref.branches.empty() ? "nor the tip of one" : "and the tip of several",
            ": name the branch that the change is to go into by \"target\""));
  }
  run.base_branch = run.branch;
  return OkStatus();
}

// One for each thing that can be asked for, so that the same again finds the same branch.
std::string FingerprintOf(const ByHand& asked, const Evidence& evidence) {
  std::string text = Cat("by hand\n", asked.template_name, "\n", asked.run, "\n", asked.agent, "\n",
                         asked.prompt, "\n", evidence.command, "\n", evidence.directory, "\n");
  for (const auto& [name, value] : asked.inputs) Append(text, name, "=", value, "\n");
  return Sha256Hex(text);
}

void NameIt(const ByHand& asked, Evidence& evidence) {
  if (!asked.log.empty()) return;  // triage did
  evidence.failure_class = FailureClass::kUnknown;
  const auto lines = SplitLines(evidence.command);
  evidence.signature = lines.empty() ? Cat("by hand: ", asked.template_name)
                                     : Truncate(EscapeControl(Trim(lines[lines.size() - 1])), 120);
  evidence.fingerprint = FingerprintOf(asked, evidence);
}

std::string InputNames(const ByHand& asked) {
  std::vector<std::string> names;
  for (const auto& [name, value] : asked.inputs) names.push_back(EscapeControl(Truncate(name, 60)));
  return names.empty() ? "" : Cat(", with ", Join(names, ", "), " given by hand");
}

}  // namespace

StatusOr<Incident> Collector::IncidentByHand(const ByHand& asked, const Policies& policies,
                                             std::stop_token stop) const {
  ASSIGN_OR_RETURN(const auto named, ForgeOf(*deps_.adapters, asked));
  const auto& [name, forge] = named;
  ASSIGN_OR_RETURN(const GitRemote remote, forge->Remote(asked.repo));
  ASSIGN_OR_RETURN(const ResolvedRef ref, deps_.mirror->Resolve(remote, asked.ref, stop));
  RETURN_IF_ERROR(deps_.mirror->Ensure(remote, ref.commit, stop).status());
  Incident incident;
  incident.at = deps_.clock->Now();
  RunFacts& run = incident.run;
  run.key = {name, asked.repo, Cat("by-hand-", RandomHex(6)), 1};
  run.ci = asked.ci;
  run.workflow = asked.workflow.empty() ? "by hand" : asked.workflow;
  run.workflow_path = asked.workflow;
  run.event = "by-hand";
  run.commit = ref.commit;
  run.author = asked.by;
  run.conclusion = "failure";
  run.completed = run.failed = run.foreign = true;
  RETURN_IF_ERROR(PlaceOn(asked, ref, run));
  JobFacts& job = incident.job;
  job.name = asked.job.empty() ? "by hand" : asked.job;
  job.conclusion = "failure";
  job.failed = true;
  job.failed_step = asked.step;
  incident.jobs = {job.name};
  std::string command = asked.command, directory = asked.directory;
  if (!asked.job.empty()) {
    ASSIGN_OR_RETURN(ResolvedCommand resolved,
                     FailingCommandOf(*forge, RunHint(), run, job, stop));
    command = std::move(resolved.command);
    if (directory.empty()) directory = std::move(resolved.directory);
  }
  if (!asked.log.empty())
    incident.evidence = ReadEvidence(Triage(policies.rules), asked.log, run, job, command);
  if (!command.empty()) incident.evidence.command = command;
  if (!directory.empty()) incident.evidence.directory = directory;
  NameIt(asked, incident.evidence);
  return incident;
}

StatusOr<Plan> Collector::PlanByHand(const ByHand& asked, const Incident& incident,
                                     const Policies& policies, std::string& chosen) const {
  if (!asked.run.empty() || !asked.agent.empty()) {
    chosen = asked.run.empty() ? Cat("the agent ", EscapeControl(asked.agent)) : "a command";
    return SingleUsePlan(asked, incident);
  }
  SelectOptions options;
  options.only_template = asked.template_name;
  options.ignore_match = options.allow_draft = !asked.template_name.empty();
  options.command = incident.evidence.command;
  options.directory = incident.evidence.directory;
  options.inputs = asked.inputs;
  options.offers = deps_.offers;
  std::vector<std::string> names;
  for (const Template& t : policies.templates->templates()) names.push_back(t.name);
  if (!asked.template_name.empty() && policies.templates->Find(asked.template_name) == nullptr) {
    return InvalidArgument(Cat("no template is named \"",
                               EscapeControl(Truncate(asked.template_name, 100)), "\"",
                               DidYouMean(asked.template_name, names)));
  }
  if (asked.template_name.empty()) {
    ASSIGN_OR_RETURN(options.stages, StagesInEffect(*policies.templates));
  }
  Selection selection = Select(incident, *policies.templates, options);
  if (!selection.plan)
    return InvalidArgument(Cat("no task is made of it.\n", RenderSelection(selection)));
  chosen = SummarizeSelection(selection);
  return *std::move(selection.plan);
}

StatusOr<PreparedTask> Collector::PrepareByHand(const ByHand& asked, std::stop_token stop) const {
  RETURN_IF_ERROR(CheckByHand(asked));
  const std::shared_ptr<const Policies> policies = deps_.policies->Current();
  PreparedTask prepared;
  ASSIGN_OR_RETURN(prepared.incident, IncidentByHand(asked, *policies, stop));
  std::string chosen;
  ASSIGN_OR_RETURN(prepared.plan, PlanByHand(asked, prepared.incident, *policies, chosen));
  Plan& plan = prepared.plan;
  plan.policy_digest = policies->digest;
  // A draft is tried out by hand: it may say what it would repair, as a draft change.
  if (plan.stage == Stage::kDraft) plan.stage = Stage::kSuggest;
  plan.hold = plan.hold || asked.hold;
  plan.review = plan.review || asked.review;
  prepared.reason =
      Cat("by hand by ", EscapeControl(Truncate(asked.by, 100)), ": ", chosen, InputNames(asked));
  return prepared;
}

}  // namespace regreen
