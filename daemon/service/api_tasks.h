// What the API says of tasks, and takes for them. Values in, values out; the caller has asked who
// may. Texts of logs, branches, jobs and patches are a stranger's: whoever shows them escapes them.
#pragma once

#include "daemon/base/http.h"
#include "daemon/base/json.h"

namespace regreen {

struct ApiCall;
struct ApiDependencies;

// ?state= ?repo= ?limit= ?before=ID → {"tasks": […], "next": "id" or null}, newest first; `next` is
// what `before` takes for those that are older.
HttpResponse ListTasksAnswer(const ApiDependencies& deps, const ApiCall& call);
// {…, "incident", "plan", "timeline", "artifacts"}. 404. Its id, or how that begins.
HttpResponse ShowTaskAnswer(const ApiDependencies& deps, const ApiCall& call);
// The bytes as text, with nothing that a browser would run. 404.
HttpResponse TaskArtifactAnswer(const ApiDependencies& deps, const ApiCall& call);
// The keys of daemon/pipeline/by_hand.h → 201 with the task and its Location. With the header
// Idempotency-Key the same request again is 200 with the same task, and another one 422.
HttpResponse CreateTaskAnswer(const ApiDependencies& deps, const ApiCall& call, const Json& body);
// {"reason": "…"}, or nothing → the task as it is then. 409 when its state forbids it.
HttpResponse ApproveTaskAnswer(const ApiDependencies& deps, const ApiCall& call, const Json& body);
HttpResponse RejectTaskAnswer(const ApiDependencies& deps, const ApiCall& call, const Json& body);
HttpResponse CancelTaskAnswer(const ApiDependencies& deps, const ApiCall& call, const Json& body);

// The way to a workspace of the task that is kept on another machine: {"command", "page",
// "folder", "until"}. 404 when none is.
HttpResponse TaskWorkspaceAnswer(const ApiDependencies& deps, const ApiCall& call);

// Goes on from what a person left in the kept workspace: 201 with the new task.
HttpResponse ResumeTaskAnswer(const ApiDependencies& deps, const ApiCall& call, const Json& body);

}  // namespace regreen
