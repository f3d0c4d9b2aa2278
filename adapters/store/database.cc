#include "adapters/store/database.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "adapters/store/schema.h"
#include "daemon/base/file.h"

namespace regreen {
namespace {

constexpr int kMaxReaders = 4;

// What an open file cannot be changed to inside a transaction.
constexpr char kWriterPragmas[] = R"sql(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;            -- NORMAL can lose commits at a power cut
  PRAGMA foreign_keys = ON;
  PRAGMA cache_size = -8192;            -- KiB
  PRAGMA wal_autocheckpoint = 2000;     -- pages, 8 MB: a checkpoint is two more syncs
  PRAGMA journal_size_limit = 33554432; -- what a burst leaves of the log on the disk
)sql";
constexpr char kReaderPragmas[] = "PRAGMA cache_size = -1024;";

// Keeps other processes from opening the same file until it is closed: the change to WAL is refused
// at once, without the busy timeout, while another connection is at work. A folder that cannot be
// opened is no error here, since opening the file says more.
UniqueFd LockFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  UniqueFd fd(open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) {
    while (flock(fd.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  return fd;
}

}  // namespace

StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  const UniqueFd alone = LockFolderOf(path);
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> writer,
                   Connection::Open(path, Connection::Access::kReadWrite));
  // Before anything is changed: the file may belong to a newer version, or to another program.
  RETURN_IF_ERROR(CheckSchema(*writer, path));
  RETURN_IF_ERROR(writer->RunScript(kWriterPragmas));
  RETURN_IF_ERROR(MigrateSchema(*writer, path));
  return std::unique_ptr<Database>(new Database(path, std::move(writer)));
}

Status Database::Write(absl::FunctionRef<Status(Connection&)> body) {
  MutexLock lock(write_mutex_);
  return writer_->Write([&] { return body(*writer_); });
}

Status Database::Read(absl::FunctionRef<Status(Connection&)> body) {
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> reader, TakeReader());
  const Status status = reader->Read([&] { return body(*reader); });
  GiveBack(std::move(reader));
  return status;
}

StatusOr<std::unique_ptr<Connection>> Database::TakeReader() {
  {
    MutexLock lock(read_mutex_);
    while (idle_.empty() && readers_ == kMaxReaders) reader_is_free_.wait(read_mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Connection> reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    }
    ++readers_;
  }
  StatusOr<std::unique_ptr<Connection>> reader =
      Connection::Open(path_, Connection::Access::kReadOnly);
  Status status = reader.status();
  if (status.ok()) status = (*reader)->RunScript(kReaderPragmas);
  if (status.ok()) return reader;
  MutexLock lock(read_mutex_);
  --readers_;
  reader_is_free_.notify_one();
  return status;
}

void Database::GiveBack(std::unique_ptr<Connection> reader) {
  MutexLock lock(read_mutex_);
  idle_.push_back(std::move(reader));
  reader_is_free_.notify_one();
}

}  // namespace regreen
