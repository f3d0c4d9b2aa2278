#include "daemon/base/pipes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace regreen {
namespace {

// write(2) without the signal that a pipe without a reader sends to this thread.
ssize_t WriteQuietly(int fd, std::string_view bytes) {
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  const ssize_t n = write(fd, bytes.data(), bytes.size());
  const int error = errno;
  const timespec now = {0, 0};
  if (n < 0 && error == EPIPE) sigtimedwait(&pipe, nullptr, &now);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return n;
}

}  // namespace

StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "cannot make a pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

StatusOr<UniqueFd> DuplicateFd(int fd, int lowest) {
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, lowest));
  if (!copy) return ErrnoStatus(errno, "cannot duplicate a descriptor");
  return copy;
}

StatusOr<UniqueFd> MemoryFile(std::string_view bytes) {
  UniqueFd fd(memfd_create("input", MFD_CLOEXEC));
  if (!fd) return ErrnoStatus(errno, "cannot make a memory file");
  while (!bytes.empty()) {
    const ssize_t n = write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "cannot fill a memory file");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (lseek(fd.get(), 0, SEEK_SET) != 0) return ErrnoStatus(errno, "cannot rewind a memory file");
  return fd;
}

PipeWriter::PipeWriter(UniqueFd pipe) : pipe_(std::move(pipe)) {
  fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
}

void PipeWriter::Write(std::string_view bytes) {
  if (!pipe_ || closing_) return;
  pending_ += bytes;
  Flush();
  if (pending_.size() <= kMostUnread) return;
  pending_.clear();
  pipe_.Reset();
}

void PipeWriter::Close() {
  closing_ = true;
  if (pending_.empty()) pipe_.Reset();
}

void PipeWriter::Flush() {
  std::string_view left = pending_;
  while (pipe_ && !left.empty()) {
    const ssize_t n = WriteQuietly(pipe_.get(), left);
    if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
    if (n < 0 && errno == EAGAIN) break;
    if (n >= 0 || errno == EINTR) continue;
    left = {};
    pipe_.Reset();
  }
  pending_.erase(0, pending_.size() - left.size());
  if (closing_ && pending_.empty()) pipe_.Reset();
}

}  // namespace regreen
