// What the store remembers for those who write policies: how each template did, and each failure
// that a delivery showed, with what selection was given. Reading; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/status.h"
#include "daemon/domain/incident.h"
#include "daemon/domain/template_record.h"

namespace regreen {

// A failure as one run showed it. Kept for each run, also for those that joined an open incident.
struct Observation {
  std::int64_t id = 0;  // ascending with time
  absl::Time at;
  std::string delivery_key;
  Incident incident;          // its evidence.command and directory are what selection was given
  std::string template_name;  // that was selected then; "" for none
  std::string task_id;        // "" when it joined another, or none was made
};

class PolicyRecords {
 public:
  virtual ~PolicyRecords() = default;
  // Of every template that ever had a task, by name.
  virtual StatusOr<std::vector<TemplateRecord>> ListTemplateRecords() = 0;
  // Of one; zeros for one that had no task.
  virtual StatusOr<TemplateRecord> ReadTemplateRecord(const std::string& template_name) = 0;
  // Oldest first, those after `after_id`, at most `limit`.
  virtual StatusOr<std::vector<Observation>> ListObservations(absl::Time since,
                                                              std::int64_t after_id, int limit) = 0;
  // All that one delivery showed: its key, or the beginning of it that fits one only.
  virtual StatusOr<std::vector<Observation>> FindObservations(const std::string& delivery_key) = 0;
};

}  // namespace regreen
