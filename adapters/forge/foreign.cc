#include "adapters/forge/foreign.h"

#include "daemon/base/text.h"

namespace regreen {

std::string WhySuperseded(const std::string& branch, const std::string& commit,
                          const std::optional<std::string>& tip) {
  if (branch.empty()) return "it is not known which branch the run was of";
  const std::string name = EscapeControl(Truncate(branch, 100));
  if (!tip) return Cat("there is no branch ", name, " any more");
  if (*tip != commit)
    return Cat("the branch ", name, " has moved on to ", EscapeControl(tip->substr(0, 12)));
  return "";
}

RunFacts ForeignFacts(const RunHint& hint, const std::optional<std::string>& tip) {
  RunFacts facts;
  facts.key = hint.key;
  facts.ci = hint.ci;
  facts.foreign = true;
  facts.workflow = hint.workflow;
  facts.event = hint.event;
  facts.branch = facts.base_branch = hint.branch;
  facts.commit = hint.commit;
  facts.link = hint.link;
  facts.conclusion = "failure";  // only failures are collected
  facts.completed = facts.failed = true;
  facts.superseded_why = WhySuperseded(hint.branch, hint.commit, tip);
  facts.superseded = !facts.superseded_why.empty();
  JobFacts job;
  job.id = hint.key.run_id;
  job.name = hint.job.empty() ? hint.workflow : hint.job;
  job.conclusion = facts.conclusion;
  job.failed = true;
  job.failed_step = hint.step;
  job.link = hint.link;
  facts.jobs.push_back(std::move(job));
  return facts;
}

}  // namespace regreen
