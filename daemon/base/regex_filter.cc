#include "daemon/base/regex_filter.h"

#include <re2/filtered_re2.h>

#include <algorithm>
#include <bitset>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "daemon/base/regex_ascii.h"

namespace regreen {
namespace {

constexpr std::size_t kShortestAtom = 3;  // shorter texts are in every log

// The first bytes of a text as a number.
std::uint32_t KeyOf(std::string_view text) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(text[0])) << 16 |
         static_cast<std::uint32_t>(static_cast<unsigned char>(text[1])) << 8 |
         static_cast<unsigned char>(text[2]);
}

std::size_t SlotOf(std::uint32_t key) {
  return (key * 0x9E3779B1u) >> 16;
}

// As RE2 folds cases, where the result is ASCII: two letters beyond it count as k and s.
std::string FoldToAscii(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("\u212A")) {
      out += 'k';
      i += 2;
    } else if (rest.starts_with("\u017F")) {
      out += 's';
      i += 1;
    } else {
      const char c = text[i];
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return out;
}

// Only the texts that a pattern of ASCII needs are asked for, and they are the same in Latin-1, in
// which a dot is one instruction and not nine: half the time of making the filter.
RE2::Options FilterOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_never_capture(true);
  return options;
}

}  // namespace

struct RegexFilter::Impl {
  std::size_t size = 0;
  std::vector<std::size_t> always;    // patterns that nothing is known of
  std::vector<std::size_t> filtered;  // pattern by the filter's number
  re2::FilteredRE2 filter{static_cast<int>(kShortestAtom)};
  std::vector<std::string> atoms;
  std::bitset<1 << 16> slots;  // of the keys that some atom begins with
  absl::flat_hash_map<std::uint32_t, std::vector<int>> by_key;

  std::vector<int> AtomsIn(std::string_view text) const {
    std::vector<bool> seen(atoms.size());
    std::vector<int> found;
    for (std::size_t i = 0; i + kShortestAtom <= text.size(); ++i) {
      const std::string_view rest = text.substr(i);
      const std::uint32_t key = KeyOf(rest);
      if (!slots[SlotOf(key)]) continue;
      const auto entry = by_key.find(key);
      if (entry == by_key.end()) continue;
      for (const int atom : entry->second) {
        const auto n = static_cast<std::size_t>(atom);
        if (seen[n] || !rest.starts_with(atoms[n])) continue;
        seen[n] = true;
        found.push_back(atom);
      }
    }
    return found;
  }
};

RegexFilter::RegexFilter(std::span<const std::string> patterns) {
  auto impl = std::make_unique<Impl>();
  impl->size = patterns.size();
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    int id = 0;
    if (IsAsciiPattern(patterns[i]) &&
        impl->filter.Add(patterns[i], FilterOptions(), &id) == RE2::NoError) {
      impl->filtered.push_back(i);
    } else {
      impl->always.push_back(i);
    }
  }
  if (!impl->filtered.empty()) impl->filter.Compile(&impl->atoms);
  for (std::size_t i = 0; i < impl->atoms.size(); ++i) {
    const std::uint32_t key = KeyOf(impl->atoms[i]);
    impl->slots.set(SlotOf(key));
    impl->by_key[key].push_back(static_cast<int>(i));
  }
  impl_ = std::move(impl);
}

RegexFilter::~RegexFilter() = default;
RegexFilter::RegexFilter(RegexFilter&&) noexcept = default;
RegexFilter& RegexFilter::operator=(RegexFilter&&) noexcept = default;

std::vector<bool> RegexFilter::Candidates(std::string_view text) const {
  std::vector<bool> candidates(impl_->size);
  for (const std::size_t pattern : impl_->always) candidates[pattern] = true;
  if (impl_->filtered.empty()) return candidates;
  std::vector<int> potentials;
  impl_->filter.AllPotentials(impl_->AtomsIn(FoldToAscii(text)), &potentials);
  for (const int n : potentials) {
    candidates[impl_->filtered[static_cast<std::size_t>(n)]] = true;
  }
  return candidates;
}

}  // namespace regreen
