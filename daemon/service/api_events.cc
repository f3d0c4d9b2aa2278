#include "daemon/service/api_events.h"

#include <memory>

#include "daemon/base/text.h"
#include "daemon/service/api.h"
#include "daemon/service/api_answer.h"
#include "daemon/service/task_json.h"

namespace regreen {
namespace {

constexpr int kPage = 200;

// JSON has no line breaks, so that each value is one line of data.
std::string EventText(const TimelineEntry& entry) {
  JsonWriter out;
  WriteJson(entry, out);
  return Cat("id: ", entry.seq, "\nevent: timeline\ndata: ", out.Take(), "\n\n");
}

std::string EndText(const Task& task) {
  JsonWriter out;
  out.BeginObject();
  WriteTaskFields(task, out);
  out.EndObject();
  return Cat("event: end\ndata: ", out.Take(), "\n\n");
}

class Watcher {
 public:
  Watcher(Store& store, std::string id, std::int64_t after)
      : store_(store), id_(std::move(id)), after_(after) {}

  void Run(HttpStream& out) {
    if (!out.Write("retry: 2000\n\n")) return;
    absl::Duration silent;
    bool moved = true;  // the task may be in another state
    std::optional<Task> task;
    for (;;) {
      // The task first: what it went through before is in the timeline then.
      if (moved) {
        auto read = store_.ReadTask(id_);
        if (!read.ok()) return;
        task = *std::move(read);
      }
      const auto entries = store_.ReadTimelineAfter(id_, after_, kPage);
      if (!entries.ok()) return;
      moved = !entries->empty();
      for (const TimelineEntry& entry : *entries) {
        if (!out.Write(EventText(entry))) return;
        after_ = entry.seq;
      }
      if (entries->size() == kPage) continue;
      if (IsTerminal(task->state)) {
        out.Write(EndText(*task));
        return;
      }
      silent = moved ? absl::ZeroDuration() : silent + EventStreams::kLook;
      if (silent >= EventStreams::kHeartbeat) {
        silent = absl::ZeroDuration();
        if (!out.Write(":\n\n")) return;
      }
      if (!out.Wait(EventStreams::kLook)) return;
    }
  }

 private:
  Store& store_;
  const std::string id_;
  std::int64_t after_;
};

}  // namespace

HttpResponse EventStreams::Open(const ApiDependencies& deps, const ApiCall& call) {
  std::int64_t after = 0;
  const std::string last(HeaderValue(call.request.headers, "last-event-id"));
  if (!last.empty() && (!ParseInt64(last, &after) || after < 0))
    return ProblemAnswer(422, "Last-Event-ID must be the id of an event of this stream");
  const auto task = deps.store->ReadTask(call.part(0));
  if (task.status().code() == StatusCode::kInvalidArgument)
    return ProblemAnswer(404, Message(task.status()));
  if (!task.ok()) return RefusedAnswer(task.status());
  if (IsTerminal(task->state) && after > 0) {
    const auto more = deps.store->ReadTimelineAfter(task->id, after, 1);
    if (!more.ok()) return RefusedAnswer(more.status());
    HttpResponse over;
    over.status = 204;
    if (more->empty()) return over;
  }
  if (!free_.try_acquire()) {
    HttpResponse busy = ProblemAnswer(
        503, Cat(kMost, " people watch already; ask for the task itself now and then"));
    busy.headers.emplace_back("retry-after", "10");
    return busy;
  }
  // Given back when the last copy of the answer is gone, whether it was sent or not.
  const std::shared_ptr<void> place(nullptr, [this](void*) { free_.release(); });
  HttpResponse answer;
  answer.content_type = "text/event-stream";
  answer.headers = {{"cache-control", "no-store"}, {"x-accel-buffering", "no"}};
  answer.stream = [place, store = deps.store, id = task->id, after](HttpStream& out) {
    Watcher(*store, id, after).Run(out);
  };
  return answer;
}

HttpResponse TaskEventsAnswer(const ApiDependencies& deps, const ApiCall& call) {
  return call.streams->Open(deps, call);
}

}  // namespace regreen
