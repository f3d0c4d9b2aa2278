#include <algorithm>
#include <array>
#include <climits>
#include <cmath>

#include "daemon/base/text.h"
#include "daemon/guard/checks.h"

namespace regreen {
namespace {

// Base 62 changes between small letters, capitals and digits at 62 of 100 characters; the words of
// a name change at few.
constexpr double kFewestTurns = 0.42;

enum class Kind { kNone, kSmall, kCapital, kDigit, kSign };

Kind KindOf(char c) {
  if (c >= 'a' && c <= 'z') return Kind::kSmall;
  if (c >= 'A' && c <= 'Z') return Kind::kCapital;
  if (c >= '0' && c <= '9') return Kind::kDigit;
  return c == '+' || c == '/' || c == '_' || c == '-' ? Kind::kSign : Kind::kNone;
}

double BitsOf(std::string_view word) {
  std::array<int, 256> counts{};
  for (const char c : word) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = count / static_cast<double>(word.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

bool IsRandomWord(const RandomText& rule, std::string_view word) {
  if (word.size() < static_cast<std::size_t>(rule.shortest)) return false;
  std::array<int, 5> kinds{};
  std::size_t turns = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    ++kinds[static_cast<std::size_t>(KindOf(word[i]))];
    turns += i > 0 && KindOf(word[i]) != KindOf(word[i - 1]);
  }
  const auto count = [&](Kind kind) { return kinds[static_cast<std::size_t>(kind)]; };
  const bool mixed =
      count(Kind::kSmall) > 1 && count(Kind::kCapital) > 1 && count(Kind::kDigit) > 1;
  // A path has many signs.
  const bool dense = static_cast<std::size_t>(count(Kind::kSign)) * 8 <= word.size();
  return mixed && dense &&
         static_cast<double>(turns) >= kFewestTurns * static_cast<double>(word.size() - 1) &&
         BitsOf(word) >= rule.bits;
}

std::string RandomWord(const RandomText& rule, std::string_view line) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && KindOf(line[i]) != Kind::kNone) continue;
    if (const auto word = line.substr(begin, i - begin); IsRandomWord(rule, word))
      return rule.unless && rule.unless->Contains(line) ? "" : std::string(word);
    begin = i + 1;
  }
  return "";
}

void CheckLong(const LongLines& rule, const FileText& file, Findings& out) {
  const auto is_long = [&](const ChangedLine& line) {
    return line.text.size() > static_cast<std::size_t>(rule.longest);
  };
  // Where one was, one may be.
  std::size_t old_ones = 0;
  for (const ChangedLine& line : file.lines) old_ones += !line.added && is_long(line);
  for (const ChangedLine& line : file.lines) {
    if (!line.added || !is_long(line)) continue;
    if (old_ones > 0) {
      --old_ones;
      continue;
    }
    out.push_back(Found(rule, file.path, line.number,
                        Cat("the patch adds a line of ", line.text.size(), " bytes, which")));
    return;
  }
}

void CheckRandom(const RandomText& rule, const FileText& file, Findings& out) {
  std::set<std::string> old_ones;
  for (const ChangedLine& line : file.lines) {
    if (line.added) continue;
    if (std::string word = RandomWord(rule, line.text); !word.empty())
      old_ones.insert(std::move(word));
  }
  for (const ChangedLine& line : file.lines) {
    if (!line.added) continue;
    const std::string word = RandomWord(rule, line.text);
    if (word.empty() || old_ones.contains(word)) continue;
    out.push_back(Found(rule, file.path, line.number, "the patch adds what"));
  }
}

}  // namespace

bool LooksRandom(const RandomText& rule, std::string_view line) {
  return !RandomWord(rule, line).empty();
}

void CheckShape(const FileText& file, const Plan& plan, const GuardRules& rules, Findings& out) {
  const auto holds = [&](const auto& rule) {
    return Applies(rule.in, file.path) && !Allows(plan, rule.name);
  };
  for (const LongLines& rule : rules.long_lines) {
    if (holds(rule)) CheckLong(rule, file, out);
  }
  for (const RandomText& rule : rules.random_text) {
    if (holds(rule)) CheckRandom(rule, file, out);
  }
}

void CheckKnownSecrets(const FileText& file, const KnownSecrets& secrets, Findings& out) {
  if (secrets.empty()) return;
  constexpr std::string_view kReason = "the patch holds a secret of this daemon.";
  if (secrets.Find(file.path)) out.push_back({"known-secret", "", 0, std::string(kReason)});
  // Joined, so that a line end within an encoded secret hides nothing.
  std::string added;
  std::vector<std::pair<std::size_t, int>> lines;
  for (const ChangedLine& line : file.lines) {
    if (!line.added) continue;
    lines.emplace_back(added.size(), line.number);
    added += Trim(line.text);
  }
  const auto at = secrets.Find(added);
  if (!at) return;
  const auto after = std::upper_bound(lines.begin(), lines.end(), std::pair(*at, INT_MAX));
  out.push_back(
      {"known-secret", ShownPath(file.path), std::prev(after)->second, std::string(kReason)});
}

}  // namespace regreen
