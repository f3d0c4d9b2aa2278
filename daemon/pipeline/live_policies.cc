#include "daemon/pipeline/live_policies.h"

#include <algorithm>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostProblems = 100;
constexpr std::size_t kMostLogged = 20;

// One line of a log.
std::string Summary(const Problems& problems) {
  std::vector<std::string> first;
  for (const Problem& problem : problems.all()) {
    if (first.size() < kMostLogged) first.push_back(ToString(problem));
  }
  const std::size_t more = problems.all().size() - first.size();
  return Cat(Join(first, "; "), more == 0 ? "" : Cat("; and ", more, " more"));
}

}  // namespace

std::string_view ToString(ReloadOutcome outcome) {
  switch (outcome) {
    case ReloadOutcome::kChanged:
      return "changed";
    case ReloadOutcome::kUnchanged:
      return "unchanged";
    case ReloadOutcome::kRefused:
      return "refused";
    case ReloadOutcome::kUnread:
      return "unread";
  }
  return "unread";
}

LivePolicies::LivePolicies(std::shared_ptr<const Policies> first, absl::Time now)
    : current_(std::move(first)) {
  status_.digest = current_->digest;
  status_.origin = current_->origin;
  status_.loaded_at = now;
}

std::shared_ptr<const Policies> LivePolicies::Current() const {
  MutexLock lock(mutex_);
  return current_;
}

std::pair<std::shared_ptr<const Policies>, PolicyStatus> LivePolicies::CurrentWithStatus() const {
  MutexLock lock(mutex_);
  return {current_, status_};
}

PolicyStatus LivePolicies::status() const {
  MutexLock lock(mutex_);
  return status_;
}

void LivePolicies::NoteUnread(const Status& why) {
  {
    MutexLock lock(mutex_);
    ++status_.reloads[static_cast<std::size_t>(ReloadOutcome::kUnread)];
    if (status_.unread_why == Message(why)) return;
    status_.unread_why = Message(why);
  }
  LogWarning("policies could not be read; those in force stay", {{"why", Message(why)}});
}

void LivePolicies::NoteRead() {
  {
    MutexLock lock(mutex_);
    if (status_.unread_why.empty()) return;
    status_.unread_why.clear();
  }
  LogInfo("policies can be read again");
}

ReloadOutcome LivePolicies::Replace(Policies read, const Problems& problems, absl::Time now) {
  const bool good = read.complete() && !problems.has_errors();
  const ReloadOutcome outcome = good ? Accept(std::move(read), now) : Refuse(read, problems, now);
  MutexLock lock(mutex_);
  ++status_.reloads[static_cast<std::size_t>(outcome)];
  return outcome;
}

ReloadOutcome LivePolicies::Accept(Policies read, absl::Time now) {
  auto next = std::make_shared<const Policies>(std::move(read));
  std::shared_ptr<const Policies> before;
  bool was_valid = true;
  {
    MutexLock lock(mutex_);
    was_valid = std::exchange(status_.valid, true);
    last_refusal_.clear();
    status_.refused_origin.clear();
    status_.refused_at = absl::Time();
    status_.problems.clear();
    status_.problems_in_all = 0;
    before = std::exchange(current_, next);
    status_.origin = next->origin;
    status_.digest = next->digest;
    if (before->digest != next->digest) status_.loaded_at = now;
  }
  // Here the old set may end: outside of the lock, since that takes a while.
  if (before->digest != next->digest) {
    LogInfo("policies changed", {{"origin", next->origin},
                                 {"digest", next->digest},
                                 {"before", before->digest},
                                 {"templates", Cat(next->templates->templates().size())}});
    return ReloadOutcome::kChanged;
  }
  if (!was_valid) LogInfo("policies are again what is in force", {{"origin", next->origin}});
  return ReloadOutcome::kUnchanged;
}

ReloadOutcome LivePolicies::Refuse(const Policies& read, const Problems& problems, absl::Time now) {
  std::vector<Problem> kept;
  for (const Problem& problem : problems.all()) {
    if (kept.size() < kMostProblems) kept.push_back(problem);
  }
  std::string said = Cat(read.origin, "\n", problems.Render());
  std::string in_force;
  {
    MutexLock lock(mutex_);
    status_.valid = false;
    status_.refused_origin = read.origin;
    status_.refused_at = now;
    status_.problems = std::move(kept);
    status_.problems_in_all = problems.all().size();
    in_force = status_.digest;
    if (last_refusal_ == said) return ReloadOutcome::kRefused;
    last_refusal_ = std::move(said);
  }
  LogError("policies were refused; those in force stay",
           {{"origin", read.origin}, {"in_force", in_force}, {"why", Summary(problems)}});
  return ReloadOutcome::kRefused;
}

}  // namespace regreen
