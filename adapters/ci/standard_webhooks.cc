#include "adapters/ci/standard_webhooks.h"

#include <utility>

#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kFewestBytes = 24, kMostBytes = 64;
constexpr absl::Duration kTolerance = absl::Minutes(5);
// While a secret is changed there are two; more is no sender's way.
constexpr std::size_t kMostSignatures = 8;
constexpr std::size_t kLongestId = 256;

Status CheckTimestamp(std::string_view timestamp, absl::Time now) {
  std::int64_t seconds = 0;
  if (!ParseInt64(timestamp, &seconds))
    return Unauthenticated("The header webhook-timestamp is missing or is no number of seconds.");
  const absl::Duration off = now - absl::FromUnixSeconds(seconds);
  if (off <= kTolerance && off >= -kTolerance) return OkStatus();
  return Unauthenticated(
      Cat("The delivery is signed for another time, ", absl::ToInt64Seconds(absl::AbsDuration(off)),
          " seconds from now: it is a repetition of an old one, or a clock is wrong."));
}

}  // namespace

bool IsSigningSecret(const Secret& secret) {
  return secret.Reveal().starts_with(kPrefix);
}

StatusOr<Secret> SigningKey(const Secret& secret) {
  std::string_view text = secret.Reveal();
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  std::string key;
  if (!Base64Decode(text, &key))
    return InvalidArgument("what follows \"whsec_\" in the secret is no base64");
  if (key.size() < kFewestBytes || key.size() > kMostBytes) {
    return InvalidArgument(Cat("what follows \"whsec_\" in the secret must be the base64 of ",
                               kFewestBytes, " to ", kMostBytes, " bytes"));
  }
  return Secret(std::move(key));
}

std::string StandardSignature(const Secret& key, std::string_view id, std::string_view timestamp,
                              std::string_view body) {
  return Cat("v1,", Base64Encode(HmacSha256(key.Reveal(), Cat(id, ".", timestamp, ".", body))));
}

Status CheckStandardWebhook(std::span<const Secret> keys, const Headers& headers,
                            std::string_view body, absl::Time now) {
  const std::string_view id = HeaderValue(headers, "webhook-id");
  const std::string_view timestamp = HeaderValue(headers, "webhook-timestamp");
  const std::string_view given = HeaderValue(headers, "webhook-signature");
  if (id.empty() || id.size() > kLongestId)
    return Unauthenticated("The header webhook-id is missing or too long.");
  if (given.empty()) return Unauthenticated("The header webhook-signature is missing.");
  RETURN_IF_ERROR(CheckTimestamp(timestamp, now));
  auto signatures = Split(given, ' ');
  if (signatures.size() > kMostSignatures) signatures.resize(kMostSignatures);
  bool fits = false;
  for (const Secret& key : keys) {
    if (key.empty()) continue;  // it would make a signature that anyone can make
    const std::string right = StandardSignature(key, id, timestamp, body);
    for (const std::string_view signature : signatures)
      fits |= ConstantTimeEquals(signature, right);
  }
  if (fits) return OkStatus();
  return Unauthenticated(
      "The signature does not fit the delivery: check that both sides have the same signing "
      "token.");
}

}  // namespace regreen
