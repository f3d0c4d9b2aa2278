#include "adapters/workspace/watchdog.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// The first looks come soon: what is after memory has it within a second.
constexpr absl::Duration kFirstPause = absl::Milliseconds(5), kPause = absl::Milliseconds(100),
                         kNearPause = absl::Milliseconds(20), kFolderPause = absl::Seconds(1),
                         kHurriedFolderPause = absl::Milliseconds(100);
// A look may cost this part of one processor, not more; but under a load that makes it slow it
// must come all the same.
constexpr int kCostFactor = 20;
constexpr absl::Duration kLongestPause = absl::Milliseconds(500);
constexpr std::int64_t kMostCounted = 65'536;
constexpr std::int64_t kSpareDisk = std::int64_t{256} << 20;

bool Near(std::int64_t value, std::int64_t limit) {
  return limit > 0 && value > limit / 2;
}

struct DiskRoom {
  std::int64_t bytes = 0, files = 0;
};

DiskRoom RoomOn(const std::string& folder) {
  struct statvfs now;
  if (folder.empty() || statvfs(folder.c_str(), &now) != 0) return {};
  return {static_cast<std::int64_t>(now.f_bavail * now.f_frsize),
          static_cast<std::int64_t>(now.f_favail)};
}

}  // namespace

class Watchdog::Guard {
 public:
  explicit Guard(Watched watched)
      : watched_(std::move(watched)),
        first_room_(RoomOn(Disk())),
        room_(first_room_),
        thread_([this](const std::stop_token& stop) { Run(stop); }) {}

  std::string Stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return ended_by_;
  }

 private:
  void Run(const std::stop_token& stop) {
    absl::Duration pause = kFirstPause;
    MutexLock lock(mutex_);
    while (!wake_.wait_for(mutex_, stop, absl::ToChronoNanoseconds(pause), [] { return false; }) &&
           !stop.stop_requested()) {
      const absl::Time start = absl::Now();
      const bool near = LookIn() && Look(stop);
      if (!ended_by_.empty()) {
        view_->Kill();
        return;
      }
      const absl::Duration cost = absl::Now() - start;
      pause = std::clamp(kCostFactor * cost, near ? kNearPause : std::min(pause * 2, kPause),
                         kLongestPause);
    }
  }

  bool LookIn() {
    if (view_) return true;
    const pid_t first = watched_.first_process();
    if (first <= 0) return false;
    auto view = SandboxView::Open(first);
    if (view.ok()) view_ = std::move(*view);
    return view.ok();
  }

  // True when a limit is near. Sets ended_by_.
  bool Look(const std::stop_token& stop) {
    const WorkspaceLimits& limits = watched_.limits;
    const ProcessUse use = view_->Processes(limits.processes > 0 ? limits.processes : kMostCounted);
    if (limits.processes > 0 && use.tasks > limits.processes) {
      ended_by_ =
          Cat("had more than the ", limits.processes, " processes and threads at once that it may");
    } else if (limits.memory_bytes > 0 &&
               use.memory_bytes + hidden_.memory_bytes > limits.memory_bytes &&
               view_->ExactMemory() + hidden_.memory_bytes > limits.memory_bytes) {
      ended_by_ = OverMemory(limits.memory_bytes);
    } else if (use.cpu > watched_.cpu_time) {
      ended_by_ = Cat("used more than the ", absl::FormatDuration(watched_.cpu_time),
                      " of processor time that it may");
    } else {
      LookAtDisk(stop);
    }
    return Near(use.tasks, limits.processes) || Near(use.memory_bytes, limits.memory_bytes);
  }

  std::string Disk() const { return watched_.folders.empty() ? "" : watched_.folders.front(); }

  // Walking takes its time, so it waits for its turn, or for the disk to tell of much that is new.
  void LookAtDisk(const std::stop_token& stop) {
    if (watched_.folders.empty()) return;
    const DiskRoom room = RoomOn(Disk());
    const std::int64_t spare = std::min(kSpareDisk, first_room_.bytes / 2);
    if (room.bytes < spare) {
      ended_by_ = "was at work when the disk that workspaces are on was nearly full";
      return;
    }
    const bool hurry = Near(use_.bytes + room_.bytes - room.bytes, watched_.limits.disk_bytes) ||
                       Near(use_.files + room_.files - room.files, watched_.limits.files);
    const absl::Duration pause =
        std::max(hurry ? kHurriedFolderPause : kFolderPause, kCostFactor * walk_cost_);
    const absl::Time start = absl::Now();
    if (start - walked_ < pause) return;
    Walk(stop);
    walked_ = absl::Now();
    walk_cost_ = walked_ - start;
    room_ = room;
  }

  void Walk(const std::stop_token& stop) {
    const WorkspaceLimits& limits = watched_.limits;
    hidden_ = view_->HiddenFiles();
    FolderUse sum;
    for (const std::string& folder : watched_.folders) {
      const FolderUse use = MeasureFolder(folder, stop);
      sum.bytes += use.bytes;
      sum.files += use.files;
      sum.too_deep = sum.too_deep || use.too_deep;
    }
    use_ = {sum.bytes - watched_.before.bytes + hidden_.disk_bytes,
            sum.files - watched_.before.files, sum.too_deep};
    if (limits.disk_bytes > 0 && use_.bytes > limits.disk_bytes) {
      ended_by_ =
          Cat("wrote more than the ", SizeInWords(limits.disk_bytes), " to the disk that it may");
    } else if (limits.files > 0 && use_.files > limits.files) {
      ended_by_ = Cat("made more than the ", limits.files, " files that it may");
    } else if (use_.too_deep) {
      ended_by_ = Cat("made folders more than ", kDeepestFolder, " deep");
    }
  }

  const Watched watched_;
  const DiskRoom first_room_;
  DiskRoom room_;  // at the last walk
  FolderUse use_;  // by the last walk
  SandboxView::Hidden hidden_;
  absl::Time walked_ = absl::Now();  // at first: not before a pause, most commands are short
  absl::Duration walk_cost_;
  std::optional<SandboxView> view_;
  std::string ended_by_;  // read after the join
  Mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it begins with all others there
};

Watchdog::Watchdog(Watched watched) : guard_(std::make_unique<Guard>(std::move(watched))) {}
Watchdog::~Watchdog() = default;

std::string Watchdog::Stop() {
  std::string ended_by = guard_->Stop();
  guard_.reset();
  return ended_by;
}

std::string SizeInWords(std::int64_t bytes) {
  constexpr std::pair<int, const char*> kUnits[] = {{30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
  for (const auto& [shift, unit] : kUnits) {
    const std::int64_t one = std::int64_t{1} << shift;
    if (bytes < one) continue;
    if (bytes % one == 0) return Cat(bytes / one, " ", unit);
    return absl::StrFormat("%.1f %s", static_cast<double>(bytes) / static_cast<double>(one), unit);
  }
  return Cat(bytes, " bytes");
}

std::string OverMemory(std::int64_t bytes) {
  return Cat("used more than the ", SizeInWords(bytes), " of memory that it may");
}

}  // namespace regreen
