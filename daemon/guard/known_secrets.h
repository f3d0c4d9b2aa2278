// The secrets that this daemon holds, as they must not be found anywhere outside: as they are, and
// in base 64 (at each of three offsets, both alphabets), hexadecimal and URL encoding.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/base/secret.h"

namespace regreen {

// Immutable; any thread. Holds copies of the secrets.
class KnownSecrets {
 public:
  // Shorter ones are words of any text, and are not looked for.
  static constexpr std::size_t kShortest = 8;

  KnownSecrets() = default;
  // Of a secret with many lines, as a private key, each line of some length counts.
  explicit KnownSecrets(std::span<const Secret> secrets);

  bool empty() const { return needles_.empty(); }
  // Where the first one begins. One pass, whatever their number.
  std::optional<std::size_t> Find(std::string_view text) const;

 private:
  void Add(std::string needle);

  // By their first eight bytes, before which stands a filter of bits.
  std::unordered_multimap<std::uint64_t, std::string> needles_;
  std::array<std::uint64_t, 1024> bits_{};
};

}  // namespace regreen
