// Apart from file.cc, so that a small program can be linked of it alone.
#include <unistd.h>

#include <utility>

#include "daemon/base/file.h"

namespace regreen {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) Reset(other.Release());
  return *this;
}

int UniqueFd::Release() {
  return std::exchange(fd_, -1);
}

void UniqueFd::Reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

}  // namespace regreen
