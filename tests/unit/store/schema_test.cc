#include "adapters/store/schema.h"

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "tests/support/paths.h"
#include "tests/unit/store/store_file.h"

namespace regreen {
namespace {

using Schema = StoreFile;

TEST_F(Schema, NumbersItsMigrationsFromOneWithoutAGap) {
  int expected = 1;
  for (const Migration& migration : Migrations()) EXPECT_EQ(migration.version, expected++);
}

TEST_F(Schema, RefusesAFileOfANewerVersionAndLeavesItAlone) {
  ASSERT_NE(Open(), nullptr);
  ASSERT_TRUE(Raw()->RunScript("PRAGMA user_version = 999").ok());
  const auto store = OpenSqliteStore(path(), clock_);
  EXPECT_EQ(store.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(Message(store.status()).find("schema 999"), std::string::npos)
      << Message(store.status());
  EXPECT_EQ(Number("PRAGMA user_version"), 999);
}

TEST_F(Schema, RefusesTheDatabaseOfAnotherProgram) {
  ASSERT_TRUE(Raw()->RunScript("CREATE TABLE songs (title TEXT)").ok());
  EXPECT_EQ(OpenSqliteStore(path(), clock_).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Number("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST_F(Schema, SaysThatAFileIsNoDatabase) {
  std::ofstream(path()) << std::string(5000, 'x');
  const auto store = OpenSqliteStore(path(), clock_);
  EXPECT_EQ(store.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(Message(store.status()).find("damaged"), std::string::npos) << Message(store.status());
}

TEST_F(Schema, IsMadeOnceWhenManyOpenTheFileAtOnce) {
  std::atomic<int> opened = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto store = OpenSqliteStore(path(), clock_);
      if (store.ok() && (*store)->Ping().ok()) ++opened;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(opened, 4);
}

TEST_F(Schema, KeepsTheFileFromOtherUsers) {
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  for (const auto& file : std::filesystem::directory_iterator(folder())) {
    const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    EXPECT_EQ(file.status().permissions() & others, std::filesystem::perms::none) << file.path();
  }
}

// A run's id may hold what separates the parts of a run's name.
TEST_F(Schema, ReadsTheRunsOfVersionOneBackFromTheirNames) {
  std::ifstream dump(SourceFolder() + "/tests/fixtures/store/v1.sql");
  std::stringstream sql;
  sql << dump.rdbuf()
      << "INSERT INTO occurrences VALUES ('k1', 'github/acme/shop/nightly/2024-07/12', 1, 0);"
         "INSERT INTO occurrences VALUES ('k1', 'github/acme/shop/100/10', 1, 0);"
         "UPDATE incidents SET incident = '{' WHERE seq = 2;";
  ASSERT_TRUE(Raw()->RunScript(sql.str()).ok());
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(Number("SELECT count(*) FROM occurrences WHERE repo = 'acme/shop' AND "
                   "((run_id = 'nightly/2024-07' AND attempt = 12) OR "
                   "(run_id = '100' AND attempt = 10) OR (run_id = '1' AND attempt = 1))"),
            3);
  EXPECT_EQ(Number("SELECT count(*) FROM occurrences WHERE repo = ''"), 1)
      << "its incident is damaged";
}

// Rows that version 2 wrote: a failure of main; one of a pull request, joined by another run; a
// task by hand; one of another CI.
TEST_F(Schema, LearnsWhereTheFailuresOfVersionTwoWereFromTheirIncidents) {
  std::ifstream dump(SourceFolder() + "/tests/fixtures/store/v2-branches.sql");
  std::stringstream sql;
  sql << dump.rdbuf();
  ASSERT_TRUE(Raw()->RunScript(sql.str()).ok());
  ASSERT_EQ(Number("PRAGMA user_version"), 2);
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(Number("SELECT count(*) FROM incidents WHERE repo = 'acme/shop'"), 3)
      << "all but the one by hand";
  EXPECT_EQ(Number("SELECT of_base FROM incidents WHERE key = 'k-main' AND branch = 'main' AND "
                   "workflow = 'CI' AND event = 'push' AND head LIKE 'aaa%'"),
            1);
  EXPECT_EQ(Number("SELECT sum(of_base) FROM incidents WHERE key <> 'k-main'"), 0);
  EXPECT_EQ(Number("SELECT count(*) FROM occurrences WHERE run_id = '2' AND branch = 'topic' AND "
                   "head LIKE 'bbb%' AND json_extract(facts, '$.run.pull_request') = 5"),
            1);
  EXPECT_EQ(Number("SELECT count(*) FROM occurrences WHERE run_id <> '2' AND facts <> ''"), 0)
      << "of the branch itself, of a run whose facts were not kept, of another CI";
  EXPECT_EQ(Number("SELECT count(*) FROM occurrences WHERE run_id = '3' AND head = ''"), 1);
  EXPECT_EQ(Number("SELECT count(*) FROM occurrences WHERE waits = 1 OR inherited IS NOT NULL"), 0);

  RunHint green;
  green.key = {"github", "acme/shop", "7", 1};
  green.workflow = "CI";
  green.event = "push";
  green.branch = "main";
  green.commit = std::string(40, 'd');
  const auto waits = store->WaitsForGreen(green);
  ASSERT_TRUE(waits.ok()) << Message(waits.status());
  EXPECT_EQ(waits->commits, std::vector<std::string>{std::string(40, 'a')});
  const auto history = store->ReadHistory(green.key, "f2");
  EXPECT_EQ(history->times.size(), 2u);
}

// The rows of each schema that was ever released must be readable for ever. The fixture is a dump
// of a database that version 1 wrote.
TEST_F(Schema, ReadsTheRowsOfVersionOne) {
  std::ifstream dump(SourceFolder() + "/tests/fixtures/store/v1.sql");
  std::stringstream sql;
  sql << dump.rdbuf();
  ASSERT_TRUE(Raw()->RunScript(sql.str()).ok());
  ASSERT_EQ(Number("PRAGMA user_version"), 1);

  const auto store = Open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(Number("PRAGMA user_version"), Migrations().back().version);
  const auto rows = store->ListDeliveries(10);
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[0].state, "pending");
  EXPECT_EQ((*rows)[1].state, "failed");
  EXPECT_EQ((*rows)[2].state, "done");

  const auto lease = store->ClaimDelivery("w", absl::Minutes(1));
  ASSERT_TRUE(lease.ok() && lease->has_value());
  EXPECT_EQ((*lease)->delivery.body, "{\"action\":\"completed\"}");
  EXPECT_EQ((*lease)->delivery.headers, (Headers{{"x-github-event", "workflow_run"}}));

  const auto tasks = store->ListTasks({});
  ASSERT_TRUE(tasks.ok()) << Message(tasks.status());
  ASSERT_EQ(tasks->size(), 1u);
  const Task& task = tasks->front();
  EXPECT_EQ(task.state, TaskState::kWatching);
  EXPECT_EQ(task.incident.run.key.repo, "acme/shop");
  EXPECT_EQ(task.plan.template_name, "npm-lockfile-drift");
  EXPECT_EQ(task.change->number, 42);
  EXPECT_EQ(task.patch_digest, "d1");
  EXPECT_EQ(*store->ReadArtifact(task.id, "patch"), "a diff");
  EXPECT_EQ(store->ReadTimeline(task.id)->size(), 4u);
  EXPECT_EQ(store->ListDecisions(10)->size(), 3u);
  EXPECT_EQ((store->Count()->tasks[{"watching", "npm-lockfile-drift"}]), 1);
  EXPECT_TRUE(store->ClaimTask("w", absl::Minutes(1))->has_value());

  // Both incidents of the one run, whose fingerprint version 1's sample left empty.
  DeliveryOutcome green;
  green.green.emplace().key = {"github", "acme/shop", "1", 2};
  ASSERT_TRUE(store->FinishDelivery(**lease, green).ok());
  const auto history = store->ReadHistory({"github", "acme/shop", "2", 1}, "");
  ASSERT_TRUE(history.ok()) << Message(history.status());
  EXPECT_EQ(history->seen, 2);
  EXPECT_EQ(history->recovered, 2);
}

// The fixture is version 1's with tasks of more states, after the second migration.
TEST_F(Schema, GivesTheTasksOfVersionTwoTheirPlaceUnderLimits) {
  std::ifstream dump(SourceFolder() + "/tests/fixtures/store/v2.sql");
  std::stringstream sql;
  sql << dump.rdbuf();
  ASSERT_TRUE(Raw()->RunScript(sql.str()).ok());
  ASSERT_EQ(Number("PRAGMA user_version"), 2);
  const auto store = Open();
  ASSERT_NE(store, nullptr);

  const auto record = store->ReadTemplateRecord("npm-lockfile-drift");
  ASSERT_TRUE(record.ok()) << Message(record.status());
  EXPECT_EQ(record->tasks, 4) << "not the held, the queued and the cancelled one";
  EXPECT_EQ(record->reproduced, 3);
  EXPECT_EQ(record->verified, 2);
  EXPECT_EQ(record->merged, 1);
  EXPECT_EQ(record->failed, 1);
  EXPECT_EQ(record->unreproducible, 1);
  EXPECT_EQ(store->ReadTemplateRecord("damaged")->failed, 1) << "its plan cannot be read";
  EXPECT_EQ(Number("SELECT count(*) FROM tasks WHERE at_work = 1 AND opens = 1"), 1);
  EXPECT_EQ(Number("SELECT count(*) FROM tasks WHERE ended_at IS NOT NULL"), 5);
  EXPECT_EQ(Number("SELECT begun_at - created_at FROM tasks WHERE state = 'merged'"), 1'000'000);
  EXPECT_EQ(Number("SELECT count(*) FROM tasks WHERE fingerprint = 'f00d'"), 7);
  EXPECT_TRUE(store->ListObservations(absl::UnixEpoch(), 0, 10)->empty());

  const auto held = store->ListTasks({.state = TaskState::kHeld});
  ASSERT_EQ(held->size(), 1u);
  ASSERT_TRUE(store->Move(held->front().id, TaskState::kQueued, "approved").ok());
  int queued = 0;
  while (const auto lease = *store->ClaimTask("w", absl::Minutes(1))) {
    queued += lease->task.state == TaskState::kQueued ? 1 : 0;
  }
  EXPECT_EQ(queued, 2);
}

// What was written before artifacts could grow is read, and grows; what was spent before counts.
TEST_F(Schema, LetsTheArtifactsOfVersionTwoGrow) {
  std::ifstream dump(SourceFolder() + "/tests/fixtures/store/v2.sql");
  std::stringstream sql;
  sql << dump.rdbuf();
  ASSERT_TRUE(Raw()->RunScript(sql.str()).ok());
  // As version 5 left it, with money that was spent under no lease that is known.
  for (const Migration& migration : Migrations().subspan(2, 3))
    ASSERT_TRUE(Raw()->RunScript(migration.sql).ok()) << migration.version;
  ASSERT_TRUE(Raw()
                  ->RunScript("INSERT INTO spendings VALUES (1, (SELECT seq FROM tasks "
                              "WHERE state = 'watching'), 5, 'acme/shop', 'npm-lockfile-drift', "
                              "250000, 7, 250000, 7, 250000, 7); PRAGMA user_version = 5")
                  .ok());
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  const auto lease = *store->ClaimTask("w", absl::Minutes(1));
  ASSERT_TRUE(lease.has_value());
  ASSERT_EQ(lease->task.state, TaskState::kWatching);
  const Artifact more{"patch", ", and more"};
  ASSERT_TRUE(store->Extend(*lease, {&more, 1}).ok());
  EXPECT_EQ(*store->ReadArtifact(lease->task.id, "patch"), "a diff, and more");
  ASSERT_TRUE(store->RecordSpent(*lease, {0.125, absl::ZeroDuration()}, {}).ok());
  EXPECT_EQ(Number("SELECT template_usd FROM spendings ORDER BY seq DESC LIMIT 1"), 375'000);
}

}  // namespace
}  // namespace regreen
