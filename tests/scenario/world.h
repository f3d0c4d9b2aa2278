// The whole pipeline in one process: a fake GitHub behind real HTTP, a real git remote, a real
// store, and workspaces of the kind that needs no sandbox. Workers are stepped, time stands still
// until told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/file.h"
#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/runner.h"
#include "daemon/service/group_commit.h"
#include "daemon/service/intake.h"
#include "daemon/service/metrics.h"
#include "daemon/service/workers.h"
#include "tests/support/fake_github.h"
#include "tests/support/git_fixture.h"

namespace regreen {

class World {
 public:
  // `template_text` replaces the template of the sample repository.
  explicit World(const std::string& template_text = DefaultTemplate());
  ~World();

  // The sample repository: `make check` fails since table.txt is not what generate.sh makes.
  static std::string DefaultTemplate();
  // An edit of a policy file, reloaded. The world's own template is templates/scenario.toml.
  ReloadOutcome ChangePolicy(const std::string& path, const std::string& text);
  // Pushes a commit on main whose check is red, and lets its run fail. Answers the commit.
  std::string PushRedCommit();
  FakeRun FailingRun(std::int64_t id = 1) const;
  // As a merged repair leaves main: the check is green. Answers the commit.
  std::string PushGreenCommit();
  // Opens a pull request from `branch` into main, with a commit on top of main that leaves the
  // check as it is; or pushes one more to it. Answers the failing run of that commit.
  FakeRun PullRequestRun(const std::string& branch, std::int64_t id);

  // A pull request from a fork: its commit is on no branch of the repository, and found by
  // refs/pull/<number>/head alone. Answers the failing run of it; again for the next commit.
  FakeRun ForkRun(std::int64_t id);
  // What is done about forks, by a daemon that starts anew.
  void SetForks(ForkPolicy forks, std::vector<std::string> networks = {});
  // A job of another CI fails, whose definition is .gitlab-ci.yml.
  int DeliverGitlab(const std::string& run_id, const std::string& job, const std::string& log);

  // Posts the run's webhook, signed; answers the status.
  int Deliver(const FakeRun& run, const std::string& guid = "guid-1");
  // A person writes a comment on a pull request, or on an issue, and its webhook arrives.
  int Comment(const FakeSaid& said, const std::string& guid = "comment-guid");
  // As the daemon does now and then: asks for a sweep of the forge, when one is due.
  int HandInSweep();
  // Steps the workers until nothing is due; answers the number of steps.
  int WorkUntilIdle();
  // Steps the workers until there is one task, in this state.
  void WorkUntil(TaskState state);
  // A daemon that ended and started again: everything but disk and forge is new.
  void Restart();

  std::vector<Task> Tasks();
  Task OnlyTask();
  std::vector<std::string> TimelineOf(const std::string& task_id);
  std::vector<std::string> Decisions();
  std::vector<std::string> RemoteBranches();
  std::string OnRemote(const std::vector<std::string>& git_arguments) const;

  FakeGithub github;
  GitFixture repository;
  ManualClock clock;
  Agents agents;                      // that the daemon has, by name
  std::vector<WorkspaceSpec> opened;  // workspaces, as they were asked for; no patch in them
  std::unique_ptr<LivePolicies> policies;
  std::string commit;  // the last that was pushed to main

 private:
  struct Daemon;
  int Post(const std::string& body, const std::string& event, const std::string& guid);
  void MakeRepository();
  void LoadPolicies(const std::string& template_text);

  ForkPolicy forks_ = ForkPolicy::kIgnore;
  std::vector<std::string> fork_networks_;
  std::int64_t fork_pull_ = 0;
  std::unique_ptr<TempDir> folder_;
  std::string remote_;
  std::vector<PolicyFile> policy_files_;
  std::unique_ptr<Daemon> daemon_;

 public:
  Store& store();
  const Collector& collector();
  WorkspaceFactory& workspaces();
};

}  // namespace regreen
