#include "daemon/guard/known_secrets.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// Lines of keys are longer; their headers are the same for everybody.
constexpr std::size_t kShortestLine = 24;

std::uint64_t Head(const char* bytes) {
  std::uint64_t head = 0;
  std::memcpy(&head, bytes, sizeof head);
  return head;
}

// Sixteen bits of a multiplicative hash.
std::size_t Slot(std::uint64_t head) {
  return static_cast<std::size_t>((head * 0x9E3779B97F4A7C15u) >> 48);
}

std::string Upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

std::string UrlAlphabet(std::string text) {
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

// What base 64 of any text around the secret holds: the characters that the secret alone decides,
// when it begins at this byte of a group of three.
std::string InBase64(const std::string& secret, std::size_t offset) {
  const std::string all = Base64Encode(Cat(std::string(offset, '\0'), secret));
  const std::size_t begin = (offset * 8 + 5) / 6, end = (offset + secret.size()) * 8 / 6;
  return all.substr(begin, end - begin);
}

std::set<std::string> Forms(const std::string& secret) {
  const std::string percent = PercentEncode(secret);
  std::set<std::string> forms{secret, HexEncode(secret), Upper(HexEncode(secret)), percent};
  std::string lower = percent;
  for (std::size_t i = 0; i + 2 < lower.size(); ++i) {
    if (lower[i] == '%') lower.replace(i + 1, 2, Lower(lower.substr(i + 1, 2)));
  }
  forms.insert(std::move(lower));
  for (const std::size_t offset : {0u, 1u, 2u}) {
    const std::string encoded = InBase64(secret, offset);
    forms.insert(UrlAlphabet(encoded));
    forms.insert(encoded);
  }
  return forms;
}

}  // namespace

KnownSecrets::KnownSecrets(std::span<const Secret> secrets) {
  std::set<std::string> all;
  for (const Secret& secret : secrets) {
    const std::string_view value = Trim(secret.Reveal());
    const bool one_line = value.find('\n') == std::string_view::npos;
    for (std::string_view line : SplitLines(value)) {
      line = Trim(line);
      if (line.size() < (one_line ? kShortest : kShortestLine) || line.starts_with("-----"))
        continue;
      all.merge(Forms(std::string(line)));
    }
  }
  for (const std::string& form : all) Add(form);
}

void KnownSecrets::Add(std::string needle) {
  const std::uint64_t head = Head(needle.data());
  bits_[Slot(head) >> 6] |= std::uint64_t{1} << (Slot(head) & 63);
  needles_.emplace(head, std::move(needle));
}

std::optional<std::size_t> KnownSecrets::Find(std::string_view text) const {
  if (needles_.empty() || text.size() < kShortest) return std::nullopt;
  for (std::size_t at = 0; at + kShortest <= text.size(); ++at) {
    const std::uint64_t head = Head(text.data() + at);
    const std::size_t slot = Slot(head);
    if ((bits_[slot >> 6] >> (slot & 63) & 1) == 0) continue;
    const auto [first, last] = needles_.equal_range(head);
    const std::string_view rest = text.substr(at);
    if (std::any_of(first, last,
                    [&](const auto& needle) { return rest.starts_with(needle.second); }))
      return at;
  }
  return std::nullopt;
}

}  // namespace regreen
