// Private keys made by the program openssl, once for each process, and its word on signatures.
#pragma once

#include <string>

namespace regreen {

struct TestKeys {
  std::string pkcs1, pkcs8;  // one RSA key of 2048 bits in both forms
  std::string passphrase, elliptic, small, public_half;
};
const TestKeys& Keys();
// Whether `openssl dgst -verify` takes the RSA key's signature (SHA-256) of the text for good.
bool IsSignedByTestKey(const std::string& text, const std::string& signature);

}  // namespace regreen
