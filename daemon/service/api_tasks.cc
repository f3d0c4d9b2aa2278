#include "daemon/service/api_tasks.h"

#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/domain/persons_move.h"
#include "daemon/pipeline/by_hand.h"
#include "daemon/pipeline/resume.h"
#include "daemon/service/api.h"
#include "daemon/service/api_answer.h"
#include "daemon/service/policy_edits.h"
#include "daemon/service/task_json.h"

namespace regreen {
namespace {

constexpr int kMostListed = 200, kListed = 50;
constexpr std::size_t kLongestId = 40, kLongestKey = 200;

StatusOr<TaskFilter> FilterOf(const ApiCall& call) {
  const std::string known[] = {"state", "repo", "limit", "before"};
  for (const auto& [name, value] : call.request.query) {
    if (std::find(std::begin(known), std::end(known), name) == std::end(known)) {
      return InvalidArgument(Cat("unknown parameter \"", EscapeControl(Truncate(name, 100)), "\"",
                                 DidYouMean(name, known)));
    }
  }
  TaskFilter filter;
  ASSIGN_OR_RETURN(filter.limit, NumberParameter(call, "limit", kListed, 1, kMostListed));
  filter.repo = call.Parameter("repo").value_or("");
  filter.before_id = call.Parameter("before").value_or("");
  const std::string state = call.Parameter("state").value_or("");
  filter.state = ParseTaskState(state);
  if (state.empty() || filter.state) return filter;
  std::vector<std::string> names;
  for (const TaskState one : AllTaskStates()) names.emplace_back(ToString(one));
  return InvalidArgument(Cat("\"", EscapeControl(Truncate(state, 40)),
                             "\" is no state; the states are ", Join(names, ", "),
                             DidYouMean(state, names)));
}

// The task whose id the path has. What is no id of any task is none.
StatusOr<Task> TaskOf(const ApiDependencies& deps, const ApiCall& call) {
  const std::string& id = call.part(0);
  if (id.size() > kLongestId || id.find_first_not_of("0123456789abcdef") != std::string::npos)
    return NotFound("there is no such task; an id has the digits 0 to 9 and a to f");
  return deps.store->ReadTask(id);
}

HttpResponse TaskAnswer(const ApiDependencies& deps, const std::string& id, int status = 200) {
  const auto task = deps.store->ReadTask(id);
  if (!task.ok()) return RefusedAnswer(task.status());
  JsonWriter out;
  out.BeginObject();
  WriteTaskFields(*task, out);
  out.EndObject();
  HttpResponse answer = JsonAnswer(out);
  answer.status = status;
  if (status == 201) answer.headers.emplace_back("location", Cat("/api/v1/tasks/", task->id));
  return answer;
}

HttpResponse MoveTask(const ApiDependencies& deps, const ApiCall& call, const Json& body,
                      PersonsWord word) {
  const std::string known[] = {"reason"};
  if (const Status keys = CheckKeys(body, known); !keys.ok()) return RefusedAnswer(keys);
  if (!body["reason"].IsNull() && !body["reason"].IsString())
    return ProblemAnswer(422, "\"reason\" must be a string");
  const auto task = TaskOf(deps, call);
  if (!task.ok()) return RefusedAnswer(task.status());
  const auto to = StateAfter(word, *task);
  if (!to.ok()) return ProblemAnswer(409, Message(to.status()));
  const Status moved =
      deps.store->Move(task->id, *to, ReasonOf(word, call.by, body["reason"].StringOr("")));
  // It went elsewhere in between.
  if (moved.code() == StatusCode::kInvalidArgument) return ProblemAnswer(409, Message(moved));
  if (!moved.ok()) return RefusedAnswer(moved);
  LogInfo("a person moved a task",
          {{"task", task->id}, {"by", call.by}, {"word", std::string(ToString(word))}});
  if (deps.wake) deps.wake();
  return TaskAnswer(deps, task->id);
}

}  // namespace

HttpResponse ListTasksAnswer(const ApiDependencies& deps, const ApiCall& call) {
  auto filter = FilterOf(call);
  if (!filter.ok()) return RefusedAnswer(filter.status());
  const int limit = filter->limit++;  // one more tells whether there are any
  const auto tasks = deps.store->ListTasks(*filter);
  if (!tasks.ok()) return RefusedAnswer(tasks.status());
  JsonWriter out;
  out.BeginObject().Key("tasks").BeginArray();
  const std::size_t shown = std::min(tasks->size(), static_cast<std::size_t>(limit));
  for (std::size_t i = 0; i < shown; ++i) {
    out.BeginObject();
    WriteTaskFields((*tasks)[i], out);
    out.EndObject();
  }
  out.EndArray().Key("next");
  shown < tasks->size() ? out.String((*tasks)[shown - 1].id) : out.Null();
  out.EndObject();
  return JsonAnswer(out);
}

HttpResponse ShowTaskAnswer(const ApiDependencies& deps, const ApiCall& call) {
  const auto task = TaskOf(deps, call);
  if (!task.ok()) return RefusedAnswer(task.status());
  const auto timeline = deps.store->ReadTimeline(task->id);
  if (!timeline.ok()) return RefusedAnswer(timeline.status());
  const auto artifacts = deps.store->ListArtifacts(task->id);
  if (!artifacts.ok()) return RefusedAnswer(artifacts.status());
  JsonWriter out;
  out.BeginObject();
  WriteTaskInFull(*task, *timeline, out);
  out.Key("artifacts").BeginArray();
  for (const ArtifactRow& row : *artifacts)
    out.BeginObject().Field("name", row.name).Field("bytes", row.bytes).EndObject();
  out.EndArray().EndObject();
  return JsonAnswer(out);
}

HttpResponse TaskArtifactAnswer(const ApiDependencies& deps, const ApiCall& call) {
  const auto task = TaskOf(deps, call);
  if (!task.ok()) return RefusedAnswer(task.status());
  auto bytes = deps.store->ReadArtifact(task->id, call.part(1));
  if (bytes.status().code() == StatusCode::kNotFound) {
    std::vector<std::string> names;
    for (const ArtifactRow& row :
         deps.store->ListArtifacts(task->id).value_or(std::vector<ArtifactRow>()))
      names.push_back(row.name);
    return ProblemAnswer(404, Cat("the task has no artifact of that name; it has ",
                                  names.empty() ? "none" : Join(names, ", ")));
  }
  if (!bytes.ok()) return RefusedAnswer(bytes.status());
  HttpResponse answer;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = *std::move(bytes);
  answer.headers = {{"cache-control", "private, no-cache"},
                    {"x-content-type-options", "nosniff"},
                    {"content-disposition", "attachment"},
                    {"content-security-policy", "default-src 'none'; sandbox"}};
  return answer;
}

HttpResponse CreateTaskAnswer(const ApiDependencies& deps, const ApiCall& call, const Json& body) {
  const std::string key(HeaderValue(call.request.headers, "idempotency-key"));
  if (key.size() > kLongestKey)
    return ProblemAnswer(422, Cat("an Idempotency-Key has at most ", kLongestKey, " characters"));
  auto asked = ByHandFromJson(body);
  if (!asked.ok()) return RefusedAnswer(asked.status());
  asked->by = call.by;
  auto prepared = deps.collector->PrepareByHand(*asked, {});
  if (prepared.status().code() == StatusCode::kNotFound)
    return ProblemAnswer(422, Message(prepared.status()));
  if (!prepared.ok()) return RefusedAnswer(prepared.status());
  HandTask task = ToHandTask(*std::move(prepared), call.by);
  task.idempotency_key = key;
  task.request_digest = Sha256Hex(call.request.body);
  const auto made = deps.store->CreateByHand(task);
  if (!made.ok()) return RefusedAnswer(made.status());
  if (!made->existed) LogInfo("a person started a task", {{"task", made->id}, {"by", call.by}});
  if (deps.wake) deps.wake();
  return TaskAnswer(deps, made->id, made->existed ? 200 : 201);
}

HttpResponse ApproveTaskAnswer(const ApiDependencies& deps, const ApiCall& call, const Json& body) {
  return MoveTask(deps, call, body, PersonsWord::kApprove);
}

HttpResponse RejectTaskAnswer(const ApiDependencies& deps, const ApiCall& call, const Json& body) {
  return MoveTask(deps, call, body, PersonsWord::kReject);
}

HttpResponse CancelTaskAnswer(const ApiDependencies& deps, const ApiCall& call, const Json& body) {
  return MoveTask(deps, call, body, PersonsWord::kCancel);
}

HttpResponse TaskWorkspaceAnswer(const ApiDependencies& deps, const ApiCall& call) {
  const auto task = TaskOf(deps, call);
  if (!task.ok()) return RefusedAnswer(task.status());
  const auto way = deps.workspaces->FindElsewhere(task->id);
  if (way.status().code() == StatusCode::kNotFound) {
    return ProblemAnswer(404, Cat(Message(way.status()),
                                  "; one on the daemon's own machine is "
                                  "opened there: regreen task shell ",
                                  task->id));
  }
  if (!way.ok()) return RefusedAnswer(way.status());
  JsonWriter out;
  out.BeginObject().Field("command", way->command).Field("page", way->page);
  out.Field("folder", way->folder);
  out.Field("until", absl::FormatTime(absl::RFC3339_full, way->until, absl::UTCTimeZone()));
  out.EndObject();
  return JsonAnswer(out);
}

HttpResponse ResumeTaskAnswer(const ApiDependencies& deps, const ApiCall& call, const Json& body) {
  if (const Status keys = CheckKeys(body, {}); !keys.ok()) return RefusedAnswer(keys);
  const auto task = TaskOf(deps, call);
  if (!task.ok()) return RefusedAnswer(task.status());
  const auto resumed = ResumeTask(*deps.workspaces, *task, call.by, {});
  if (resumed.status().code() == StatusCode::kInvalidArgument ||
      resumed.status().code() == StatusCode::kNotFound)
    return ProblemAnswer(409, Message(resumed.status()));
  if (!resumed.ok()) return RefusedAnswer(resumed.status());
  const auto made = deps.store->CreateByHand(*resumed);
  if (!made.ok()) return RefusedAnswer(made.status());
  if (deps.wake) deps.wake();
  return TaskAnswer(deps, made->id, 201);
}

}  // namespace regreen
