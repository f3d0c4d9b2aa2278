// One connection to an SQLite file, and queries on it. Not for two threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "daemon/base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace regreen {

// Bytes that outlive the query, so that they are bound without a copy.
struct Text {
  std::string_view bytes;
};
struct Blob {
  std::string_view bytes;
};

// A prepared statement with its values, lent by the connection; handed back by the destructor.
// Views of a row live until the next Next().
class Query {
 public:
  Query(Query&& other) noexcept;
  Query& operator=(Query&&) = delete;
  ~Query();

  StatusOr<bool> Next();  // true: there is a row
  std::int64_t Int(int column) const;
  std::string_view View(int column) const;  // of text or a blob; "" for NULL
  std::string String(int column) const { return std::string(View(column)); }
  bool IsNull(int column) const;

 private:
  friend class Connection;
  Query(sqlite3* db, sqlite3_stmt* statement, const std::string* path)
      : db_(db), statement_(statement), path_(path) {}
  Status Bind(int index, std::int64_t value);
  Status Bind(int index, int value) { return Bind(index, std::int64_t{value}); }
  Status Bind(int index, std::string_view copied);
  Status Bind(int index, const std::string& copied) {
    return Bind(index, std::string_view(copied));
  }
  Status Bind(int index, const char* copied) { return Bind(index, std::string_view(copied)); }
  Status Bind(int index, Text borrowed);
  Status Bind(int index, Blob borrowed);
  Status Bind(int index, std::optional<std::int64_t> value);  // nullopt: NULL
  Status Check(int code) const;

  sqlite3* db_;
  sqlite3_stmt* statement_;
  const std::string* path_;
};

class Connection {
 public:
  enum class Access { kReadWrite, kReadOnly };
  // Creates the file for a writer, readable by its owner alone. Unavailable when it cannot.
  static StatusOr<std::unique_ptr<Connection>> Open(const std::string& path, Access access);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Prepares (once for each text) and binds ?1, ?2, … One query of a text at a time.
  template <class... Values>
  StatusOr<Query> Prepare(std::string_view sql, const Values&... values) {
    ASSIGN_OR_RETURN(Query query, Lend(sql));
    int index = 0;
    Status status;
    ((status.ok() ? status = query.Bind(++index, values) : status), ...);
    RETURN_IF_ERROR(status);
    return query;
  }
  // Runs a statement to its end; answers how many rows it changed.
  template <class... Values>
  StatusOr<int> Execute(std::string_view sql, const Values&... values) {
    ASSIGN_OR_RETURN(Query query, Prepare(sql, values...));
    ASSIGN_OR_RETURN(bool row, query.Next());
    while (row) {
      ASSIGN_OR_RETURN(row, query.Next());
    }
    return Changes();
  }
  // Runs several statements that take no values, and keeps none of them prepared.
  Status RunScript(const std::string& sql);
  std::int64_t LastInsertedRow() const;

  // Runs `body` in a transaction: all of it is committed and synced, or nothing is done.
  Status Write(absl::FunctionRef<Status()> body);
  // Runs `body` on one snapshot.
  Status Read(absl::FunctionRef<Status()> body);

 private:
  Connection(sqlite3* db, std::string path);
  StatusOr<Query> Lend(std::string_view sql);
  int Changes() const;
  Status InTransaction(const char* begin, absl::FunctionRef<Status()> body);

  sqlite3* const db_;
  const std::string path_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

}  // namespace regreen
