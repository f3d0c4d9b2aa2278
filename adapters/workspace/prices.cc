#include "adapters/workspace/prices.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/strings/numbers.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

double Cost(const Prices& prices, const ModelUsage& usage) {
  constexpr double kMillion = 1e6;
  return (prices.input * static_cast<double>(usage.input_tokens) +
          prices.output * static_cast<double>(usage.output_tokens) +
          prices.cache_read * static_cast<double>(usage.cache_read_tokens) +
          prices.cache_write * static_cast<double>(usage.cache_write_tokens)) /
         kMillion;
}

}  // namespace

StatusOr<Prices> ParsePrices(std::string_view text) {
  std::map<std::string, double> given;
  for (const std::string_view word : Split(text, ' ')) {
    if (word.empty()) continue;
    const std::size_t equals = word.find('=');
    const std::string name(word.substr(0, equals));
    const std::vector<std::string> names = {"input", "output", "cache_read", "cache_write"};
    double value = 0;
    if (std::find(names.begin(), names.end(), name) == names.end())
      return InvalidArgument(Cat("\"", EscapeControl(word), "\" is no price such as input=3",
                                 DidYouMean(name, names)));
    if (equals == std::string_view::npos ||
        !absl::SimpleAtod(std::string(word.substr(equals + 1)), &value) || !std::isfinite(value) ||
        value < 0)
      return InvalidArgument(Cat("\"", EscapeControl(word), "\" is no price such as input=3"));
    if (!given.emplace(name, value).second) return InvalidArgument(Cat(name, " is given twice"));
  }
  if (!given.contains("input") || !given.contains("output"))
    return InvalidArgument("a price is needed for input and for output, such as input=3 output=15");
  Prices out;
  out.input = out.cache_read = out.cache_write = given["input"];
  out.output = given["output"];
  if (given.contains("cache_read")) out.cache_read = given["cache_read"];
  if (given.contains("cache_write")) out.cache_write = given["cache_write"];
  return out;
}

double PriceOf(const PriceTable& table, const std::string& model, const ModelUsage& usage) {
  const std::pair<const std::string, Prices>* best = nullptr;
  double dearest = 0;
  for (const auto& entry : table) {
    dearest = std::max(dearest, Cost(entry.second, usage));
    // A model's name may have a vendor's before it.
    const bool fits =
        entry.first == model || entry.first == "*" || GlobMatch(entry.first, model) ||
        (entry.first.find('*') != std::string::npos && GlobMatch(Cat("**/", entry.first), model));
    if (fits && (best == nullptr || entry.first.size() > best->first.size())) best = &entry;
  }
  return best == nullptr ? dearest : Cost(best->second, usage);
}

}  // namespace regreen
