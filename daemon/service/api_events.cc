#include "daemon/service/api_events.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/service/api.h"
#include "daemon/service/api_answer.h"
#include "daemon/service/artifact_tail.h"
#include "daemon/service/task_json.h"

namespace regreen {
namespace {

constexpr int kPage = 200;
constexpr std::string_view kGap = "event: gap\ndata: {}\n\n";

// Where a watcher is: the number of the last entry, and how many events of agents it has.
struct Place {
  std::int64_t entry = 0, agents = 0;
};
std::string ToString(const Place& place) {
  return place.agents == 0 ? Cat(place.entry) : Cat(place.entry, "-", place.agents);
}
std::optional<Place> ParsePlace(std::string_view text) {
  Place place;
  if (text.empty()) return place;
  const std::size_t dash = text.find('-');
  const bool good = ParseInt64(text.substr(0, dash), &place.entry) && place.entry >= 0 &&
                    (dash == std::string_view::npos ||
                     (ParseInt64(text.substr(dash + 1), &place.agents) && place.agents >= 0));
  return good ? std::optional(place) : std::nullopt;
}

// JSON has no line breaks, so that each value is one line of data.
std::string EventText(const Place& place, std::string_view kind, std::string_view json) {
  return Cat("id: ", ToString(place), "\nevent: ", kind, "\ndata: ", json, "\n\n");
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
  Watcher(Store& store, std::string id, Place place)
      : store_(store),
        id_(std::move(id)),
        place_(place),
        skipped_(place.agents),
        agents_(store, id_, [](std::string_view name) { return name.ends_with(".jsonl"); }) {}

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
      const auto entries = store_.ReadTimelineAfter(id_, place_.entry, kPage);
      if (!entries.ok() || !SendAgents(out)) return;
      moved = !entries->empty();
      for (const TimelineEntry& entry : *entries) {
        JsonWriter json;
        WriteJson(entry, json);
        place_.entry = entry.seq;
        if (!out.Write(EventText(place_, "timeline", json.Take()))) return;
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
  bool SendAgents(HttpStream& out) {
    const auto pieces = agents_.Next();
    if (!pieces.ok()) return false;
    for (const ArtifactTail::Piece& piece : *pieces) {
      if (!SendPiece(piece, out)) return false;
    }
    return true;
  }

  bool SendPiece(const ArtifactTail::Piece& piece, HttpStream& out) {
    std::int64_t& sent = sent_[piece.name];
    if (piece.anew) {
      // Who comes again counts what is there then.
      place_.agents -= std::exchange(sent, 0);
      if (!out.Write(kGap)) return false;
    }
    for (const std::string_view line : SplitLines(piece.text)) {
      if (line.empty()) continue;
      // Where something was left out stands a line that is no event.
      const bool is_event = line.starts_with('{');
      if (!is_event && skipped_ == 0 && !out.Write(kGap)) return false;
      if (!is_event) continue;
      ++sent;
      if (skipped_ > 0) {
        --skipped_;
        continue;
      }
      ++place_.agents;
      if (!out.Write(EventText(place_, "agent", line))) return false;
    }
    return true;
  }

  Store& store_;
  const std::string id_;
  Place place_;
  std::int64_t skipped_;
  std::map<std::string, std::int64_t> sent_;  // or passed over, of each record
  ArtifactTail agents_;
};

}  // namespace

HttpResponse EventStreams::Open(const ApiDependencies& deps, const ApiCall& call) {
  const auto place = ParsePlace(HeaderValue(call.request.headers, "last-event-id"));
  if (!place) return ProblemAnswer(422, "Last-Event-ID must be the id of an event of this stream");
  const auto task = deps.store->ReadTask(call.part(0));
  if (task.status().code() == StatusCode::kInvalidArgument)
    return ProblemAnswer(404, Message(task.status()));
  if (!task.ok()) return RefusedAnswer(task.status());
  if (IsTerminal(task->state) && place->entry > 0) {
    const auto more = deps.store->ReadTimelineAfter(task->id, place->entry, 1);
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
  const std::shared_ptr<void> seat(nullptr, [this](void*) { free_.release(); });
  HttpResponse answer;
  answer.content_type = "text/event-stream";
  answer.headers = {{"cache-control", "no-store"}, {"x-accel-buffering", "no"}};
  answer.stream = [seat, store = deps.store, id = task->id, at = *place](HttpStream& out) {
    Watcher(*store, id, at).Run(out);
  };
  return answer;
}

HttpResponse TaskEventsAnswer(const ApiDependencies& deps, const ApiCall& call) {
  return call.streams->Open(deps, call);
}

}  // namespace regreen
