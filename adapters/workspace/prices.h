// What the calls of a model cost, by a table of the configuration.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "daemon/base/status.h"
#include "daemon/domain/usage.h"

namespace regreen {

// US dollars for a million tokens.
struct Prices {
  double input = 0, output = 0;
  double cache_read = 0, cache_write = 0;  // where none is given: as input
};
// "input=3 output=15 cache_read=0.3 cache_write=3.75". InvalidArgument.
StatusOr<Prices> ParsePrices(std::string_view text);

using PriceTable = std::map<std::string, Prices>;  // by the model's name, or a pattern with `*`
// Of what a name fits, the longest pattern counts. A model that no pattern fits costs as much as
// the dearest: what is not known must not be free. Nothing where there is no table.
double PriceOf(const PriceTable& table, const std::string& model, const ModelUsage& usage);

}  // namespace regreen
