// What is true of the embedded store beyond the contract of all stores.
#include "adapters/store/sqlite.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <vector>

#include "daemon/base/hash.h"
#include "tests/unit/store/store_file.h"

namespace regreen {
namespace {

using SqliteStoreFile = StoreFile;

TEST_F(SqliteStoreFile, KeepsTheBodiesOfPendingDeliveriesOnlyAndPacked) {
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  NewDelivery ignored = DeliveryOf("ignored", std::string(17'000, 'x'));
  ignored.pending = false;
  const std::vector<NewDelivery> batch = {DeliveryOf("a", std::string(17'000, 'x')),
                                          DeliveryOf("b", std::string(17'000, 'x')), ignored};
  ASSERT_TRUE(store->Accept(batch).ok());
  EXPECT_EQ(Number("SELECT count(*) FROM delivery_contents"), 2);
  EXPECT_LT(Number("SELECT max(length(body)) FROM delivery_contents"), 200);
  ASSERT_TRUE(store->FinishDelivery(**store->ClaimDelivery("w", absl::Minutes(1)), {}).ok());
  EXPECT_EQ(Number("SELECT count(*) FROM delivery_contents"), 1);
  ASSERT_TRUE(store->FailDelivery(**store->ClaimDelivery("w", absl::Minutes(1)), "x").ok());
  EXPECT_EQ(Number("SELECT count(*) FROM delivery_contents"), 0);
}

TEST_F(SqliteStoreFile, StepsOverADeliveryThatCannotBeRead) {
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  const std::vector<NewDelivery> batch = {DeliveryOf("damaged"), DeliveryOf("good")};
  ASSERT_TRUE(store->Accept(batch).ok());
  ASSERT_TRUE(
      Raw()->RunScript("UPDATE delivery_contents SET body = x'00' WHERE delivery = 1").ok());
  EXPECT_EQ(store->ClaimDelivery("w", absl::Minutes(1)).status().code(), StatusCode::kInternal);
  const auto next = store->ClaimDelivery("w", absl::Minutes(1));
  ASSERT_TRUE(next.ok() && next->has_value());
  EXPECT_EQ((*next)->delivery.key, "good");
}

TEST_F(SqliteStoreFile, StepsOverATaskThatCannotBeRead) {
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  Plan plan;
  plan.template_name = "t";
  ASSERT_TRUE(store->CreateTask(Incident(), plan, false, "damaged").ok());
  const auto good = store->CreateTask(Incident(), plan, false, "good");
  ASSERT_TRUE(good.ok());
  ASSERT_TRUE(Raw()->RunScript("UPDATE tasks SET plan = '{' WHERE seq = 1").ok());
  EXPECT_EQ(store->ClaimTask("w", absl::Minutes(1)).status().code(), StatusCode::kInternal);
  const auto next = store->ClaimTask("w", absl::Minutes(1));
  ASSERT_TRUE(next.ok() && next->has_value());
  EXPECT_EQ((*next)->task.id, *good);
}

TEST_F(SqliteStoreFile, SaysThatItsFolderIsMissing) {
  const auto store = OpenSqliteStore((folder() / "missing" / "regreen.db").string(), clock_);
  EXPECT_EQ(store.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(Message(store.status()).find("No such file"), std::string::npos)
      << Message(store.status());
}

// Root may write anywhere, so the child gives up its rights first.
void BecomeNobody() {
  if (geteuid() != 0) return;
  if (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(3);
}

TEST_F(SqliteStoreFile, SaysThatItMayNotWriteItsFolder) {
  ASSERT_EQ(chmod(folder().c_str(), 0555), 0);
  EXPECT_TRUE(HoldsInChild([&] {
    BecomeNobody();
    const Status status = OpenSqliteStore(path(), clock_).status();
    return Holds(status.code() == StatusCode::kUnavailable, "Unavailable", status) &&
           Holds(Message(status).find("Permission denied") != std::string::npos, "says why",
                 status);
  }));
  ASSERT_EQ(chmod(folder().c_str(), 0755), 0);
}

TEST_F(SqliteStoreFile, SaysThatItMayNotWriteItsFile) {
  ASSERT_NE(Open(), nullptr);
  ASSERT_EQ(chmod(folder().c_str(), 0555), 0);
  ASSERT_EQ(chmod(path().c_str(), 0444), 0);
  EXPECT_TRUE(HoldsInChild([&] {
    BecomeNobody();
    const Status status = OpenSqliteStore(path(), clock_).status();
    return Holds(status.code() == StatusCode::kUnavailable, "Unavailable", status);
  }));
  ASSERT_EQ(chmod(folder().c_str(), 0755), 0);
}

void LimitFileSize(rlim_t bytes) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(3);
  limit.rlim_cur = bytes;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(3);
}

StatusOr<AcceptOutcome> AcceptOne(Store& store, const NewDelivery& delivery) {
  auto outcomes = store.Accept({&delivery, 1});
  if (!outcomes.ok()) return outcomes.status();
  return outcomes->front();
}

// A limit on the size of files refuses a write in its middle, as a full disk does.
TEST_F(SqliteStoreFile, DoesNothingWhenTheDiskIsFullAndGoesOnWhenThereIsSpace) {
  EXPECT_TRUE(HoldsInChild([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    auto opened = OpenSqliteStore(path(), clock_);
    if (!Holds(opened.ok(), "opens", opened.status())) return false;
    Store& store = **opened;
    if (!AcceptOne(store, DeliveryOf("before")).ok()) return false;
    std::string noise;
    while (noise.size() < 300'000) noise += RandomHex(1000);

    LimitFileSize(std::filesystem::file_size(path() + "-wal") + 20'000);
    const Status full = AcceptOne(store, DeliveryOf("large", noise)).status();
    if (!Holds(full.code() == StatusCode::kUnavailable, "Unavailable", full)) return false;
    if (!Holds(Message(full).find("free space") != std::string::npos, "says why", full))
      return false;
    const auto rows = store.ListDeliveries(10);
    if (!Holds(rows.ok() && rows->size() == 1, "nothing half done", rows.status())) return false;

    LimitFileSize(RLIM_INFINITY);
    const auto again = AcceptOne(store, DeliveryOf("large", noise));
    if (!Holds(again.ok() && *again == AcceptOutcome::kAccepted, "goes on", again.status())) {
      return false;
    }
    const auto first = store.ClaimDelivery("w", absl::Minutes(1));
    const auto second = store.ClaimDelivery("w", absl::Minutes(1));
    return Holds(second.ok() && *second && (*second)->delivery.body == noise, "is whole",
                 second.status());
  }));
}

std::string BodyOf(int n) {
  return "body of " + std::to_string(n) + std::string(5000, '.');
}

// Accepts batches for ever, and writes the last number of each to `acknowledged` when it returned.
[[noreturn]] void AcceptForever(const std::string& path, int acknowledged) {
  const SystemClock clock;
  const auto store = OpenSqliteStore(path, clock);
  if (!store.ok()) _exit(1);
  for (int n = 0;; n += 5) {
    std::vector<NewDelivery> batch;
    for (int i = n; i < n + 5; ++i) batch.push_back(DeliveryOf(std::to_string(i), BodyOf(i)));
    if (!(*store)->Accept(batch).ok()) _exit(1);
    const int last = n + 4;
    if (write(acknowledged, &last, sizeof(last)) != sizeof(last)) _exit(1);
  }
}

TEST_F(SqliteStoreFile, HasEveryAcknowledgedDeliveryWhenTheProcessIsKilledAmidAccepting) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) AcceptForever(path(), ends[1]);
  close(ends[1]);
  int last = -1;
  while (last < 500 && read(ends[0], &last, sizeof(last)) == sizeof(last)) {
  }
  ASSERT_EQ(kill(child, SIGKILL), 0);
  while (read(ends[0], &last, sizeof(last)) == sizeof(last)) {
  }
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";

  const SystemClock clock;
  const auto store = *OpenSqliteStore(path(), clock);
  int kept = 0;
  while (true) {
    const auto lease = store->ClaimDelivery("w", absl::Hours(1));
    ASSERT_TRUE(lease.ok()) << Message(lease.status());
    if (!*lease) break;
    EXPECT_EQ((*lease)->delivery.key, std::to_string(kept)) << "none is missing in between";
    EXPECT_EQ((*lease)->delivery.body, BodyOf(kept));
    ++kept;
  }
  EXPECT_GE(last, 500);
  EXPECT_GE(kept, last + 1);
  EXPECT_EQ(kept % 5, 0) << "a batch is there as a whole or not at all";
}

}  // namespace
}  // namespace regreen
