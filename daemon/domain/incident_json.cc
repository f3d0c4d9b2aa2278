// Incidents as they are kept: written by us, read back by us, so what is missing is simply empty.
#include "daemon/base/text.h"
#include "daemon/domain/incident.h"

namespace regreen {
namespace {

int ReadInt(const Json& json) {
  return static_cast<int>(json.IntOr(0));
}

}  // namespace

void WriteJson(const Evidence& e, JsonWriter& out) {
  out.BeginObject();
  out.Field("class", ToString(e.failure_class));
  out.Field("rule", e.rule).Field("signature", e.signature).Field("fingerprint", e.fingerprint);
  out.Field("tool", e.tool).Field("step", e.step).Field("command", e.command);
  out.Field("directory", e.directory);
  out.Key("exit_code");
  e.exit_code ? out.Int(*e.exit_code) : out.Null();
  out.Field("failed_tests", e.failed_tests);
  out.Key("diagnostics").BeginArray();
  for (const Diagnostic& d : e.diagnostics) {
    out.BeginObject().Field("file", d.file).Field("line", d.line).Field("column", d.column);
    out.Field("message", d.message).EndObject();
  }
  out.EndArray();
  out.Key("lines").BeginArray();
  for (const EvidenceLine& line : e.lines) {
    out.BeginObject()
        .Field("n", line.n)
        .Field("text", line.text)
        .Field("role", line.role)
        .EndObject();
  }
  out.EndArray();
  out.Key("captures").BeginObject();
  for (const auto& [name, value] : e.captures) out.Field(name, value);
  out.EndObject();
  out.EndObject();
}

Evidence EvidenceFromJson(const Json& json) {
  Evidence e;
  e.failure_class = ParseFailureClass(json["class"].StringOr("")).value_or(FailureClass::kUnknown);
  e.rule = json["rule"].StringOr("");
  e.signature = json["signature"].StringOr("");
  e.fingerprint = json["fingerprint"].StringOr("");
  e.tool = json["tool"].StringOr("");
  e.step = json["step"].StringOr("");
  e.command = json["command"].StringOr("");
  e.directory = json["directory"].StringOr("");
  if (json["exit_code"].IsInt()) e.exit_code = ReadInt(json["exit_code"]);
  e.failed_tests = json["failed_tests"].Strings();
  for (const Json& d : json["diagnostics"].Elements()) {
    e.diagnostics.push_back({d["file"].StringOr(""), ReadInt(d["line"]), ReadInt(d["column"]),
                             d["message"].StringOr("")});
  }
  for (const Json& line : json["lines"].Elements()) {
    e.lines.push_back({line["n"].IntOr(0), line["text"].StringOr(""), line["role"].StringOr("")});
  }
  for (const auto& [name, value] : json["captures"].Members())
    e.captures[name] = value.StringOr("");
  return e;
}

void WriteJson(const History& history, JsonWriter& out) {
  out.BeginObject();
  out.Field("seen", history.seen)
      .Field("recovered", history.recovered)
      .Field("fixed", history.fixed);
  out.Field("flaky", history.flaky());
  out.Key("times").BeginArray();
  for (const absl::Time time : history.times) out.Int(absl::ToUnixMicros(time));
  out.EndArray().EndObject();
}

History HistoryFromJson(const Json& json) {
  History history{ReadInt(json["seen"]), ReadInt(json["recovered"]), ReadInt(json["fixed"]), {}};
  for (const Json& time : json["times"].Elements()) {
    if (history.times.size() < History::kMostTimes)
      history.times.push_back(absl::FromUnixMicros(time.IntOr(0)));
  }
  return history;
}

void WriteJson(const JobFacts& job, JsonWriter& out) {
  out.BeginObject();
  out.Field("id", job.id).Field("name", job.name).Field("conclusion", job.conclusion);
  out.Field("failed", job.failed).Field("failed_step", job.failed_step);
  out.Field("failed_step_number", job.failed_step_number).Field("link", job.link);
  out.EndObject();
}

JobFacts JobFactsFromJson(const Json& json) {
  JobFacts job;
  job.id = json["id"].StringOr("");
  job.name = json["name"].StringOr("");
  job.conclusion = json["conclusion"].StringOr("");
  job.failed = json["failed"].BoolOr(false);
  job.failed_step = json["failed_step"].StringOr("");
  job.failed_step_number = ReadInt(json["failed_step_number"]);
  job.link = json["link"].StringOr("");
  return job;
}

void WriteJson(const RunFacts& run, JsonWriter& out) {
  out.BeginObject();
  out.Field("forge", run.key.forge).Field("repo", run.key.repo).Field("run_id", run.key.run_id);
  out.Field("attempt", run.key.attempt).Field("ci", run.ci);
  out.Field("workflow", run.workflow)
      .Field("workflow_path", run.workflow_path)
      .Field("event", run.event);
  out.Field("branch", run.branch).Field("commit", run.commit).Field("base_branch", run.base_branch);
  out.Field("pull_request", run.pull_request).Field("author", run.author).Field("link", run.link);
  out.Field("conclusion", run.conclusion)
      .Field("completed", run.completed)
      .Field("failed", run.failed);
  out.Field("from_fork", run.from_fork).Field("foreign", run.foreign).Field("pinned", run.pinned);
  out.EndObject();
}

RunFacts RunFactsFromJson(const Json& json) {
  RunFacts run;
  run.key = {json["forge"].StringOr(""), json["repo"].StringOr(""), json["run_id"].StringOr(""),
             ReadInt(json["attempt"])};
  run.ci = json["ci"].StringOr("");
  run.workflow = json["workflow"].StringOr("");
  run.workflow_path = json["workflow_path"].StringOr("");
  run.event = json["event"].StringOr("");
  run.branch = json["branch"].StringOr("");
  run.commit = json["commit"].StringOr("");
  run.base_branch = json["base_branch"].StringOr("");
  run.pull_request = ReadInt(json["pull_request"]);
  run.author = json["author"].StringOr("");
  run.link = json["link"].StringOr("");
  run.conclusion = json["conclusion"].StringOr("");
  run.completed = json["completed"].BoolOr(false);
  run.failed = json["failed"].BoolOr(false);
  run.from_fork = json["from_fork"].BoolOr(false);
  run.foreign = json["foreign"].BoolOr(false);
  run.pinned = json["pinned"].BoolOr(false);
  return run;
}

void WriteJson(const Incident& incident, JsonWriter& out) {
  out.BeginObject();
  out.Field("id", incident.id).Field("at", absl::ToUnixMicros(incident.at));
  out.Key("run");
  WriteJson(incident.run, out);
  out.Key("job");
  WriteJson(incident.job, out);
  out.Field("jobs", incident.jobs);
  out.Key("evidence");
  WriteJson(incident.evidence, out);
  out.Key("history");
  WriteJson(incident.history, out);
  out.Field("changed_paths", incident.changed_paths).Field("labels", incident.labels);
  out.EndObject();
}

Incident IncidentFromJson(const Json& json) {
  Incident incident;
  incident.id = json["id"].StringOr("");
  incident.at = absl::FromUnixMicros(json["at"].IntOr(0));
  incident.run = RunFactsFromJson(json["run"]);
  incident.job = JobFactsFromJson(json["job"]);
  incident.jobs = json["jobs"].Strings();
  incident.evidence = EvidenceFromJson(json["evidence"]);
  incident.history = HistoryFromJson(json["history"]);
  incident.changed_paths = json["changed_paths"].Strings();
  incident.labels = json["labels"].Strings();
  return incident;
}

}  // namespace regreen
