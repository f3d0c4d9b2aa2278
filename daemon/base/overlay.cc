#include "daemon/base/overlay.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/base/text.h"

namespace regreen {
namespace {

// The options are one page.
constexpr std::size_t kMaxOptionBytes = 4000;

int Write(const char* path, const char* bytes, std::size_t size) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const ssize_t n = write(fd, bytes, size);
  const int error = n < 0 ? errno : n == static_cast<ssize_t>(size) ? 0 : EIO;
  close(fd);
  return error;
}

}  // namespace

StatusOr<PreparedOverlay> PreparedOverlay::Prepare(const OverlayMount& mount) {
  for (const std::string* path : {&mount.lower, &mount.upper, &mount.work, &mount.target}) {
    if (!path->starts_with('/') || path->find_first_of(",:\\\"\n") != std::string::npos) {
      return InvalidArgument(Cat("an overlay cannot be made of the path ", EscapeControl(*path),
                                 ": it must be absolute and hold no comma, colon, quote, backslash "
                                 "or line break"));
    }
  }
  PreparedOverlay prepared;
  prepared.root_ = geteuid() == 0;
  // What these turn off would let the upper folder refer to the lower one instead of holding what
  // changed. Not redirect_dir=off: where the kernel is built to follow redirects
  // anyway, that means to follow them, which is refused to whoever is not root.
  prepared.options_ = Cat("lowerdir=", mount.lower, ",upperdir=", mount.upper,
                          ",workdir=", mount.work, ",redirect_dir=nofollow,metacopy=off,index=off");
  if (!prepared.root_) prepared.options_ += ",userxattr";
  if (prepared.options_.size() > kMaxOptionBytes)
    return InvalidArgument("the paths of an overlay are too long together");
  prepared.target_ = mount.target;
  prepared.uid_map_ = Cat("0 ", geteuid(), " 1");
  prepared.gid_map_ = Cat("0 ", getegid(), " 1");
  return prepared;
}

int PreparedOverlay::Mount() const {
  if (unshare(root_ ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return errno;
  if (!root_) {
    // setgroups must be given up before an ordinary user may map a group (user_namespaces(7)).
    if (const int error = Write("/proc/self/setgroups", "deny", 4)) return error;
    if (const int error = Write("/proc/self/uid_map", uid_map_.data(), uid_map_.size()))
      return error;
    if (const int error = Write("/proc/self/gid_map", gid_map_.data(), gid_map_.size()))
      return error;
  }
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
  if (mount("overlay", target_.c_str(), "overlay", MS_NOSUID | MS_NODEV, options_.c_str()) != 0)
    return errno;
  return 0;
}

}  // namespace regreen
