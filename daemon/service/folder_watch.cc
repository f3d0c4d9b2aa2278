#include "daemon/service/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr unsigned kNames = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr unsigned kContents = kNames | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

FolderWatch::FolderWatch(std::filesystem::path folder, std::vector<std::string> inner)
    : folder_(std::filesystem::absolute(std::move(folder)).lexically_normal()),
      inner_(std::move(inner)),
      fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

Status FolderWatch::Add(const std::filesystem::path& path, unsigned mask, std::string only,
                        std::map<int, std::string>& watches) {
  const int watch = inotify_add_watch(fd_.get(), path.c_str(), mask | IN_ONLYDIR);
  if (watch >= 0) {
    watches[watch] = std::move(only);
    return OkStatus();
  }
  // What is not there is told of by the folder above it.
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return OkStatus();
  return ErrnoStatus(errno, path.string());
}

Status FolderWatch::Arm() {
  if (!fd_) return Unavailable("the system gives no more inotify instances");
  std::map<int, std::string> watches;
  Status status;
  const auto note = [&](Status added) {
    if (status.ok()) status = std::move(added);
  };
  // From the root down: where a folder is both above and below by a link, all names count.
  std::filesystem::path above;
  for (const auto& part : folder_) {
    // A folder that we may not list is one whose entries are not ours to change.
    if (!above.empty()) Add(above, kNames, part.string(), watches).IgnoreError();
    above /= part;
  }
  note(Add(folder_, kContents, "", watches));
  for (const std::string& name : inner_) note(Add(folder_ / name, kContents, "", watches));
  for (const auto& [watch, unused] : watches_) {
    if (!watches.contains(watch)) inotify_rm_watch(fd_.get(), watch);
  }
  watches_ = std::move(watches);
  return status;
}

bool FolderWatch::Drain() {
  bool concerns = false;
  alignas(inotify_event) char buffer[16 << 10];
  while (true) {
    const ssize_t size = read(fd_.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return concerns;
    for (const char* at = buffer; at < buffer + size;) {
      inotify_event event;
      std::memcpy(&event, at, sizeof event);
      const char* name = event.len > 0 ? at + sizeof event : "";
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) concerns = true;
      const auto watch = watches_.find(event.wd);
      if (watch == watches_.end() || (event.mask & IN_IGNORED) != 0) continue;
      concerns = concerns || watch->second.empty() || watch->second == name;
    }
  }
}

}  // namespace regreen
