// GitHub's webhooks. Source: docs.github.com, "Webhook events and payloads" and "Validating webhook
// deliveries".
#pragma once

#include <memory>

#include "adapters/ci/registry.h"

namespace regreen {

StatusOr<std::unique_ptr<CiSource>> NewGithubCi(const CiOptions& options);

}  // namespace regreen
