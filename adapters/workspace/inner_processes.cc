#include "adapters/workspace/inner_processes.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxStatBytes = 4096;

// proc(5), /proc/pid/stat: the parent is the second field after the name, which may hold anything.
std::optional<pid_t> ParentOf(pid_t pid) {
  const auto stat = ReadFile(Cat("/proc/", pid, "/stat"), kMaxStatBytes);
  if (!stat.ok()) return std::nullopt;
  const std::size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const std::vector<std::string_view> fields =
      Split(std::string_view(*stat).substr(name_end + 1), ' ');
  std::int64_t parent = 0;
  if (fields.size() < 3 || !ParseInt64(fields[2], &parent)) return std::nullopt;
  return static_cast<pid_t>(parent);
}

std::multimap<pid_t, pid_t> ChildrenByParent() {
  std::multimap<pid_t, pid_t> children;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    std::int64_t pid = 0;
    if (!ParseInt64(entry.path().filename().string(), &pid)) continue;
    if (const auto parent = ParentOf(static_cast<pid_t>(pid)))
      children.emplace(*parent, static_cast<pid_t>(pid));
  }
  return children;
}

// Only as long as it is the one that was seen: numbers are used again.
void Send(pid_t pid, pid_t parent, int signal) {
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (process && ParentOf(pid) == parent)
    syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0);
}

}  // namespace

// Whatever loses its parent in there becomes a child of the first process, so that its descendants
// are all.
void SignalInside(pid_t first_process, int signal) {
  if (first_process <= 0) return;
  const std::multimap<pid_t, pid_t> children = ChildrenByParent();
  std::vector<pid_t> parents = {first_process};
  while (!parents.empty()) {
    const pid_t parent = parents.back();
    parents.pop_back();
    const auto [begin, end] = children.equal_range(parent);
    for (auto child = begin; child != end; ++child) {
      parents.push_back(child->second);
      Send(child->second, parent, signal);
    }
  }
}

}  // namespace regreen
