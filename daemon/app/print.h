// What the commands share in talking to a person.
#pragma once

#include <string>
#include <string_view>

#include "daemon/app/config.h"
#include "daemon/base/status.h"
#include "daemon/domain/task.h"

namespace regreen {

inline constexpr int kDone = 0, kBad = 1, kUsage = 2;

void PrintOut(std::string_view text);  // standard output, as it is
// "regreen: <sentence>" on standard error; answers `code`.
int Complain(std::string_view sentence, int code = kBad);
int Complain(const Status& status);
// As a person reads it: local time, to the second.
std::string LocalTime(absl::Time time);
// An entry of a timeline, with its line break. Not escaped yet.
std::string TimelineText(const TimelineEntry& entry);
// Reads a configuration; every mistake is printed.
StatusOr<Config> LoadConfigOrExplain(const std::string& path, ConfigUse use = ConfigUse::kDaemon);
// Quiet logging for commands that are not the daemon.
void LogWarningsOnly();

}  // namespace regreen
