// What the policy commands share.
#pragma once

#include <string>

#include "daemon/app/commands.h"
#include "daemon/app/config.h"
#include "daemon/base/status.h"
#include "daemon/base/toml.h"
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

// The commands that read what the store remembers, once the store is open.
Status ExplainDelivery(PolicyRecords& records, const Policies& policies,
                       const PolicyArguments& arguments);
Status BacktestPolicies(PolicyRecords& records, const Policies& policies,
                        const PolicyArguments& arguments, absl::Time now);

}  // namespace regreen
