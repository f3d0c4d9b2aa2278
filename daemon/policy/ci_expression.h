// GitHub's `${{ }}` where its value is certain: a property of a context, or a literal.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "daemon/base/status.h"

namespace regreen {

bool HasExpression(std::string_view text);

struct CiContext {
  std::map<std::string, std::string> values;  // "matrix.os", lower case
  std::set<std::string> whole;  // contexts with nothing that is not in `values`: the rest is ""
};

// The text with every expression in it replaced. InvalidArgument names the first that is not
// certain.
StatusOr<std::string> Substitute(std::string_view text, const CiContext& context);

// Whether `shown` can be what became of `written`, each expression in it being any text.
bool CouldRead(std::string_view written, std::string_view shown);

}  // namespace regreen
