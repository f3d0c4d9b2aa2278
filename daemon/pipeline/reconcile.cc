#include "daemon/pipeline/reconcile.h"

#include <algorithm>
#include <set>

#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/collect.h"
#include "daemon/ports/forge_missed.h"

namespace regreen {
namespace {

// A run's webhook is on its way for a while.
constexpr absl::Duration kSettled = absl::Minutes(2);
constexpr absl::Duration kOverlap = absl::Minutes(10);  // with the sweep before
constexpr int kDecisionsRead = 2000;
constexpr std::string_view kOfForge = "forge", kOfRepository = "repository";

struct Asked {
  std::string forge, repo;
  std::int64_t slot = 0;
  absl::Time since;
};

NewDelivery DeliveryOf(const Asked& asked, absl::Time now) {
  JsonWriter body;
  body.BeginObject().Field("forge", asked.forge).Field("repo", asked.repo);
  body.Field("slot", asked.slot).Field("since", absl::ToUnixSeconds(asked.since)).EndObject();
  NewDelivery made;
  made.delivery.ci = std::string(kSweepCi);
  made.delivery.event = std::string(asked.repo.empty() ? kOfForge : kOfRepository);
  made.delivery.key = Cat(asked.forge, " ", asked.slot);
  if (!asked.repo.empty()) Append(made.delivery.key, " ", asked.repo);
  made.delivery.body = body.Take();
  made.delivery.received_at = now;
  return made;
}

StatusOr<Asked> Read(const Delivery& delivery) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(delivery.body));
  Asked asked;
  asked.forge = json["forge"].StringOr("");
  asked.repo = json["repo"].StringOr("");
  asked.slot = json["slot"].IntOr(0);
  asked.since = absl::FromUnixSeconds(json["since"].IntOr(0));
  return asked;
}

// The runs that a decision was made about.
class KnownRuns {
 public:
  explicit KnownRuns(const std::vector<Decision>& decisions) {
    for (const Decision& decision : decisions) {
      if (decision.run.empty()) continue;
      attempts_.insert(decision.run);
      absl::Time& at = runs_[decision.run.substr(0, decision.run.rfind('/'))];
      at = std::max(at, decision.at);
    }
  }
  bool Has(const MissedRun& missed) const {
    const std::string name = ToString(missed.run);
    if (missed.run.attempt != RunKey::kNewest) return attempts_.contains(name);
    const auto run = runs_.find(name.substr(0, name.rfind('/')));
    return run != runs_.end() && run->second >= missed.ended;
  }

 private:
  std::set<std::string> attempts_;
  std::map<std::string, absl::Time> runs_;  // the newest decision about any attempt of each
};

NewDelivery DeliveryOf(const MissedRun& missed, const std::string& ci, absl::Time now) {
  NewDelivery made;
  made.delivery.ci = ci;
  made.delivery.key = Cat("sweep ", ToString(missed.run));
  // Attempts that are not numbered are told apart by when they ended.
  if (missed.run.attempt == RunKey::kNewest)
    Append(made.delivery.key, " ", absl::ToUnixMillis(missed.ended));
  made.delivery.event = missed.event;
  made.delivery.headers = {{"content-type", "application/json"}};
  made.delivery.body = missed.body;
  made.delivery.received_at = now;
  return made;
}

std::string Found(const Asked& asked, const Redelivered& redelivered, int runs) {
  const std::string where = asked.repo.empty() ? Cat("the app of ", asked.forge) : asked.repo;
  std::string text =
      Cat("the sweep of ", EscapeControl(where), " found ", runs,
          runs == 1 ? " failed run" : " failed runs", " that no delivery had told of, and had ",
          redelivered.asked, redelivered.asked == 1 ? " delivery" : " deliveries", " sent again");
  if (redelivered.given_up > 0)
    Append(text, "; ", redelivered.given_up, " failed too often and are given up");
  return text;
}

}  // namespace

NewDelivery SweepOf(const std::string& forge, const SweepOptions& options,
                    std::optional<absl::Time> last, absl::Time now) {
  absl::Time since = now - options.look_back;
  if (last) since = std::min(since, *last - kOverlap);
  const auto every = std::max<std::int64_t>(1, absl::ToInt64Seconds(options.every));
  return DeliveryOf(
      {forge, "", absl::ToUnixSeconds(now) / every, std::max(since, now - kOldestSwept)}, now);
}

bool IsSweepOf(const DeliveryRow& row, const std::string& forge) {
  return row.ci == kSweepCi && row.event == kOfForge && row.key.starts_with(forge + " ");
}

StatusOr<DeliveryOutcome> Collector::CollectSweep(const Delivery& delivery,
                                                  std::stop_token stop) const {
  ASSIGN_OR_RETURN(const Asked asked, Read(delivery));
  DeliveryOutcome outcome;
  const auto options = deps_.sweeps.find(asked.forge);
  const auto forge = deps_.adapters->forges.find(asked.forge);
  if (options == deps_.sweeps.end() || forge == deps_.adapters->forges.end() ||
      deps_.deliveries == nullptr || forge->second->missed() == nullptr) {
    outcome.decisions.push_back(
        DecideOn(delivery, "", "ignored", "the forge is not swept any more"));
    return outcome;
  }
  ForgeMissed& missed = *forge->second->missed();
  const absl::Time now = deps_.clock->Now();
  std::vector<NewDelivery> found;
  if (asked.repo.empty()) {
    std::vector<std::string> repos = options->second.repos;
    if (options->second.all) {
      ASSIGN_OR_RETURN(const std::vector<std::string> seen, missed.Repositories(stop));
      repos.insert(repos.end(), seen.begin(), seen.end());
    }
    std::sort(repos.begin(), repos.end());
    repos.erase(std::unique(repos.begin(), repos.end()), repos.end());
    for (const std::string& repo : repos)
      found.push_back(DeliveryOf({asked.forge, repo, asked.slot, asked.since}, now));
  } else {
    ASSIGN_OR_RETURN(std::vector<MissedRun> runs, missed.FailedRuns(asked.repo, asked.since, stop));
    ASSIGN_OR_RETURN(const std::vector<Decision> decisions,
                     deps_.records->ListDecisions(kDecisionsRead));
    const KnownRuns known(decisions);
    for (MissedRun& run : runs) {
      run.run.forge = asked.forge;
      if (run.ended <= now - kSettled && !known.Has(run))
        found.push_back(DeliveryOf(run, options->second.ci, now));
    }
  }
  ASSIGN_OR_RETURN(const Redelivered redelivered,
                   missed.Redeliver(asked.repo, options->second.paths, asked.since, stop));
  if (!redelivered.refused.empty())
    LogInfo("failed deliveries are not looked at", {{"why", redelivered.refused}});
  ASSIGN_OR_RETURN(const std::vector<AcceptOutcome> accepted, deps_.deliveries->Accept(found));
  int runs = 0;
  if (!asked.repo.empty()) {
    runs = static_cast<int>(std::count(accepted.begin(), accepted.end(), AcceptOutcome::kAccepted));
  }
  outcome.reconciled = {asked.forge, runs, redelivered.asked};
  if (runs + redelivered.asked > 0)
    outcome.decisions.push_back(
        DecideOn(delivery, "", "reconciled", Found(asked, redelivered, runs)));
  return outcome;
}

}  // namespace regreen
