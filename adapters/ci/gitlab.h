// GitLab's webhooks. Source: docs.gitlab.com, "Webhooks" and "Webhook events". A delivery is signed
// (Standard Webhooks) where the secret is a signing token, "whsec_…"; otherwise
// it holds the secret itself in X-Gitlab-Token.
#pragma once

#include <memory>

#include "adapters/ci/registry.h"

namespace regreen {

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<CiSource>> NewGitlabCi(const CiOptions& options);

}  // namespace regreen
