// Tasks as JSON, for the API and for the command line.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/json.h"
#include "daemon/domain/task.h"
#include "daemon/ports/store.h"

namespace regreen {

// UTC, with milliseconds.
std::string IsoTime(absl::Time time);
// What a list shows of a task: fields of an object that is open.
void WriteTaskFields(const Task& task, JsonWriter& out);
// {"at", "kind", "message"}
void WriteJson(const TimelineEntry& entry, JsonWriter& out);
// All of the fields above, "incident", "plan" and "timeline": fields of an object that is open.
void WriteTaskInFull(const Task& task, const std::vector<TimelineEntry>& timeline, JsonWriter& out);

}  // namespace regreen
