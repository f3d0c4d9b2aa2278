// Payloads of CIs as their platforms document them, from tests/fixtures/ci.
#pragma once

#include <string>

#include "daemon/base/json.h"

namespace regreen {

// The payload in `file`; its conclusion, the text `was`, is changed for `conclusion` where it
// stands as `"member": "was"`.
std::string CiFixture(const std::string& file);
std::string CiFixture(const std::string& file, const std::string& member, const std::string& was,
                      const std::string& conclusion);

// Writes `value` again with its leaf number `leaf` missing (change 0), renamed (1), null (2), an
// array (3) or a bool (4). Counts `leaf` down; it stays at 0 or more when there is no such leaf.
void WriteChanged(JsonWriter& out, const Json& value, int& leaf, int change);

}  // namespace regreen
