// Payloads of CIs as their platforms document them, from tests/fixtures/ci.
#pragma once

#include <string>

namespace regreen {

// The payload in `file`; its conclusion, the text `was`, is changed for `conclusion` where it
// stands as `"member": "was"`.
std::string CiFixture(const std::string& file);
std::string CiFixture(const std::string& file, const std::string& member, const std::string& was,
                      const std::string& conclusion);

}  // namespace regreen
