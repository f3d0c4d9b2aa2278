#include "adapters/workspace/coder_workspaces.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/time/clock.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kPageSize = 100;
constexpr std::size_t kMaxPages = 100;
constexpr std::size_t kTailLines = 15;
constexpr std::size_t kMaxLine = 300;
constexpr int kDeleteTries = 2;

// Coder has them as a string or null; its description says an object.
bool HasParent(const Json& agent) {
  const Json parent = agent["parent_id"];
  return parent.IsObject() ? parent["valid"].BoolOr(false) : !parent.StringOr("").empty();
}

StatusOr<CoderWorkspace> ParseWorkspace(const Json& json) {
  CoderWorkspace made;
  made.id = json["id"].StringOr("");
  made.name = json["name"].StringOr("");
  const Json build = json["latest_build"];
  made.status = build["status"].StringOr("");
  made.build.id = build["id"].StringOr("");
  made.build.transition = build["transition"].StringOr("");
  made.build.job = build["job"]["status"].StringOr("");
  made.build.error = build["job"]["error"].StringOr("");
  made.build.error_code = build["job"]["error_code"].StringOr("");
  for (const Json& resource : build["resources"].Elements()) {
    for (const Json& agent : resource["agents"].Elements()) {
      if (HasParent(agent)) continue;
      made.agents.push_back({agent["id"].StringOr(""), agent["name"].StringOr(""),
                             agent["status"].StringOr(""), agent["lifecycle_state"].StringOr(""),
                             agent["health"]["reason"].StringOr("")});
    }
  }
  if (made.id.empty() || made.name.empty() || made.build.id.empty())
    return Unavailable("Coder's answer about a workspace lacks its id, name or build");
  return made;
}

std::string PathOf(const CoderWorkspace& workspace) {
  return "/workspaces/" + PercentEncode(workspace.id);
}

// Whether the call may have been carried out all the same.
bool AnswerWasLost(const Status& status) {
  return status.code() == StatusCode::kUnavailable ||
         status.code() == StatusCode::kDeadlineExceeded;
}

// How long to wait before the next look.
absl::Duration PauseAfter(const Status& status, absl::Duration poll) {
  const auto asked = RetryAfter(status);
  return asked ? std::max(*asked, poll) : poll;
}

}  // namespace

StatusOr<CoderWorkspace> CoderWorkspaces::Read(const std::string& id, std::stop_token stop) const {
  ASSIGN_OR_RETURN(const Json json, api_.Get("/workspaces/" + PercentEncode(id),
                                             "reading a workspace", std::move(stop)));
  return ParseWorkspace(json);
}

StatusOr<CoderWorkspace> CoderWorkspaces::Find(const std::string& name,
                                               std::stop_token stop) const {
  ASSIGN_OR_RETURN(const Json json,
                   api_.Get("/users/me/workspace/" + PercentEncode(name),
                            Cat("looking for the workspace ", name), std::move(stop)));
  return ParseWorkspace(json);
}

StatusOr<CoderWorkspace> CoderWorkspaces::Create(
    const CoderTemplate& from, const std::string& name,
    const std::map<std::string, std::string>& parameters, absl::Duration ttl,
    std::stop_token stop) const {
  JsonWriter body;
  body.BeginObject().Field("name", name).Field("template_version_id", from.version);
  if (!from.preset.empty()) body.Field("template_version_preset_id", from.preset);
  body.Key("rich_parameter_values").BeginArray();
  for (const auto& [key, value] : parameters)
    body.BeginObject().Field("name", key).Field("value", value).EndObject();
  body.EndArray();
  if (ttl > absl::ZeroDuration()) body.Field("ttl_ms", absl::ToInt64Milliseconds(ttl));
  body.EndObject();
  const std::string request = body.Take();
  const std::string what = Cat("creating the workspace ", name);
  Status lost = OkStatus();
  for (int tries = 0; tries < 2; ++tries) {
    const auto made = api_.Send("POST", "/users/me/workspaces", request, what, stop);
    if (made.ok()) {
      auto workspace = ParseWorkspace(*made);
      return workspace.ok() ? std::move(workspace) : Find(name, stop);
    }
    const bool taken = made.status().code() == StatusCode::kAborted;
    // A first answer came late: what bears the name is ours.
    if (taken && !lost.ok()) return Find(name, stop);
    if (taken) return AlreadyExists(Message(made.status()));
    if (!AnswerWasLost(made.status())) return made.status();
    lost = made.status();
    const auto found = Find(name, stop);
    if (found.ok() || found.status().code() != StatusCode::kNotFound) return found;
  }
  return lost;
}

StatusOr<std::string> CoderWorkspaces::AwaitReady(const CoderWorkspace& workspace,
                                                  const std::string& agent,
                                                  std::stop_token stop) const {
  const absl::Time until = absl::Now() + times_.ready;
  std::string waits = "for Coder to answer";
  while (true) {
    const auto now = Read(workspace.id, stop);
    if (now.ok()) {
      const CoderReadiness readiness = ReadinessOf(*now, agent);
      if (readiness.state == CoderReadiness::kReady) return readiness.agent;
      if (readiness.state == CoderReadiness::kFailed) return WithLog(readiness, *now, stop);
      waits = readiness.words;
    } else if (now.status().code() == StatusCode::kNotFound) {
      return Unavailable(
          Cat("the Coder workspace ", workspace.name, " was deleted while it was waited for"));
    } else if (!IsRetryable(now.status())) {
      return now.status();
    } else {
      waits = Message(now.status());
    }
    if (absl::Now() >= until)
      return DeadlineExceeded(Cat("the Coder workspace ", workspace.name, " is not ready after ",
                                  absl::FormatDuration(times_.ready), "; it waits ", waits));
    if (!PauseFor(PauseAfter(now.status(), times_.poll), stop))
      return Cancelled("stopped while a Coder workspace was waited for");
  }
}

Status CoderWorkspaces::WithLog(const CoderReadiness& failed, const CoderWorkspace& workspace,
                                const std::stop_token& stop) const {
  const std::string path =
      failed.failed_agent.empty()
          ? Cat("/workspacebuilds/", PercentEncode(workspace.build.id), "/logs")
          : Cat("/workspaceagents/", PercentEncode(failed.failed_agent), "/logs");
  return MakeStatus(failed.code, Cat("the Coder workspace ", workspace.name,
                                     " cannot be used: ", failed.words, LogTail(path, stop)));
}

std::string CoderWorkspaces::LogTail(const std::string& path, const std::stop_token& stop) const {
  const auto log = api_.Get(path, "reading the log of a build", stop);
  if (!log.ok()) return Cat("; its log cannot be read: ", Message(log.status()));
  std::vector<std::string> lines;
  for (const Json& entry : log->Elements()) {
    const std::string output = entry["output"].StringOr("");
    for (const std::string_view line : SplitLines(output))
      if (!Trim(line).empty()) lines.push_back(EscapeControl(Truncate(Trim(line), kMaxLine)));
  }
  if (lines.empty()) return "; its log is empty";
  if (lines.size() > kTailLines) lines.erase(lines.begin(), lines.end() - kTailLines);
  return Cat("; the end of its log: ", Join(lines, " | "));
}

StatusOr<bool> CoderWorkspaces::Delete(const std::string& name, std::stop_token stop) const {
  absl::Time until = absl::Now() + times_.begun;
  Deletion deletion;
  while (true) {
    // By its name: that of a deleted one is free again, so that it is found no more.
    const auto now = Find(name, stop);
    if (now.status().code() == StatusCode::kNotFound) return true;
    if (now.ok() && now->status == "deleted") return true;
    const bool begun = now.ok() && now->build.transition == "delete" && now->build.Active();
    if (begun && !deletion.begun) until = absl::Now() + times_.gone;
    deletion.begun = deletion.begun || begun;
    const Status step = now.ok() ? DeleteStep(*now, deletion, stop) : now.status();
    if (deletion.given_up || (!step.ok() && !IsRetryable(step))) return step;
    if (absl::Now() >= until) {
      if (begun || (step.ok() && deletion.asked > 0)) return false;
      return DeadlineExceeded(Cat("the Coder workspace ", name, " could not be deleted in time",
                                  step.ok() ? "" : ": ", Message(step)));
    }
    if (!PauseFor(PauseAfter(step, times_.poll), stop))
      return Cancelled("stopped while a Coder workspace was deleted");
  }
}

// One step towards its end, from the state that it is in now.
Status CoderWorkspaces::DeleteStep(const CoderWorkspace& now, Deletion& deletion,
                                   const std::stop_token& stop) const {
  const CoderBuild& build = now.build;
  const bool deleting = build.transition == "delete";
  if (build.Active()) {
    if (deleting || deletion.cancelled == build.id) return OkStatus();  // it goes on
    deletion.cancelled = build.id;
    const auto answer =
        api_.Send("PATCH", Cat("/workspacebuilds/", PercentEncode(build.id), "/cancel"), "",
                  Cat("cancelling the build of ", now.name), stop);
    // Not every template lets its users cancel, and the build may have ended: then its end is
    // waited for.
    const StatusCode code = answer.status().code();
    const bool refused = code == StatusCode::kPermissionDenied ||
                         code == StatusCode::kInvalidArgument || code == StatusCode::kNotFound;
    return refused ? OkStatus() : answer.status();
  }
  if (deleting && build.job == "failed" && deletion.asked >= kDeleteTries) {
    deletion.given_up = true;
    CoderReadiness failed;
    failed.words = Cat("Coder could not delete it: ", EscapeControl(Truncate(build.error, 600)));
    return WithLog(failed, now, stop);
  }
  ++deletion.asked;
  const auto answer = api_.Send("POST", PathOf(now) + "/builds", R"({"transition":"delete"})",
                                Cat("deleting the workspace ", now.name), stop);
  return answer.status().code() == StatusCode::kNotFound ? OkStatus() : answer.status();
}

StatusOr<std::vector<CoderWorkspace>> CoderWorkspaces::List(const std::string& prefix,
                                                            std::stop_token stop) const {
  std::vector<CoderWorkspace> found;
  std::set<std::string> seen;
  // Coder finds names that hold the words anywhere.
  const std::string query = PercentEncode(Cat("owner:me name:", prefix));
  for (std::size_t page = 0; page < kMaxPages; ++page) {
    ASSIGN_OR_RETURN(const Json json, api_.Get(Cat("/workspaces?q=", query, "&limit=", kPageSize,
                                                   "&offset=", page * kPageSize),
                                               "listing workspaces", stop));
    const Json list = json["workspaces"];
    for (const Json& one : list.Elements()) {
      ASSIGN_OR_RETURN(CoderWorkspace workspace, ParseWorkspace(one));
      if (workspace.name.starts_with(prefix) && seen.insert(workspace.id).second)
        found.push_back(std::move(workspace));
    }
    if (list.size() < kPageSize) return found;
  }
  return ResourceExhausted(
      Cat("Coder has more than ", kMaxPages * kPageSize, " workspaces that begin with ", prefix));
}

}  // namespace regreen
