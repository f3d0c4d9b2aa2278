// Signatures by an RSA key, by OpenSSL (this file's .cc owns that part of it).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/secret.h"
#include "daemon/base/status.h"

namespace regreen {

// A private key. Cheap to copy; any thread.
class RsaKey {
 public:
  // PEM by PKCS#1 ("BEGIN RSA PRIVATE KEY") or PKCS#8 ("BEGIN PRIVATE KEY"), without a passphrase,
  // of 2048 bits at least. InvalidArgument says what was given instead, and never repeats any of
  // it.
  static StatusOr<RsaKey> FromPem(const Secret& pem);
  // RSASSA-PKCS1-v1_5 over SHA-256 (RS256 of RFC 7518), raw bytes.
  StatusOr<std::string> SignSha256(std::string_view bytes) const;

 private:
  explicit RsaKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;  // an EVP_PKEY
};

}  // namespace regreen
