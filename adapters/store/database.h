// The file: one connection that writes, behind a lock, and a few that read beside it, so that
// reading never waits for a sync and intake never waits for a reader. Any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "adapters/store/connection.h"
#include "daemon/base/mutex.h"
#include "daemon/base/status.h"

namespace regreen {

class Database {
 public:
  // Opens or creates it and brings it to the present schema. Unavailable, FailedPrecondition.
  static StatusOr<std::unique_ptr<Database>> Open(const std::string& path);

  // Runs `body` in a transaction of the writer: all of it is committed and synced, or nothing is
  // done. Keep what takes time (compression, JSON) outside.
  Status Write(absl::FunctionRef<Status(Connection&)> body) RG_EXCLUDES(write_mutex_);
  // Runs `body` on one snapshot that holds every write that has returned.
  Status Read(absl::FunctionRef<Status(Connection&)> body) RG_EXCLUDES(read_mutex_);

 private:
  Database(std::string path, std::unique_ptr<Connection> writer)
      : path_(std::move(path)), writer_(std::move(writer)) {}
  StatusOr<std::unique_ptr<Connection>> TakeReader();
  void GiveBack(std::unique_ptr<Connection> reader);

  const std::string path_;
  Mutex write_mutex_;
  const std::unique_ptr<Connection> writer_;  // used under write_mutex_ alone
  Mutex read_mutex_;
  CondVar reader_is_free_;
  int readers_ RG_GUARDED_BY(read_mutex_) = 0;  // open ones, lent or idle
  std::vector<std::unique_ptr<Connection>> idle_ RG_GUARDED_BY(read_mutex_);
};

}  // namespace regreen
