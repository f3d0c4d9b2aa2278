// A database file of its own for a test, and children that treat it badly.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "adapters/store/connection.h"
#include "adapters/store/sqlite.h"
#include "daemon/base/clock.h"
#include "daemon/base/file.h"
#include "gtest/gtest.h"

namespace regreen {

class StoreFile : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(folder_.ok()) << Message(folder_.status()); }
  std::filesystem::path folder() const { return folder_->path(); }
  std::string path() const { return (folder() / "regreen.db").string(); }

  std::unique_ptr<Store> Open() {
    auto store = OpenSqliteStore(path(), clock_);
    EXPECT_TRUE(store.ok()) << Message(store.status());
    return store.ok() ? *std::move(store) : nullptr;
  }

  // The file without the store around it.
  std::unique_ptr<Connection> Raw() {
    auto raw = Connection::Open(path(), Connection::Access::kReadWrite);
    EXPECT_TRUE(raw.ok()) << Message(raw.status());
    return raw.ok() ? *std::move(raw) : nullptr;
  }

  std::int64_t Number(std::string_view sql) {
    const auto raw = Raw();
    if (raw == nullptr) return -1;
    auto query = raw->Prepare(sql);
    EXPECT_TRUE(query.ok()) << Message(query.status());
    if (!query.ok() || !query->Next().value_or(false)) return -1;
    return query->Int(0);
  }

  ManualClock clock_;

 private:
  StatusOr<TempDir> folder_ =
      TempDir::Create(std::filesystem::temp_directory_path(), "regreen-store-");
};

inline NewDelivery DeliveryOf(std::string key, std::string body = "{}") {
  NewDelivery made;
  made.delivery.ci = "github";
  made.delivery.key = std::move(key);
  made.delivery.event = "workflow_run";
  made.delivery.body = std::move(body);
  return made;
}

// Runs `body` in a child process; true when it answered true. What failed is on standard error.
inline bool HoldsInChild(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

// For a child, where a failed expectation of GoogleTest would be lost.
inline bool Holds(bool condition, const char* what, const Status& status) {
  if (!condition) std::fprintf(stderr, "not so: %s: %s\n", what, Message(status).c_str());
  return condition;
}

}  // namespace regreen
