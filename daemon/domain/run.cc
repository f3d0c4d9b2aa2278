#include "daemon/domain/run.h"

#include "daemon/base/text.h"

namespace regreen {

std::string ToString(const RunKey& key) {
  const std::string run = Cat(key.forge, "/", key.repo, "/", key.run_id, "/");
  return key.attempt == RunKey::kNewest ? Cat(run, "newest") : Cat(run, key.attempt);
}

bool IsOfBaseBranch(const RunFacts& run) {
  return run.pull_request == 0 && run.branch == run.base_branch;
}

}  // namespace regreen
