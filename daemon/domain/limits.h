// What a template and a repository may use, and whether a queued task may begin. Pure: a store
// counts, in the transaction that claims, and this decides; so that limits hold however many
// workers and replicas there are.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "daemon/base/json.h"

namespace regreen {

// Zero means no limit. The same shape serves [limits] of a template, which counts that template's
// tasks in one repository (budgets and the circuit: in all of them), and [limits] of the
// configuration, which counts a repository's tasks of whatever template and has no circuit. A
// cooldown counts whatever template the task before had.
struct Limits {
  // Changes open at once. A task that may open one takes its place from the start, so that the
  // limit holds when several become ready together; it holds only such tasks back.
  int open_per_repo = 0;
  int tasks_per_repo = 0;   // tasks at work at once: from their first claim to watching
  int per_hour = 0;         // tasks begun in the last 60 minutes
  int per_day = 0;          // tasks begun in the last 24 hours
  double usd_per_day = 0;   // spent in the last 24 hours
  double usd_per_task = 0;  // by one task, on all of its rungs; of a template. Holds nothing back
  int minutes_per_day = 0;  // of workspaces, in the last 24 hours
  absl::Duration cooldown;  // after a task of the same fingerprint in the repository ended
  int break_after = 0;      // failures in a row that open the circuit
  absl::Duration break_for = absl::Hours(1);  // how long it stays open after the last of them
  bool operator==(const Limits&) const = default;
};

enum class LimitKind {
  kOpenPerRepo,
  kTasksPerRepo,
  kPerHour,
  kPerDay,
  kUsdPerDay,
  kMinutesPerDay,
  kCooldown,
  kBreakAfter,
};
std::string_view ToString(LimitKind kind);  // its key: "open_per_repo"
std::span<const LimitKind> AllLimitKinds();

// What the store counts for one candidate, at one moment, the candidate itself left out. What no
// limit asks for need not be counted.
struct LimitUsage {
  int open_changes = 0, tasks = 0;
  // Of those begun, no more need be counted than the limit allows; the oldest of the counted is the
  // one whose leaving the window makes room.
  int begun_last_hour = 0, begun_last_day = 0;
  absl::Time oldest_of_hour, oldest_of_day;  // when it began
  double usd_last_day = 0;
  absl::Duration time_last_day;
  std::optional<absl::Time> fingerprint_ended;  // the last task of this fingerprint
  int failures_in_a_row = 0;
  std::optional<absl::Time> last_failure;
};

struct HeldBack {
  LimitKind limit = LimitKind::kTasksPerRepo;
  std::string why;   // a sentence that names the limit and its numbers
  absl::Time until;  // when it is worth another look
};

// The first limit that holds a task back. `whose` names the owner of the limits in the sentence:
// `template "x"` or `repository acme/widget`.
std::optional<HeldBack> WhatHoldsBack(const Limits& limits, const LimitUsage& usage,
                                      const std::string& whose, absl::Time now);

void WriteJson(const Limits& limits, JsonWriter& out);
Limits LimitsFromJson(const Json& json);

}  // namespace regreen
