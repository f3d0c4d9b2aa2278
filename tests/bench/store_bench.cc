// Measures claiming and committing a task under limits, beside many tasks that have ended and many
// that are held back:
//   store_bench FOLDER [FINISHED [HELD]]      defaults: 1000000 10000
// Three stores are made below FOLDER: with a thousand finished tasks, with FINISHED, and with a
// thousand and HELD that wait for their limit. Each does the same work; wall time holds the syncs
// of that disk, processor time does not.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "adapters/store/connection.h"
#include "adapters/store/sqlite.h"
#include "daemon/base/clock.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kRounds = 400;
constexpr int kFew = 1000;
const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

Plan MakePlan() {
  Plan plan;
  plan.template_name = "t1";
  plan.steps = {{"fix", "make fix", absl::Minutes(1)}};
  plan.limits = {.open_per_repo = 5,
                 .tasks_per_repo = 5,
                 .per_hour = 100,
                 .per_day = 2000,
                 .usd_per_day = 1000,
                 .minutes_per_day = 5000,
                 .cooldown = absl::Minutes(1),
                 .break_after = 5};
  return plan;
}

Incident MakeIncident(std::string repo, int n) {
  Incident incident;
  incident.run.key = {"github", std::move(repo), std::to_string(n), 1};
  incident.evidence.fingerprint = Cat("f", n % 50);
  incident.evidence.signature = "make: table.txt is out of date";
  return incident;
}

// Tasks of ten templates in ten repositories that ended within the year before kStart, each with
// what it spent.
Status Seed(const std::string& path, std::int64_t finished) {
  ASSIGN_OR_RETURN(const auto db, Connection::Open(path, Connection::Access::kReadWrite));
  RETURN_IF_ERROR(db->RunScript("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;"));
  return db->Write([&]() -> Status {
    const std::string numbers =
        Cat("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ", finished,
            ") ");
    const std::string at = Cat("(", absl::ToUnixMicros(kStart), " - (", finished,
                               " - i) * (31536000000000 / ", finished, "))");
    const std::string incidents =
        Cat("INSERT INTO incidents (seq, id, key, open, created_at, incident) ", numbers,
            "SELECT i, printf('i%011x', i), 'k' || i, 0, ", at, ", '{}' FROM n");
    const std::string tasks =
        Cat("INSERT INTO tasks (seq, id, incident, repo, template, state, not_before, created_at, "
            "updated_at, reason, plan, fingerprint, opens, begun_at, ended_at, spent_usd, "
            "spent_us) ",
            numbers, "SELECT i, printf('%012x', i), i, 'acme/' || (i % 10), 't' || (i / 10 % 10), ",
            "CASE i % 3 WHEN 0 THEN 'failed' ELSE 'merged' END, ", at, ", ", at, ", ", at,
            ", 'done', '{}', 'f' || (i % 50), 1, ", at, ", ", at, " + 1, 1000, 1000000 FROM n");
    const std::string spendings = Cat(
        "INSERT INTO spendings (task, at, repo, template, usd, us, template_usd, template_us, "
        "repo_usd, repo_us) ",
        numbers, "SELECT i, ", at, ", 'acme/' || (i % 10), 't' || (i / 10 % 10), 1000, 1000000, ",
        "i * 100, i * 100000, i * 100, i * 100000 FROM n");
    RETURN_IF_ERROR(db->RunScript(incidents));
    RETURN_IF_ERROR(db->RunScript(tasks));
    return db->RunScript(spendings);
  });
}

double ProcessorMicros() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// A claim and the commit of what was claimed. True when there was something.
StatusOr<bool> Step(Store& store) {
  ASSIGN_OR_RETURN(const auto lease, store.ClaimTask("bench", absl::Minutes(1)));
  if (!lease) return false;
  const bool begins = lease->task.state == TaskState::kQueued;
  TaskUpdate update{.to = begins ? TaskState::kRepairing : TaskState::kUnreproducible};
  update.spent = {0.001, absl::Seconds(1)};
  RETURN_IF_ERROR(store.Commit(*lease, update));
  return true;
}

// A store with so many tasks in it, and what its steps took.
class Subject {
 public:
  Subject(const std::filesystem::path& folder, const std::string& name, std::int64_t finished,
          int held)
      : path_((folder / (name + ".db")).string()), finished_(finished), held_(held) {}
  ~Subject() {
    store_.reset();
    RemoveFiles();
  }

  Status Prepare() {
    RemoveFiles();
    const StoreOptions options{
        .per_repo = {.tasks_per_repo = 50, .per_hour = 200, .usd_per_day = 1e6}};
    ASSIGN_OR_RETURN(store_, OpenSqliteStore(path_, clock_, options));
    RETURN_IF_ERROR(Seed(path_, finished_));
    if (held_ == 0) return OkStatus();
    Plan plan = MakePlan();
    plan.limits = {.tasks_per_repo = 1};
    for (int i = 0; i <= held_; ++i) {
      RETURN_IF_ERROR(store_->CreateTask(MakeIncident("acme/2", i), plan, false, "waits").status());
    }
    // One takes the place, for as long as this runs.
    ASSIGN_OR_RETURN(const auto first, store_->ClaimTask("holder", absl::Hours(10'000)));
    return first ? OkStatus() : Internal("nothing could be claimed");
  }

  // A task begins and ends.
  Status Round(int n) {
    RETURN_IF_ERROR(
        store_->CreateTask(MakeIncident("acme/1", n), MakePlan(), false, "bench").status());
    for (int step = 0; step < 2; ++step) {
      const auto start = std::chrono::steady_clock::now();
      const double used = ProcessorMicros();
      ASSIGN_OR_RETURN(const bool worked, Step(*store_));
      processor_.push_back(ProcessorMicros() - used);
      const std::chrono::duration<double, std::micro> took =
          std::chrono::steady_clock::now() - start;
      wall_.push_back(took.count());
      if (!worked) return Internal(Cat("round ", n, " found nothing to do"));
    }
    clock_.Advance(absl::Minutes(2));
    return OkStatus();
  }

  void Print(const Subject& beside) const {
    const double wall = Median(wall_), processor = Median(processor_);
    std::cout << absl::StreamFormat(
        "%8d finished, %6d held back: claim + commit %6.0f us, %5.0f us of processor "
        "(%.2f and %.2f of the first)\n",
        finished_, held_, wall, processor, wall / Median(beside.wall_),
        processor / Median(beside.processor_));
  }

 private:
  void RemoveFiles() {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  }

  const std::string path_;
  const std::int64_t finished_;
  const int held_;
  ManualClock clock_{kStart};
  std::unique_ptr<Store> store_;
  std::vector<double> wall_, processor_;
};

Status Run(const std::filesystem::path& folder, std::int64_t finished, int held) {
  std::filesystem::create_directories(folder);
  Subject few(folder, "few", kFew, 0), many(folder, "finished", finished, 0),
      waiting(folder, "held", kFew, held);
  Subject* const subjects[] = {&few, &many, &waiting};
  for (Subject* subject : subjects) RETURN_IF_ERROR(subject->Prepare());
  // In turn, so that whatever else the machine does slows all of them alike.
  for (int n = 0; n < kRounds; ++n) {
    for (Subject* subject : subjects) RETURN_IF_ERROR(subject->Round(n));
  }
  for (const Subject* subject : subjects) subject->Print(few);
  return OkStatus();
}

}  // namespace
}  // namespace regreen

int main(int argc, char** argv) {
  std::int64_t finished = 1'000'000;
  int held = 10'000;
  const bool right = argc >= 2 && argc <= 4 && (argc < 3 || absl::SimpleAtoi(argv[2], &finished)) &&
                     (argc < 4 || absl::SimpleAtoi(argv[3], &held));
  if (!right || finished < 1 || held < 0) {
    std::cerr << "usage: store_bench FOLDER [FINISHED [HELD]]\n";
    return 2;
  }
  const regreen::Status done = regreen::Run(argv[1], finished, held);
  if (!done.ok()) std::cerr << regreen::Message(done) << "\n";
  return done.ok() ? 0 : 1;
}
