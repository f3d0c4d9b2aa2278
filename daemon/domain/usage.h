// What calls of a model came to, as its answers tell; and where commands find it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace regreen {

struct ModelUsage {
  std::int64_t requests = 0;
  std::int64_t input_tokens = 0;        // neither read from a cache nor written to one
  std::int64_t cache_read_tokens = 0;   // of the input
  std::int64_t cache_write_tokens = 0;  // of the input
  std::int64_t output_tokens = 0;
  double usd = 0;     // by the prices of the configuration
  bool over = false;  // a cap is reached: no further call is made

  std::int64_t tokens() const {
    return input_tokens + cache_read_tokens + cache_write_tokens + output_tokens;
  }
};

// The variable by which commands find the address of an egress set's model, where the set is served
// by this daemon: REGREEN_MODEL_URL_ and its name in upper case.
std::string ModelUrlVariable(std::string_view set);

}  // namespace regreen
