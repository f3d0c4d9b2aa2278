// A thousand runs go red of one cause, in fifty repositories: a bad release of something that all
// of them use. What is told of it is one change for each repository and branch, and GitHub sees no
// more of us than it allows. Git and workspaces are stand-ins; everything else is the daemon's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "adapters/ci/registry.h"
#include "adapters/forge/registry.h"
#include "adapters/store/sqlite.h"
#include "daemon/base/file.h"
#include "daemon/pipeline/runner.h"
#include "daemon/service/group_commit.h"
#include "daemon/service/intake.h"
#include "daemon/service/workers.h"
#include "tests/scenario/world.h"
#include "tests/support/fake_github.h"
#include "tests/support/fake_limits.h"
#include "tests/support/fake_workspace.h"
#include "tests/support/paths.h"
#include "tests/support/samples.h"

namespace regreen {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::Le;
using ::testing::SizeIs;

constexpr int kRepositories = 50, kRunsOfEach = 20;
constexpr char kSecret[] = "webhook-secret";
const char* const kBranches[] = {"main", "release/1"};

// Repositories that all hold the same workflow; what is pushed there GitHub knows of at once.
struct StandInGit final : public Mirror, public Publisher {
  explicit StandInGit(FakeGithub& g) : github(g) {}
  FakeGithub& github;

  StatusOr<std::string> Ensure(const GitRemote& remote, const std::string&,
                               std::stop_token) override {
    return remote.url;
  }
  StatusOr<std::optional<std::string>> RemoteTip(const GitRemote&, const std::string&,
                                                 std::stop_token) override {
    return std::optional<std::string>();
  }
  StatusOr<ResolvedRef> Resolve(const GitRemote&, const std::string&, std::stop_token) override {
    return NotFound("nobody asks by name here");
  }
  StatusOr<std::string> ReadFileAt(const std::string&, const std::string&, const std::string& path,
                                   std::size_t) override {
    if (path != ".github/workflows/ci.yml") return NotFound(path);
    return std::string(
        "on: push\njobs:\n  check:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - name: Run the check\n        run: sh check.sh\n");
  }
  StatusOr<std::vector<std::string>> ChangedPaths(const std::string&, const std::string&,
                                                  std::size_t) override {
    return std::vector<std::string>();
  }
  StatusOr<std::vector<std::pair<std::string, std::string>>> ReadFolderAt(
      const std::string&, const std::string&, const std::string&, const FolderLimits&) override {
    return NotFound("no folder");
  }
  StatusOr<bool> Contains(const std::string&, const std::string&, const std::string&) override {
    return false;
  }
  StatusOr<PushedBranch> Push(const std::string&, const PushSpec& spec, const Patch&,
                              std::stop_token) override {
    const std::size_t repo = spec.remote.url.find("acme/");
    const std::size_t end = spec.remote.url.rfind(".git");
    const std::string commit(40, 'c');
    github.SetBranch(spec.remote.url.substr(repo, end - repo), spec.branch, commit);
    return PushedBranch{commit, false};
  }
};

template <class T>
T Must(StatusOr<T> value) {
  if (!value.ok()) throw std::runtime_error(Message(value.status()));
  return *std::move(value);
}

struct Storm {
  FakeGithub github;
  ManualClock clock;
  StandInGit git{github};
  FakeWorkspaces workspaces;
  std::unique_ptr<HttpClient> wire = NewHttpClient();
  FakeLimits limits{*wire, clock};
  TempDir folder = Must(TempDir::Create("/dev/shm", "storm-"));  // it syncs some thousand times
  std::unique_ptr<Store> store = Must(OpenSqliteStore(folder.path().string() + "/store.db", clock));
  std::unique_ptr<LivePolicies> policies;
  Adapters adapters;
  Metrics metrics;
  std::unique_ptr<Collector> collector;
  std::unique_ptr<TaskRunner> runner;
  std::unique_ptr<Workers> workers;
  std::unique_ptr<GroupCommit> commits;
  std::unique_ptr<Intake> intake;

  Storm() {
    LoadPolicies();
    MakeAdapters();
    workspaces.captured = SamplePatch();
    workspaces.on_exec = [](const ExecSpec& spec, bool patched) {
      const bool red = spec.command.find("check.sh") != std::string::npos && !patched;
      return FakeWorkspaces::Exit(red ? 2 : 0, red ? "table.txt is out of date\n" : "");
    };
    collector = std::make_unique<Collector>(CollectDependencies{
        &adapters, &git, wire.get(), policies.get(), store.get(), &clock, store.get()});
    RunnerDependencies deps{&adapters, &git, &git, &workspaces, store.get(), policies.get()};
    deps.author_name = "regreen";
    deps.author_email = "regreen@localhost";
    deps.watch_every = absl::Hours(24);
    runner = std::make_unique<TaskRunner>(std::move(deps));
    WorkersOptions options;
    options.name = "storm";
    options.lease = absl::Minutes(10);
    workers = std::make_unique<Workers>(options, *store, *collector, *runner, metrics);
    commits = std::make_unique<GroupCommit>(*store, 16, nullptr);
    intake = std::make_unique<Intake>(
        IntakeDependencies{&adapters, commits.get(), &metrics, &clock, {}});
  }

  void LoadPolicies() {
    Problems problems;
    std::vector<PolicyFile> files = ReadPolicyFolder(SourceFolder() + "/policies", problems);
    std::erase_if(files, [](const auto& file) { return file.path.starts_with("templates/"); });
    files.push_back({"templates/scenario.toml", World::DefaultTemplate()});
    Policies read = LoadPolicyFiles(files, "", problems);
    if (problems.has_errors()) throw std::runtime_error(problems.Render());
    policies =
        std::make_unique<LivePolicies>(std::make_shared<Policies>(std::move(read)), clock.Now());
  }

  void MakeAdapters() {
    ForgeOptions forge;
    forge.name = "github";
    forge.kind = "github";
    forge.api = forge.git = github.url();
    forge.token = Secret(FakeGithub::kToken);
    forge.repos = {"acme/*"};
    adapters.forges["github"] = Must(CreateForge(forge, {&limits, &git, &clock, &metrics}));
    CiOptions ci;
    ci.name = ci.kind = ci.forge = "github";
    ci.secret = Secret(kSecret);
    adapters.ci["github"] = Must(CreateCiSource(ci));
  }

  void Deliver(int repository, int number) {
    FakeRun run;
    run.repo = Cat("acme/service-", repository);
    run.id = repository * 1000 + number + 1;
    run.branch = kBranches[number % 2];
    FakeJob job;
    job.id = run.id;
    job.name = "check";
    job.steps = {{"Run the check", 1, "failure"}};
    job.log =
        "sh check.sh\ntable.txt is out of date\n##[error]Process completed with exit code 2.\n";
    run.jobs = {job};
    github.AddRun(run);
    HttpRequest request;
    request.method = "POST";
    request.path = "/hooks/github";
    request.body = FakeGithub::RunPayload(run);
    request.headers =
        FakeGithub::SignedHeaders(request.body, kSecret, "workflow_run", Cat("guid-", run.id));
    ASSERT_EQ(intake->Handle(request).status, 202);
  }

  // Until nothing waits any more.
  void Weather() {
    for (int minute = 0; minute < 24 * 60; ++minute) {
      while (workers->RunOne()) {
      }
      const StoreCounts counts = Must(store->Count());
      std::int64_t at_work = 0;
      for (const auto& [key, count] : counts.tasks) {
        const auto state = ParseTaskState(key.first);
        if (state && !IsTerminal(*state) && *state != TaskState::kWatching) at_work += count;
      }
      if (counts.pending_deliveries == 0 && at_work == 0) return;
      clock.Advance(absl::Minutes(1));
    }
    FAIL() << "the storm does not pass in a day";
  }
};

// The most that lies in any window of `length`, as a server would count it.
int MostIn(const std::vector<FakeLimits::Seen>& seen, absl::Duration length,
           int (*weight)(const FakeLimits::Seen&)) {
  int most = 0, inside = 0;
  std::size_t first = 0;
  for (const FakeLimits::Seen& one : seen) {
    inside += weight(one);
    while (one.at - seen[first].at >= length) inside -= weight(seen[first++]);
    most = std::max(most, inside);
  }
  return most;
}

TEST(Storm, AThousandRedRunsOfOneCauseAreOneChangeForEachBranchWithinEveryLimit) {
  Storm storm;
  for (int number = 0; number < kRunsOfEach; ++number) {
    for (int repository = 0; repository < kRepositories; ++repository)
      storm.Deliver(repository, number);
  }
  const absl::Time begun = storm.clock.Now();
  storm.Weather();

  std::set<std::pair<std::string, std::string>> changed;
  for (const FakePull& pull : storm.github.pulls()) {
    EXPECT_TRUE(changed.emplace(pull.repo, pull.base).second)
        << pull.repo << " has two changes for " << pull.base;
    EXPECT_THAT(pull.labels, ElementsAre("regreen"));
  }
  EXPECT_THAT(changed, SizeIs(kRepositories * std::size(kBranches)));
  const StoreCounts counts = Must(storm.store->Count());
  EXPECT_THAT(counts.tasks, ElementsAre(std::pair(
                                std::pair(std::string("watching"), std::string("regenerate-table")),
                                std::int64_t{100})))
      << "no limit made a task fail";
  for (const DeliveryRow& delivery : Must(storm.store->ListDeliveries(2000)))
    EXPECT_EQ(delivery.state, "done") << delivery.key << ", and none was given up";

  const auto points = [](const FakeLimits::Seen& one) { return one.write ? 5 : 1; };
  const auto writes = [](const FakeLimits::Seen& one) { return one.write ? 1 : 0; };
  EXPECT_EQ(storm.limits.refused, 0) << "GitHub had nothing to refuse";
  EXPECT_LE(MostIn(storm.limits.seen, absl::Minutes(1), points), 900);
  EXPECT_LE(MostIn(storm.limits.seen, absl::Minutes(1), writes), 80);
  EXPECT_LE(MostIn(storm.limits.seen, absl::Hours(1), writes), 500);
  absl::Time last = absl::InfinitePast();
  for (const FakeLimits::Seen& one : storm.limits.seen) {
    if (!one.write) continue;
    EXPECT_GE(one.at - last, absl::Seconds(1)) << one.place;
    last = one.at;
  }
  EXPECT_LE(storm.clock.Now() - begun, absl::Hours(3)) << "and none of it takes long";
  RecordProperty("requests", static_cast<int>(storm.limits.seen.size()));
  RecordProperty("minutes", static_cast<int>(absl::ToInt64Minutes(storm.clock.Now() - begun)));
}

}  // namespace
}  // namespace regreen
