// A printed JSON Schema against the readers and against TOML files.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "daemon/base/toml.h"

namespace regreen {

// Puts a key that nobody knows into each table of the schema, and compares the keys that the
// reader then says there are with the schema's.
void ExpectSameKeys(std::string_view schema,
                    const std::function<void(std::string_view text, Problems& problems)>& read);

// What in a TOML document does not fit, a line each: unknown keys, types, choices, bounds and
// durations. What is required is looked at in tables that hold something.
std::string SchemaMistakes(std::string_view schema, std::string_view toml);

}  // namespace regreen
