#include "daemon/triage/literal.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxAlternatives = 16;
constexpr std::size_t kMaxClass = 6;
constexpr std::int64_t kMaxRepeat = 8;

using Texts = std::set<std::string>;

// What is known of a part of the expression.
struct Part {
  bool exact = false;  // it matches the texts of `texts` and nothing else
  Texts texts;         // exact or, otherwise, any-of that a match must hold; empty: nothing known
};

std::size_t Shortest(const Texts& texts) {
  std::size_t shortest = texts.empty() ? 0 : std::string::npos;
  for (const std::string& text : texts) shortest = std::min(shortest, text.size());
  return shortest;
}

void TakeBetter(Texts& best, const Texts& other) {
  if (Shortest(other) > Shortest(best)) best = other;
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

  static Part Either(const Part& a, const Part& b) {
    Part either;
    if (a.texts.empty() || b.texts.empty()) return either;
    either.texts = a.texts;
    either.texts.insert(b.texts.begin(), b.texts.end());
    either.exact = a.exact && b.exact;
    if (either.texts.size() > kMaxAlternatives * 2) return {};
    return either;
  }

  // Exact neighbours are joined to longer texts; whatever is not exact ends a run.
  Part Sequence() {
    Texts run = {""};
    Texts best;
    bool exact = true;
    while (!AtEnd() && Peek() != '|' && Peek() != ')') {
      const Part part = Quantified();
      if (part.exact && run.size() * part.texts.size() <= kMaxAlternatives) {
        Texts joined;
        for (const std::string& left : run) {
          for (const std::string& right : part.texts) joined.insert(left + right);
        }
        run = std::move(joined);
        continue;
      }
      TakeBetter(best, run);
      TakeBetter(best, part.texts);
      run = {""};
      exact = false;
    }
    if (exact) return {true, run};
    TakeBetter(best, run);
    return {false, best};
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
