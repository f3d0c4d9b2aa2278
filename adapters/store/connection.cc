#include "adapters/store/connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kBusyTimeoutMillis = 10'000;

// What a person can do about an error of SQLite. Result codes: https://sqlite.org/rescode.html
Status SqliteStatus(int code, sqlite3* db, const std::string& path) {
  const std::string why = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Unavailable(Cat("The disk that holds the database ", path,
                             " is full. Free some space; nothing else is needed."));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return Unavailable(
          Cat("The database ", path, " cannot be opened or written (", why,
              "). Check that its folder exists, and that this user may write both."));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return Unavailable(
          Cat("Another process keeps the database ", path, " locked. End it, or try again later."));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Unavailable(Cat("The database ", path, " is damaged (", why,
                             "). Stop the daemon and restore the file from a backup."));
    case SQLITE_IOERR:
      return Unavailable(Cat("The disk that holds the database ", path, " failed (", why,
                             "). Check the disk and its free space."));
    case SQLITE_NOMEM:
      return Unavailable(Cat("There is no memory to work on the database ", path, "."));
    default:
      return Internal(Cat("The database ", path, " refused a statement: ", why, "."));
  }
}

// The journal's files take their mode from this one. A file that is there is not even opened:
// closing a descriptor of it would drop the locks that this process holds on it.
Status CreateOwnersFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno != EEXIST) {
    return Unavailable(Cat("The database ", path,
                           " cannot be created: ", std::generic_category().message(errno),
                           ". Check that its folder exists, ",
                           "that this user may write there, and that the disk has space."));
  }
  if (fd >= 0) close(fd);
  return OkStatus();
}

}  // namespace

Query::Query(Query&& other) noexcept
    : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)), path_(other.path_) {}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Status Query::Check(int code) const {
  return code == SQLITE_OK ? OkStatus() : SqliteStatus(code, db_, *path_);
}

StatusOr<bool> Query::Next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteStatus(code, db_, *path_);
}

std::int64_t Query::Int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Query::View(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string_view()
                          : std::string_view(static_cast<const char*>(bytes), size);
}

bool Query::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Status Query::Bind(int index, std::int64_t value) {
  return Check(sqlite3_bind_int64(statement_, index, value));
}

Status Query::Bind(int index, std::optional<std::int64_t> value) {
  return value ? Bind(index, *value) : Check(sqlite3_bind_null(statement_, index));
}

// A null pointer would bind NULL, so that an empty view needs an address.
Status Query::Bind(int index, std::string_view copied) {
  return Check(sqlite3_bind_text64(statement_, index, copied.empty() ? "" : copied.data(),
                                   copied.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

Status Query::Bind(int index, Text borrowed) {
  return Check(sqlite3_bind_text64(statement_, index,
                                   borrowed.bytes.empty() ? "" : borrowed.bytes.data(),
                                   borrowed.bytes.size(), SQLITE_STATIC, SQLITE_UTF8));
}

Status Query::Bind(int index, Blob borrowed) {
  return Check(sqlite3_bind_blob64(statement_, index,
                                   borrowed.bytes.empty() ? "" : borrowed.bytes.data(),
                                   borrowed.bytes.size(), SQLITE_STATIC));
}

Connection::Connection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}

Connection::~Connection() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(db_);
}

StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& path, Access access) {
  const bool writes = access == Access::kReadWrite;
  if (writes) RETURN_IF_ERROR(CreateOwnersFile(path));
  sqlite3* db = nullptr;
  const int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  std::unique_ptr<Connection> connection(new Connection(db, path));
  if (code != SQLITE_OK) return SqliteStatus(code, db, path);
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, kBusyTimeoutMillis);
  // A hostile file cannot run SQL of its own from its schema. https://sqlite.org/security.html
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return connection;
}

StatusOr<Query> Connection::Lend(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return SqliteStatus(code, db_, path_);
    found = statements_.emplace(std::string(sql), statement).first;
  }
  if (sqlite3_stmt_busy(found->second)) {
    return Internal(Cat("A query is run inside itself: ", sql));
  }
  return Query(db_, found->second, &path_);
}

int Connection::Changes() const {
  return sqlite3_changes(db_);
}

std::int64_t Connection::LastInsertedRow() const {
  return sqlite3_last_insert_rowid(db_);
}

Status Connection::RunScript(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? OkStatus() : SqliteStatus(code, db_, path_);
}

Status Connection::Write(absl::FunctionRef<Status()> body) {
  // A transaction that starts as a reader and then writes fails at once when another process wrote,
  // whatever the busy timeout: take the lock first.
  return InTransaction("BEGIN IMMEDIATE", body);
}

Status Connection::Read(absl::FunctionRef<Status()> body) {
  return InTransaction("BEGIN", body);
}

Status Connection::InTransaction(const char* begin, absl::FunctionRef<Status()> body) {
  RETURN_IF_ERROR(Execute(begin).status());
  Status status = body();
  if (status.ok()) status = Execute("COMMIT").status();
  // SQLite rolls some errors back by itself, and leaves others (a full disk at COMMIT) to us.
  if (!status.ok() && sqlite3_get_autocommit(db_) == 0) {
    if (Status undone = Execute("ROLLBACK").status(); !undone.ok()) return undone;
  }
  return status;
}

}  // namespace regreen
