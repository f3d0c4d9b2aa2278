#include "adapters/store/connection.h"

#include "tests/unit/store/store_file.h"

namespace regreen {
namespace {

class Connections : public StoreFile {
 protected:
  void SetUp() override {
    StoreFile::SetUp();
    db_ = Raw();
    ASSERT_TRUE(db_->RunScript("CREATE TABLE t (n INTEGER UNIQUE, s TEXT, b BLOB) STRICT").ok());
  }
  std::int64_t Rows() { return Number("SELECT count(*) FROM t"); }
  std::unique_ptr<Connection> db_;
};

TEST_F(Connections, BindsAndReadsEveryKindOfValue) {
  const std::string text("nul \0 and \xff", 11);
  ASSERT_TRUE(db_->Execute("INSERT INTO t VALUES (?1, ?2, ?3)", 1, text, Blob{text}).ok());
  ASSERT_TRUE(db_->Execute("INSERT INTO t VALUES (?1, ?2, ?3)", std::optional<std::int64_t>(),
                           Text{""}, Blob{""})
                  .ok());
  auto query = db_->Prepare("SELECT n, s, b FROM t ORDER BY rowid");
  ASSERT_TRUE(query.ok());
  ASSERT_TRUE(*query->Next());
  EXPECT_EQ(query->Int(0), 1);
  EXPECT_EQ(query->String(1), text);
  EXPECT_EQ(query->View(2), text);
  ASSERT_TRUE(*query->Next());
  EXPECT_TRUE(query->IsNull(0));
  EXPECT_FALSE(query->IsNull(1));
  EXPECT_EQ(query->View(1), "");
  EXPECT_FALSE(*query->Next());
}

TEST_F(Connections, LendsAStatementAgainWithoutItsOldValues) {
  constexpr char kInsert[] = "INSERT INTO t (n, s) VALUES (?1, ?2)";
  ASSERT_TRUE(db_->Execute(kInsert, 1, "one").ok());
  ASSERT_TRUE(db_->Execute(kInsert, 2).ok());
  EXPECT_EQ(Number("SELECT count(*) FROM t WHERE s IS NULL"), 1);
}

TEST_F(Connections, RefusesToRunAQueryInsideItself) {
  ASSERT_TRUE(db_->RunScript("INSERT INTO t VALUES (1, 'x', x''), (2, 'y', x'')").ok());
  auto outer = db_->Prepare("SELECT n FROM t");
  ASSERT_TRUE(*outer->Next());
  EXPECT_EQ(db_->Prepare("SELECT n FROM t").status().code(), StatusCode::kInternal);
}

TEST_F(Connections, UndoesATransactionThatFails) {
  const Status status = db_->Write([&]() -> Status {
    RETURN_IF_ERROR(db_->Execute("INSERT INTO t (n) VALUES (?1)", 1).status());
    return InvalidArgument("no");
  });
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Rows(), 0);
  EXPECT_TRUE(
      db_->Write([&] { return db_->Execute("INSERT INTO t (n) VALUES (?1)", 1).status(); }).ok());
  EXPECT_EQ(Rows(), 1);
}

TEST_F(Connections, CallsABrokenConstraintOurBug) {
  ASSERT_TRUE(db_->Execute("INSERT INTO t (n) VALUES (?1)", 1).ok());
  EXPECT_EQ(db_->Execute("INSERT INTO t (n) VALUES (?1)", 1).status().code(),
            StatusCode::kInternal);
}

TEST_F(Connections, AnswersHowManyRowsItChanged) {
  ASSERT_TRUE(db_->RunScript("INSERT INTO t (n) VALUES (1), (2), (3)").ok());
  EXPECT_EQ(*db_->Execute("UPDATE t SET s = 'x' WHERE n > ?1", 1), 2);
  EXPECT_EQ(*db_->Execute("UPDATE t SET s = 'x' WHERE n > ?1", 9), 0);
}

}  // namespace
}  // namespace regreen
