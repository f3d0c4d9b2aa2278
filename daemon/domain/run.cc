#include "daemon/domain/run.h"

#include "daemon/base/text.h"

namespace regreen {

std::string ToString(const RunKey& key) {
  return Cat(key.forge, "/", key.repo, "/", key.run_id, "/", key.attempt);
}

bool IsOfBaseBranch(const RunFacts& run) {
  return run.pull_request == 0 && run.branch == run.base_branch;
}

}  // namespace regreen
