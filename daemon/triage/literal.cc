#include "daemon/triage/literal.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstdint>
#include <set>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxAlternatives = 32;
constexpr std::size_t kMaxClass = 6;
constexpr std::int64_t kMaxRepeat = 8;

using Texts = std::set<std::string>;

// What is known of a part of the expression.
struct Part {
  bool exact = false;  // it matches the texts of `texts` and nothing else
  Texts texts;         // exact or, otherwise, any-of that a match must hold; empty: nothing known
  Texts head = {""};   // when not exact: any-of that a match begins with,
  Texts tail = {""};   // and any-of that it ends with
};

std::size_t Shortest(const Texts& texts) {
  std::size_t shortest = texts.empty() ? 0 : std::string::npos;
  for (const std::string& text : texts) shortest = std::min(shortest, text.size());
  return shortest;
}

// Long texts are rare in a log, and a sweep for few texts is fast; beyond a length nothing is
// gained.
int Worth(const Texts& texts) {
  constexpr std::size_t kLongEnough = 10;
  const int size = static_cast<int>(std::bit_width(texts.size()));
  return 2 * static_cast<int>(std::min(Shortest(texts), kLongEnough)) - size;
}

void TakeBetter(Texts& best, const Texts& other) {
  if (Shortest(best) == 0 || (Shortest(other) > 0 && Worth(other) > Worth(best))) best = other;
}

// A reader of RE2's syntax that knows literals, and of all else only where it ends.
class Reader {
 public:
  explicit Reader(std::string_view pattern) : pattern_(pattern) {}

  Part Alternation() {
    Part all = Sequence();
    while (Take('|')) all = Either(all, Sequence());
    return all;
  }
  bool caseless() const { return caseless_; }
  bool lost() const { return lost_ || at_ < pattern_.size(); }

 private:
  bool AtEnd() const { return at_ >= pattern_.size(); }
  char Peek() const { return AtEnd() ? '\0' : pattern_[at_]; }
  bool Take(char c) {
    if (AtEnd() || pattern_[at_] != c) return false;
    ++at_;
    return true;
  }

  static Texts Union(const Texts& a, const Texts& b) {
    Texts all = a;
    all.insert(b.begin(), b.end());
    return all.size() > kMaxAlternatives ? Texts{""} : all;
  }

  static Texts Joined(const Texts& left, const Texts& right) {
    Texts joined;
    if (left.size() * right.size() > kMaxAlternatives) return joined;
    for (const std::string& a : left) {
      for (const std::string& b : right) joined.insert(a + b);
    }
    return joined;
  }

  static Part Either(const Part& a, const Part& b) {
    if (a.texts.empty() || b.texts.empty()) return {};
    Part either;
    either.texts = Union(a.texts, b.texts);
    either.exact =
        a.exact && b.exact && either.texts.size() >= std::max(a.texts.size(), b.texts.size());
    either.head = Union(a.exact ? a.texts : a.head, b.exact ? b.texts : b.head);
    either.tail = Union(a.exact ? a.texts : a.tail, b.exact ? b.texts : b.tail);
    return either;
  }

  // Exact neighbours are joined to longer texts; whatever is not exact ends a run and begins
  // another.
  Part Sequence() {
    Part whole{true, {""}};
    Texts run = {""};
    Texts best;
    while (!AtEnd() && Peek() != '|' && Peek() != ')') {
      const Part part = Quantified();
      Texts joined = Joined(run, part.exact ? part.texts : part.head);
      if (part.exact && !joined.empty()) {
        run = std::move(joined);
        continue;
      }
      if (whole.exact) whole.head = joined.empty() ? run : joined;
      whole.exact = false;
      TakeBetter(best, joined.empty() ? run : joined);
      TakeBetter(best, part.texts);
      run = part.exact ? part.texts : part.tail;
    }
    if (whole.exact) return {true, run};
    TakeBetter(best, run);
    whole.texts = best;
    whole.tail = run;
    return whole;
  }

  Part Quantified() {
    Part part = Atom();
    for (;;) {
      if (Take('?')) {
        // A lazy mark behind another quantifier changes nothing: `part` is not exact there.
        if (part.exact)
          part.texts.insert("");
        else if (!after_quantifier_)
          part = {};
      } else if (Take('*')) {
        part = {};
      } else if (Take('+')) {
        part.exact = false;
      } else if (Peek() == '{' && Repeat(part)) {
      } else {
        after_quantifier_ = false;
        return part;
      }
      after_quantifier_ = true;
    }
  }

  // "{3}", "{3,}", "{3,5}"; any other brace is itself.
  bool Repeat(Part& part) {
    const std::size_t close = pattern_.find('}', at_);
    if (close == std::string_view::npos || close == at_ + 1 || !IsDigit(pattern_[at_ + 1]))
      return false;
    std::string_view digits = pattern_.substr(at_ + 1, close - at_ - 1);
    digits = digits.substr(0, digits.find(','));
    std::int64_t least = 0;
    if (!ParseInt64(digits, &least)) lost_ = true;
    at_ = close + 1;
    if (least <= 0) {
      part = {};
    } else if (part.exact && part.texts.size() == 1) {
      const std::string once = *part.texts.begin();
      std::string repeated;
      for (std::int64_t i = 0; i < std::min<std::int64_t>(least, kMaxRepeat); ++i) repeated += once;
      part.texts = {repeated};
    }
    part.exact = false;
    return true;
  }

  Part Atom() {
    const char c = pattern_[at_++];
    switch (c) {
      case '(':
        return Group();
      case '[':
        return Class();
      case '.':
        return {};
      case '^':
      case '$':
        return {true, {""}};
      case '\\':
        return Escape();
      default:
        return {true, {std::string(1, c)}};
    }
  }

  Part Group() {
    if (Take('?')) {
      if (Peek() == 'P' || Peek() == '<') {
        const std::size_t close = pattern_.find('>', at_);
        at_ = close == std::string_view::npos ? pattern_.size() : close + 1;
      } else {
        while (!AtEnd() && Peek() != ':' && Peek() != ')') {
          if (pattern_[at_++] == 'i') caseless_ = true;
        }
        if (Take(')')) return {true, {""}};
        Take(':');
      }
    }
    const Part inner = Alternation();
    if (!Take(')')) lost_ = true;
    return inner;
  }

  // A small class of plain characters is a choice; any other is not known.
  Part Class() {
    Texts texts;
    bool plain = !Take('^');
    bool first = true;
    for (; !AtEnd() && (first || Peek() != ']'); first = false) {
      char c = pattern_[at_++];
      if (c == '[' && Peek() == ':') {
        const std::size_t close = pattern_.find(":]", at_);
        at_ = close == std::string_view::npos ? pattern_.size() : close + 2;
        plain = false;
        continue;
      }
      if (c == '\\' && !AtEnd()) {
        c = pattern_[at_++];
        plain = plain && !std::isalnum(static_cast<unsigned char>(c));
        if (c == 'p' || c == 'P' || c == 'x') SkipBraces();
      }
      if (c == '-' && !first && Peek() != ']') plain = false;
      plain = plain && static_cast<unsigned char>(c) < 0x80;
      texts.insert(std::string(1, c));
    }
    if (!Take(']')) lost_ = true;
    if (!plain || texts.size() > kMaxClass) return {};
    return {true, texts};
  }

  Part Escape() {
    if (AtEnd()) return {};
    const char c = pattern_[at_++];
    switch (c) {
      case 'b':
      case 'B':
      case 'A':
      case 'z':
        return {true, {""}};
      case 't':
        return {true, {"\t"}};
      case 'p':
      case 'P':
      case 'x':
        SkipBraces();
        return {};
      case 'Q':
        lost_ = true;
        return {};
      default:
        break;
    }
    if (std::isalnum(static_cast<unsigned char>(c))) return {};
    return {true, {std::string(1, c)}};
  }

  // Behind \p, \P and \x: "{…}", one letter, or two digits.
  void SkipBraces() {
    if (Peek() == '{') {
      const std::size_t close = pattern_.find('}', at_);
      at_ = close == std::string_view::npos ? pattern_.size() : close + 1;
    } else {
      const bool hex = pattern_[at_ - 1] == 'x';
      at_ = std::min(at_ + (hex ? 2 : 1), pattern_.size());
    }
  }

  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

  std::string_view pattern_;
  std::size_t at_ = 0;
  bool caseless_ = false;
  bool lost_ = false;  // syntax that this reader does not follow
  bool after_quantifier_ = false;
};

}  // namespace

std::vector<Literal> RequiredLiterals(std::string_view pattern) {
  Reader reader(pattern);
  const Part part = reader.Alternation();
  if (reader.lost() || Shortest(part.texts) == 0) return {};
  std::set<Literal> literals;
  for (const std::string& text : part.texts) {
    literals.insert({reader.caseless() ? Lower(text) : text, reader.caseless()});
  }
  return {literals.begin(), literals.end()};
}

}  // namespace regreen
