#include "tests/scenario/world.h"

#include <gtest/gtest.h>

#include "adapters/ci/registry.h"
#include "adapters/forge/registry.h"
#include "adapters/git/git.h"
#include "adapters/store/sqlite.h"
#include "adapters/workspace/registry.h"
#include "daemon/base/text.h"
#include "daemon/service/sweeper.h"
#include "tests/support/paths.h"

namespace regreen {
namespace {

constexpr char kSecret[] = "webhook-secret";
constexpr int kMostSteps = 200;

// GitHub's API with the repository on this disk.
class LocalRemotes final : public Forge {
 public:
  LocalRemotes(std::unique_ptr<Forge> forge, std::string remote)
      : forge_(std::move(forge)), remote_(std::move(remote)) {}
  StatusOr<RunFacts> ReadRun(const RunHint& h, std::stop_token s) override {
    return forge_->ReadRun(h, s);
  }
  StatusOr<JobLog> ReadLog(const RunHint& h, const JobFacts& j, std::stop_token s) override {
    return forge_->ReadLog(h, j, s);
  }
  StatusOr<Change> EnsureChange(const ChangeRequest& r, std::stop_token s) override {
    return forge_->EnsureChange(r, s);
  }
  StatusOr<ChangeState> ReadChange(const ChangeKey& k, const ChangeRef& r,
                                   std::stop_token s) override {
    return forge_->ReadChange(k, r, s);
  }
  ForgeActions* actions() override { return forge_->actions(); }
  ForgeComments* comments() override { return forge_->comments(); }
  ForgeMissed* missed() override { return forge_->missed(); }
  ChangeCare* care() override { return forge_->care(); }
  StatusOr<GitRemote> Remote(const std::string&) override {
    return GitRemote{remote_, "", Secret()};
  }

 private:
  std::unique_ptr<Forge> forge_;
  std::string remote_;
};

// Folders without a wall, for code of ours alone: here it stands for a sandbox, and notes what was
// asked for.
class Noted final : public WorkspaceFactory {
 public:
  Noted(std::unique_ptr<WorkspaceFactory> factory, std::vector<WorkspaceSpec>& opened)
      : factory_(std::move(factory)), opened_(opened) {}
  Status Probe() override { return factory_->Probe(); }
  Status Reap() override { return factory_->Reap(); }
  StatusOr<std::unique_ptr<Workspace>> Open(const WorkspaceSpec& spec,
                                            std::stop_token stop) override {
    opened_.push_back(spec);
    opened_.back().patch = nullptr;
    WorkspaceSpec trusted = spec;
    trusted.of_fork = false;
    return factory_->Open(trusted, std::move(stop));
  }
  StatusOr<std::unique_ptr<Workspace>> Reopen(const WorkspaceSpec& spec,
                                              std::stop_token stop) override {
    return factory_->Reopen(spec, std::move(stop));
  }

 private:
  std::unique_ptr<WorkspaceFactory> factory_;
  std::vector<WorkspaceSpec>& opened_;
};

Sweeps Swept() {
  SweepOptions options;
  options.repos = {"acme/widget"};
  options.ci = "github";
  options.paths = {"/hooks/github"};
  return {{"github", options}};
}

template <class T>
T Must(StatusOr<T> value) {
  if (!value.ok()) throw std::runtime_error(Message(value.status()));
  return *std::move(value);
}

}  // namespace

struct World::Daemon {
  Daemon(World& world, const std::string& folder, const std::string& remote,
         const LivePolicies* policies)
      : http(NewHttpClient()), store(Must(OpenSqliteStore(folder + "/store.db", world.clock))) {
    const GitOptions git{folder + "/mirrors", GitChild(), ""};
    mirror = NewGitMirror(git);
    publisher = NewGitPublisher(git);
    rebaser = NewGitRebaser();
    workspaces = std::make_unique<Noted>(
        Must(CreateWorkspaceFactory({"worktree", folder + "/workspaces", {}, {}})), world.opened);
    ForgeOptions forge;
    forge.name = "github";
    forge.kind = "github";
    forge.api = world.github.url();
    forge.git = world.github.url();
    forge.token = Secret(FakeGithub::kToken);
    forge.repos = {"acme/*"};
    forge.forks = world.forks_ != ForkPolicy::kIgnore;
    adapters.forges["github"] = std::make_unique<LocalRemotes>(
        Must(CreateForge(forge, {http.get(), mirror.get(), &world.clock})), remote);
    CiOptions ci;
    ci.name = "github";
    ci.kind = "github";
    ci.forge = "github";
    ci.secret = Secret(kSecret);
    adapters.ci["github"] = Must(CreateCiSource(ci));
    ci.name = "gitlab";
    ci.kind = "generic";
    ci.token_header = "X-Gitlab-Token";
    ci.map = {{"repo", "=acme/widget"}, {"branch", "=main"}, {"commit", "/sha"},
              {"run_id", "/id"},        {"job", "/job"},     {"log", "/log"}};
    adapters.ci["gitlab"] = Must(CreateCiSource(ci));
    CollectDependencies collect{&adapters,   mirror.get(), http.get(), policies,
                                store.get(), &world.clock, store.get()};
    collect.definitions["gitlab"] = {CiDefinition::kGitlab, ""};
    collect.forks["github"] = world.forks_;
    collect.fork_networks = world.fork_networks_;
    collect.tasks = store.get();
    collect.deliveries = store.get();
    collect.sweeps = Swept();
    collector = std::make_unique<Collector>(std::move(collect));
    RunnerDependencies deps{&adapters,        mirror.get(), publisher.get(),
                            workspaces.get(), store.get(),  policies};
    deps.author_name = "regreen";
    deps.author_email = "regreen@localhost";
    deps.agents = &world.agents;
    deps.keep = absl::Hours(1);
    deps.forks["github"] = world.forks_;
    deps.rebaser = rebaser.get();
    runner = std::make_unique<TaskRunner>(deps);
    WorkersOptions options;
    options.name = "scenario";
    workers = std::make_unique<Workers>(options, *store, *collector, *runner, metrics);
    commits = std::make_unique<GroupCommit>(*store, 16, nullptr);
    intake = std::make_unique<Intake>(
        IntakeDependencies{&adapters, commits.get(), &metrics, &world.clock, {}});
  }

  std::unique_ptr<HttpClient> http;
  std::unique_ptr<Store> store;
  std::unique_ptr<Mirror> mirror;
  std::unique_ptr<Publisher> publisher;
  std::unique_ptr<Rebaser> rebaser;
  std::unique_ptr<WorkspaceFactory> workspaces;
  Adapters adapters;
  Metrics metrics;
  std::unique_ptr<Collector> collector;
  std::unique_ptr<TaskRunner> runner;
  std::unique_ptr<Workers> workers;
  std::unique_ptr<GroupCommit> commits;
  std::unique_ptr<Intake> intake;
};

std::string World::DefaultTemplate() {
  return "name = \"regenerate-table\"\ntitle = \"Regenerate the table\"\nstage = \"suggest\"\n"
         "[match]\nlog = ['table\\.txt is out of date']\n"
         "[[step]]\nname = \"regenerate\"\nrun = \"sh generate.sh > table.txt\"\n"
         "[verify]\ncommand = \"auto\"\n[guard]\npaths = [\"table.txt\"]\n[change]\nlabels = "
         "[\"regreen\"]\n";
}

World::World(const std::string& template_text)
    : folder_(std::make_unique<TempDir>(Must(TempDir::Create(testing::TempDir(), "scenario-")))) {
  MakeRepository();
  LoadPolicies(template_text);
  github.SetTipSource(
      [this](const std::string&, const std::string& branch) -> std::optional<std::string> {
        const std::string tip =
            OnRemote({"for-each-ref", "--format=%(objectname)", "refs/heads/" + branch});
        return tip.empty() ? std::nullopt : std::optional(tip);
      });
  github.SetBranchRemover([this](const std::string&, const std::string& branch) {
    OnRemote({"update-ref", "-d", "refs/heads/" + branch});
  });
  Restart();
}

World::~World() = default;

void World::MakeRepository() {
  repository.Write("generate.sh", "sort names.txt\n");
  repository.Write("names.txt", "b\na\n");
  repository.Write("table.txt", "a\nb\n");
  repository.Write(
      "check.sh",
      "sh generate.sh | cmp - table.txt || { echo table.txt is out of date; exit 2; }\n");
  repository.Write(
      ".github/workflows/ci.yml",
      "on: push\njobs:\n  check:\n    runs-on: ubuntu-latest\n    steps:\n"
      "      - uses: actions/checkout@v4\n      - name: Run the check\n        run: sh check.sh\n");
  commit = repository.Commit("Begin");
  remote_ = repository.CloneBare();
}

void World::LoadPolicies(const std::string& template_text) {
  Problems problems;
  policy_files_ = ReadPolicyFolder(SourceFolder() + "/policies", problems);
  std::erase_if(policy_files_,
                [](const PolicyFile& file) { return file.path.starts_with("templates/"); });
  policy_files_.push_back({"templates/scenario.toml", template_text});
  Policies read = LoadPolicyFiles(policy_files_, "", problems);
  if (problems.has_errors()) throw std::runtime_error(problems.Render());
  policies =
      std::make_unique<LivePolicies>(std::make_shared<Policies>(std::move(read)), clock.Now());
}

ReloadOutcome World::ChangePolicy(const std::string& path, const std::string& text) {
  std::erase_if(policy_files_, [&](const PolicyFile& file) { return file.path == path; });
  policy_files_.push_back({path, text});
  Problems problems;
  Policies read = LoadPolicyFiles(policy_files_, "", problems);
  return policies->Replace(std::move(read), problems, clock.Now());
}

void World::Restart() {
  daemon_.reset();
  daemon_ = std::make_unique<Daemon>(*this, folder_->path().string(), remote_, policies.get());
}

void World::SetForks(ForkPolicy forks, std::vector<std::string> networks) {
  forks_ = forks;
  fork_networks_ = std::move(networks);
  Restart();
}

int World::DeliverGitlab(const std::string& run_id, const std::string& job,
                         const std::string& log) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/hooks/gitlab";
  JsonWriter body;
  body.BeginObject().Field("sha", commit).Field("id", run_id).Field("job", job).Field("log", log);
  body.EndObject();
  request.body = body.Take();
  request.headers = {{"x-gitlab-token", kSecret}};
  return daemon_->intake->Handle(request).status;
}

int World::Deliver(const FakeRun& run, const std::string& guid) {
  return Post(FakeGithub::RunPayload(run), "workflow_run", guid);
}

int World::Post(const std::string& body, const std::string& event, const std::string& guid) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/hooks/github";
  request.body = body;
  request.headers = FakeGithub::SignedHeaders(body, kSecret, event, guid);
  return daemon_->intake->Handle(request).status;
}

int World::Comment(const FakeSaid& said, const std::string& guid) {
  return Post(FakeGithub::CommentPayload(said), "issue_comment", guid);
}

int World::HandInSweep() {
  return Must(HandInSweeps(Swept(), store(), clock.Now()));
}

int World::WorkUntilIdle() {
  int steps = 0;
  while (daemon_->workers->RunOne()) {
    if (++steps > kMostSteps) throw std::runtime_error("the workers do not come to rest");
  }
  return steps;
}

void World::WorkUntil(TaskState state) {
  for (int steps = 0; steps < kMostSteps; ++steps) {
    const auto tasks = Tasks();
    if (tasks.size() == 1 && tasks[0].state == state) return;
    if (!daemon_->workers->RunOne()) break;
  }
  throw std::runtime_error(Cat("no task came to be ", ToString(state)));
}

WorkspaceFactory& World::workspaces() {
  return *daemon_->workspaces;
}

const Collector& World::collector() {
  return *daemon_->collector;
}

Store& World::store() {
  return *daemon_->store;
}
std::vector<Task> World::Tasks() {
  return Must(store().ListTasks({}));
}

Task World::OnlyTask() {
  const auto tasks = Tasks();
  if (tasks.size() != 1)
    throw std::runtime_error(Cat("there are ", tasks.size(), " tasks, not one"));
  return tasks[0];
}

std::vector<std::string> World::TimelineOf(const std::string& task_id) {
  std::vector<std::string> lines;
  for (const TimelineEntry& entry : Must(store().ReadTimeline(task_id)))
    lines.push_back(entry.kind + ": " + entry.message);
  return lines;
}

std::vector<std::string> World::Decisions() {
  std::vector<std::string> lines;
  for (const Decision& decision : Must(store().ListDecisions(100)))
    lines.push_back(decision.kind + ": " + decision.reason);
  return lines;
}

std::vector<std::string> World::RemoteBranches() {
  std::vector<std::string> branches;
  const std::string text = OnRemote({"for-each-ref", "--format=%(refname:short)", "refs/heads"});
  for (const std::string_view line : SplitLines(text)) branches.emplace_back(line);
  return branches;
}

std::string World::OnRemote(const std::vector<std::string>& arguments) const {
  return repository.GitIn(remote_, arguments);
}

}  // namespace regreen
