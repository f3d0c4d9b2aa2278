// What a task did and what its commands printed, also as it comes.
#include <chrono>
#include <map>
#include <thread>

#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/with_store.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr auto kLook = std::chrono::milliseconds(500);
constexpr int kPage = 500;

// Logs that are new, or were written again since they were printed last.
class LogPrinter {
 public:
  LogPrinter(Store& store, std::string task_id) : store_(store), task_id_(std::move(task_id)) {}
  Status PrintNew() {
    ASSIGN_OR_RETURN(const auto rows, store_.ListArtifacts(task_id_));
    for (const ArtifactRow& row : rows) {
      if (!row.name.ends_with(".log")) continue;
      const auto [known, added] = printed_.try_emplace(row.name, -1);
      if (known->second == row.bytes) continue;
      known->second = row.bytes;
      ASSIGN_OR_RETURN(const std::string bytes, store_.ReadArtifact(task_id_, row.name));
      PrintOut(Cat("==> ", EscapeControl(row.name), "\n", EscapeControlKeepLines(bytes),
                   bytes.ends_with('\n') ? "" : "\n"));
    }
    return OkStatus();
  }

 private:
  Store& store_;
  const std::string task_id_;
  std::map<std::string, std::int64_t> printed_;  // name → bytes
};

// The store is the truth: the daemon, another process, writes what is read here.
Status Follow(Store& store, Task task) {
  LogPrinter logs(store, task.id);
  std::int64_t after = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const auto entries, store.ReadTimelineAfter(task.id, after, kPage));
    for (const TimelineEntry& entry : entries) {
      PrintOut(EscapeControlKeepLines(TimelineText(entry)));
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
    if (arguments.follow) return Follow(store, std::move(task));
    return LogPrinter(store, task.id).PrintNew();
  });
}

}  // namespace regreen
