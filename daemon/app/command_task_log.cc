// What a task did and what its commands printed, also as it comes.
#include <chrono>
#include <string>
#include <thread>

#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/with_store.h"
#include "daemon/base/text.h"
#include "daemon/service/artifact_tail.h"

namespace regreen {
namespace {

constexpr auto kLook = std::chrono::milliseconds(300);
constexpr int kPage = 500;

// What is added to logs, each below its name; to the events of agents, as it is.
class LogPrinter {
 public:
  LogPrinter(Store& store, const std::string& task_id, bool events)
      : events_(events), tail_(store, task_id, [events](std::string_view name) {
          return name.ends_with(events ? ".jsonl" : ".log");
        }) {}
  Status PrintNew() {
    ASSIGN_OR_RETURN(const auto pieces, tail_.Next());
    for (const ArtifactTail::Piece& piece : pieces) {
      if (!events_ && (piece.anew || piece.name != last_))
        PrintOut(Cat("==> ", EscapeControl(piece.name), "\n"));
      last_ = piece.name;
      PrintOut(Cat(events_ ? piece.text : EscapeControlKeepLines(piece.text),
                   piece.text.ends_with('\n') ? "" : "\n"));
    }
    return OkStatus();
  }

 private:
  const bool events_;
  ArtifactTail tail_;
  std::string last_;
};

// The store is the truth: the daemon, another process, writes what is read here.
Status Follow(Store& store, Task task, bool events) {
  LogPrinter logs(store, task.id, events);
  std::int64_t after = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const auto entries, store.ReadTimelineAfter(task.id, after, kPage));
    for (const TimelineEntry& entry : entries) {
      if (!events) PrintOut(EscapeControlKeepLines(TimelineText(entry)));
      after = entry.seq;
    }
    RETURN_IF_ERROR(logs.PrintNew());
    if (entries.size() == kPage) continue;
    // What it went through was read before it was seen to be over.
    if (IsTerminal(task.state) && entries.empty()) return OkStatus();
    if (entries.empty()) std::this_thread::sleep_for(kLook);
    ASSIGN_OR_RETURN(task, store.ReadTask(task.id));
  }
}

}  // namespace

int TaskLog(const TaskArguments& arguments) {
  return WithStore(arguments.config, [&](Store& store) -> Status {
    ASSIGN_OR_RETURN(Task task, store.ReadTask(arguments.id));
    if (arguments.follow) return Follow(store, std::move(task), arguments.json);
    return LogPrinter(store, task.id, arguments.json).PrintNew();
  });
}

}  // namespace regreen
