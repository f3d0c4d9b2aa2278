// Values that read like the real ones.
#pragma once

#include <string>

#include "daemon/domain/task.h"

namespace regreen {

inline Patch SamplePatch(const std::string& path = "table.txt") {
  Patch patch;
  patch.base_commit = std::string(40, 'a');
  patch.bytes = "diff --git a/" + path + " b/" + path + "\nindex " + std::string(40, '1') + ".." +
                std::string(40, '2') + " 100644\n--- a/" + path + "\n+++ b/" + path +
                "\n@@ -1 +1 @@\n-old\n+new\n";
  patch.digest = PatchDigest(patch.base_commit, patch.bytes);
  FileChange file;
  file.path = path;
  file.old_mode = file.new_mode = 0100644;
  file.added_lines = file.removed_lines = 1;
  patch.files = {file};
  return patch;
}

inline Incident SampleIncident() {
  Incident incident;
  incident.run.key = {"github", "acme/widget", "42", 1};
  incident.run.ci = "github";
  incident.run.branch = incident.run.base_branch = "main";
  incident.run.commit = std::string(40, 'a');
  incident.run.link = "https://github.com/acme/widget/actions/runs/42";
  incident.run.completed = incident.run.failed = true;
  incident.job = {"7", "check", "failure", true, "Run make check", 3, ""};
  incident.jobs = {"check"};
  incident.evidence.failure_class = FailureClass::kFormat;
  incident.evidence.signature = "make: table.txt is out of date";
  incident.evidence.fingerprint = "0123456789abcdef";
  incident.evidence.lines = {{12, "table.txt is out of date", "primary"}};
  return incident;
}

inline Plan SamplePlan() {
  Plan plan;
  plan.template_name = "regenerate";
  plan.title = "Regenerate the table";
  plan.steps = {{"regenerate", "make table", absl::Minutes(1)}};
  plan.verify_command = "make check";
  plan.guard_paths = {"*.txt"};
  return plan;
}

inline Task SampleTask() {
  Task task;
  task.id = "0a1b2c3d4e5f";
  task.state = TaskState::kRepairing;
  task.created_at = absl::FromUnixSeconds(1'700'000'000);
  task.incident = SampleIncident();
  task.plan = SamplePlan();
  return task;
}

}  // namespace regreen
