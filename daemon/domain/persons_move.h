// What a person may say of a task, and where that leads. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/status.h"
#include "daemon/domain/task.h"

namespace regreen {

enum class PersonsWord {
  kApprove,  // let it begin when it is held, or be published when it is in review
  kReject,   // end it when it is held or in review
  kCancel,   // end it, whatever it does
};
std::string_view ToString(PersonsWord word);  // "approve"
std::optional<PersonsWord> ParsePersonsWord(std::string_view name);

// InvalidArgument, with a sentence, when the word says nothing to a task in its state.
StatusOr<TaskState> StateAfter(PersonsWord word, const Task& task);
// For the timeline: "approved by hand by alice: looks good". `by` and `reason` may be empty; what
// they hold is escaped and capped.
std::string ReasonOf(PersonsWord word, std::string_view by, std::string_view reason);

}  // namespace regreen
