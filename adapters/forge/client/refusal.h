// What a status of a forge's REST API means to whoever asked: one table for all platforms.
#pragma once

#include <string_view>

#include "daemon/base/status.h"

namespace regreen {

// How a platform is spoken of.
struct RefusalWords {
  const char* platform;     // "GitHub"
  const char* new_token;    // "Make a new one with …"
  const char* more_rights;  // "give it the permission"
};

// Of an answer that is neither a 2xx nor one of a limit. `what` names what was being done, `said`
// are the platform's own words, escaped.
Status Refusal(const RefusalWords& words, int status, std::string_view what, std::string_view said);

}  // namespace regreen
