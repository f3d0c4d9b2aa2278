#include "daemon/service/task_json.h"

namespace regreen {

std::string IsoTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

void WriteTaskFields(const Task& task, JsonWriter& out) {
  out.Field("id", task.id)
      .Field("state", ToString(task.state))
      .Field("template", task.plan.template_name);
  out.Field("stage", ToString(task.plan.stage)).Field("repo", task.incident.run.key.repo);
  out.Field("branch", task.branch).Field("target", task.incident.run.branch);
  out.Field("commit", task.incident.run.commit)
      .Field("signature", task.incident.evidence.signature);
  out.Field("class", ToString(task.incident.evidence.failure_class)).Field("reason", task.reason);
  out.Field("held_back", task.held_back);
  out.Field("attempt", task.attempt).Field("patch_digest", task.patch_digest);
  out.Field("pushed_commit", task.pushed_commit)
      .Field("change", task.change ? task.change->link : "");
  out.Field("spent_usd", task.spent.usd)
      .Field("spent_seconds", absl::ToDoubleSeconds(task.spent.time));
  out.Field("created_at", IsoTime(task.created_at)).Field("updated_at", IsoTime(task.updated_at));
}

void WriteJson(const TimelineEntry& entry, JsonWriter& out) {
  out.BeginObject()
      .Field("at", IsoTime(entry.at))
      .Field("kind", entry.kind)
      .Field("message", entry.message)
      .EndObject();
}

void WriteTaskInFull(const Task& task, const std::vector<TimelineEntry>& timeline,
                     JsonWriter& out) {
  WriteTaskFields(task, out);
  out.Key("incident");
  WriteJson(task.incident, out);
  out.Key("plan");
  WriteJson(task.plan, out);
  out.Key("timeline").BeginArray();
  for (const TimelineEntry& entry : timeline) WriteJson(entry, out);
  out.EndArray();
}

}  // namespace regreen
