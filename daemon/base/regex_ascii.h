// Whether a pattern means the same in Latin-1 as in UTF-8, where no text beyond ASCII takes part in
// what it needs: it holds none, and no escape that could stand for one. Private to regex*.cc.
#pragma once

#include <string_view>

namespace regreen {

bool IsAsciiPattern(std::string_view pattern);

}  // namespace regreen
