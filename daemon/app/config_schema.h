// The keys of the configuration, as a schema for editors.
#pragma once

#include "daemon/policy/schema.h"

namespace regreen {

// Of Config's own fields, so that it cannot say anything else.
Schema ConfigSchema();

}  // namespace regreen
