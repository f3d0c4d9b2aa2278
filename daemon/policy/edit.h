// Changes to a template's text that leave everything else byte for byte. Pure.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/status.h"
#include "daemon/domain/plan.h"

namespace regreen {

// The template's text with another stage: the value of `stage` in the quotes that it had, or, where
// the file has none (or its base has it), a line of its own after `title` or `name`, with the
// file's line ends. Comments, layout and all other values stay. InvalidArgument where the text is
// no TOML, or has neither a stage nor a name at its top. What comes out is read again:
// FailedPrecondition where anything but the stage would have another value.
StatusOr<std::string> WithStage(std::string_view text, Stage stage);

}  // namespace regreen
