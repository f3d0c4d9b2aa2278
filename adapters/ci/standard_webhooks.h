// Signatures of webhooks by the Standard Webhooks specification (standardwebhooks.com,
// version 1.0.0).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/base/http.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"

namespace regreen {

// A secret of this form signs; it is never sent.
bool IsSigningSecret(const Secret& secret);
// The key that is meant by "whsec_" and base64. InvalidArgument when it is no base64, or no key of
// 24 to 64 bytes.
StatusOr<Secret> SigningKey(const Secret& secret);

// The header webhook-signature: "v1," and the base64 of HMAC-SHA256 over "id.timestamp.body".
std::string StandardSignature(const Secret& key, std::string_view id, std::string_view timestamp,
                              std::string_view body);

// OK when one of the delivery's signatures is by one of the keys, and it was sent less than five
// minutes from `now`. Else Unauthenticated. Takes time that depends on lengths and numbers alone.
Status CheckStandardWebhook(std::span<const Secret> keys, const Headers& headers,
                            std::string_view body, absl::Time now);

}  // namespace regreen
