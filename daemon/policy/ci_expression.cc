#include "daemon/policy/ci_expression.h"

#include "daemon/base/text.h"
#include "daemon/policy/ci_shell.h"

namespace regreen {
namespace {

constexpr std::size_t kMostText = 64 << 10;

StatusOr<std::string> NotCertain(std::string_view expression) {
  return InvalidArgument(Cat("the expression ", Shown(Cat("${{ ", expression, " }}")),
                             ", which only the CI can read"));
}

// 'it''s' is it's.
bool ReadLiteral(std::string_view expression, std::string& out) {
  if (expression.size() < 2 || expression.front() != '\'' || expression.back() != '\'')
    return false;
  expression = expression.substr(1, expression.size() - 2);
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\'' && (++i == expression.size() || expression[i] != '\'')) return false;
    out += expression[i];
  }
  return true;
}

bool IsProperty(std::string_view expression) {
  return !expression.empty() &&
         expression.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
             std::string_view::npos;
}

// matrix['os'] is matrix.os.
std::string Dotted(std::string_view expression) {
  const std::size_t open = expression.find("['");
  if (open == std::string_view::npos || !expression.ends_with("']")) return std::string(expression);
  const std::string_view name = expression.substr(open + 2, expression.size() - open - 4);
  return Cat(expression.substr(0, open), ".", name);
}

StatusOr<std::string> Evaluate(std::string_view expression, const CiContext& context) {
  std::string literal;
  if (ReadLiteral(expression, literal)) return literal;
  const std::string property = Lower(Dotted(expression));
  if (!IsProperty(property)) return NotCertain(expression);
  if (const auto found = context.values.find(property); found != context.values.end())
    return found->second;
  const std::size_t dot = property.find('.');
  const bool one = dot != std::string::npos && property.find('.', dot + 1) == std::string::npos;
  if (one && context.whole.contains(property.substr(0, dot))) return std::string();
  return NotCertain(expression);
}

}  // namespace

bool HasExpression(std::string_view text) {
  return text.find("${{") != std::string_view::npos;
}

StatusOr<std::string> Substitute(std::string_view text, const CiContext& context) {
  std::string out;
  for (;;) {
    const std::size_t open = text.find("${{");
    Append(out, text.substr(0, open));
    if (open == std::string_view::npos) return out;
    text.remove_prefix(open);
    const std::size_t close = text.find("}}");
    if (close == std::string_view::npos) return NotCertain(Truncate(text.substr(3), 40));
    ASSIGN_OR_RETURN(const std::string value, Evaluate(Trim(text.substr(3, close - 3)), context));
    out += value;
    if (out.size() > kMostText) return InvalidArgument("the expressions grow beyond what is read");
    text.remove_prefix(close + 2);
  }
}

bool CouldRead(std::string_view written, std::string_view shown) {
  bool first = true;
  for (;;) {
    const std::size_t open = written.find("${{");
    const std::string_view literal = written.substr(0, open);
    if (open == std::string_view::npos) return first ? shown == literal : shown.ends_with(literal);
    const std::size_t at = shown.find(literal);
    if (at == std::string_view::npos || (first && at != 0)) return false;
    shown.remove_prefix(at + literal.size());
    const std::size_t close = written.find("}}", open);
    if (close == std::string_view::npos) return false;
    written.remove_prefix(close + 2);
    first = false;
  }
}

}  // namespace regreen
