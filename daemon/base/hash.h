// Digests, message authentication and randomness, by OpenSSL (this file's .cc owns it). Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace regreen {

std::string Sha256(std::string_view bytes);                            // 32 raw bytes
std::string Sha256Hex(std::string_view bytes);                         // 64 lower-case digits
std::string HmacSha256(std::string_view key, std::string_view bytes);  // 32 raw bytes
std::string HexEncode(std::string_view bytes);
bool HexDecode(std::string_view hex, std::string* bytes);  // false on any bad digit
std::string Base64Encode(std::string_view bytes);
// RFC 4648 with its padding; false on anything else.
bool Base64Decode(std::string_view text, std::string* bytes);
std::string Base64UrlEncode(std::string_view bytes);  // for JSON Web Tokens: no padding
// Takes time that depends on the lengths alone.
bool ConstantTimeEquals(std::string_view a, std::string_view b);
std::string RandomHex(std::size_t bytes);  // from the system's generator

}  // namespace regreen
