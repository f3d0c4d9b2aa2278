// Pull requests of Gitea that are merged once they are green.
#pragma once

#include <stop_token>
#include <string>

#include "adapters/forge/gitea_api.h"
#include "daemon/domain/change.h"

namespace regreen {

// As ForgeActions::MergeWhenGreen. Unavailable while its checks are not all green, so that it has
// to be asked for again: the forge's own `merge_when_checks_succeed` is not used, since it merges
// at once what requires no checks, and does not hold to the commit that it was asked for.
Status MergeGiteaWhenGreen(const GiteaApi& api, const ChangeKey& change, const std::string& commit,
                           std::stop_token stop);

}  // namespace regreen
