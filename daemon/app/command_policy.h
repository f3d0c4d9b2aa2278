// What the policy commands share.
#pragma once

#include <string>

#include "daemon/app/commands.h"
#include "daemon/app/config.h"
#include "daemon/base/status.h"
#include "daemon/base/toml.h"
#include "daemon/domain/task.h"
#include "daemon/pipeline/backtest.h"
#include "daemon/pipeline/policies.h"
#include "daemon/ports/policy_records.h"

namespace regreen {

// The folder that was asked for, or the shipped one.
std::string ChosenFolder(const std::string& asked);
// The folder that was asked for, or that of the configuration.
std::string FolderInForce(const PolicyArguments& arguments, const Config& config);
// Loads a policy folder; every mistake is printed to standard error.
StatusOr<Policies> LoadPoliciesOrExplain(const std::string& folder);

// The template of that name; NotFound names the nearest one.
StatusOr<const Template*> FindTemplate(const Policies& policies, const std::string& name);
// OK, or what says that the policies in force come from a git remote, so that no file of this
// machine may be edited.
Status FolderIsEditable(const PolicyArguments& arguments, const Config& config);

// The commands that read what the store remembers, once the store is open.
Status ExplainDelivery(PolicyRecords& records, const Policies& policies,
                       const PolicyArguments& arguments, const SelectOptions& options = {});
Status BacktestPolicies(PolicyRecords& records, const Policies& policies,
                        const PolicyArguments& arguments, absl::Time now,
                        const SelectOptions& options = {});
// Shows what the template did, and edits its file in the folder that `policies` were loaded from.
Status PromoteTemplate(PolicyRecords& records, const Policies& policies,
                       const PolicyArguments& arguments);
// Prints or writes the draft that a task gives. `patch` are the bytes of what it proved; may be "".
Status DraftFromTask(const Task& task, const std::string& patch, const Policies& policies,
                     const PolicyArguments& arguments);

}  // namespace regreen
