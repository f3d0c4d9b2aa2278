#include "daemon/domain/run.h"

#include "daemon/base/text.h"

namespace regreen {

std::string ToString(const RunKey& key) {
  const std::string run = Cat(key.forge, "/", key.repo, "/", key.run_id, "/");
  return key.attempt == RunKey::kNewest ? Cat(run, "newest") : Cat(run, key.attempt);
}

std::optional<ForkPolicy> ParseForkPolicy(std::string_view name) {
  if (name == "ignore") return ForkPolicy::kIgnore;
  if (name == "report") return ForkPolicy::kReport;
  if (name == "run") return ForkPolicy::kRun;
  return std::nullopt;
}

const std::vector<std::string>& ForkPolicyNames() {
  static const std::vector<std::string> names = {"ignore", "report", "run"};
  return names;
}

bool IsOfBaseBranch(const RunFacts& run) {
  return !run.from_fork && run.pull_request == 0 && run.branch == run.base_branch;
}

}  // namespace regreen
