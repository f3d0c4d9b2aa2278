// What a world pushes, and the runs of it that its CI tells of.
#include "daemon/base/text.h"
#include "tests/scenario/world.h"

namespace regreen {

std::string World::PushRedCommit() {
  repository.Write("names.txt",
                   "b\na\nc" + std::to_string(absl::ToUnixSeconds(clock.Now())) + "\n");
  commit = repository.Commit("Add a name");
  repository.Git({"push", "--quiet", remote_, "main"});
  return commit;
}

std::string World::PushGreenCommit() {
  repository.Git({"checkout", "--quiet", "main"});
  repository.Git({"fetch", "--quiet", remote_, "main"});
  repository.Git({"reset", "--quiet", "--hard", "FETCH_HEAD"});
  repository.Write("names.txt", "b\na\n");
  repository.Write("table.txt", "a\nb\n");
  commit = repository.Commit("Repair by hand");
  repository.Git({"push", "--quiet", remote_, "main"});
  return commit;
}

FakeRun World::PullRequestRun(const std::string& branch, std::int64_t id) {
  const bool is_new = OnRemote({"branch", "--list", branch}).empty();
  repository.Git(is_new ? std::vector<std::string>{"checkout", "--quiet", "-b", branch, "main"}
                        : std::vector<std::string>{"checkout", "--quiet", branch});
  repository.Write("about-" + branch + ".txt", Cat("run ", id, "\n"));
  FakeRun run = FailingRun(id);
  run.event = "pull_request";
  run.branch = branch;
  run.commit = repository.Commit(Cat("Work for run ", id));
  repository.Git({"push", "--quiet", remote_, branch});
  repository.Git({"checkout", "--quiet", "main"});
  if (is_new) {
    FakePull pull;
    pull.head_branch = branch;
    github.AddPull(pull);
  }
  return run;
}

FakeRun World::ForkRun(std::int64_t id) {
  repository.Git({"checkout", "--quiet", "--detach", "main"});
  repository.Write("names.txt", Cat("b\na\nz", id, "\n"));
  FakeRun run = FailingRun(id);
  run.event = "pull_request";
  run.fork = true;
  run.branch = "main";
  run.commit = repository.Commit(Cat("A stranger's work for run ", id));
  repository.Git({"push", "--quiet", remote_, "+HEAD:refs/pull/1/head"});
  repository.Git({"checkout", "--quiet", "main"});
  if (fork_pull_ != 0) github.RemovePull(fork_pull_);
  FakePull pull;
  pull.number = fork_pull_ = 1;
  pull.head_branch = "main";
  pull.fork = true;
  pull.head_sha = run.commit;
  github.AddPull(pull);
  return run;
}

FakeRun World::FailingRun(std::int64_t id) const {
  FakeRun run;
  run.id = id;
  run.commit = commit;
  FakeJob job;
  job.id = id * 10;
  job.name = "check";
  job.steps = {{"Run the check", 2, "failure"}};
  job.log =
      "2023-11-14T22:13:20.0000000Z ##[group]Run sh check.sh\n"
      "2023-11-14T22:13:20.0000000Z sh check.sh\n2023-11-14T22:13:20.0000000Z ##[endgroup]\n"
      "2023-11-14T22:13:21.0000000Z table.txt is out of date\n"
      "2023-11-14T22:13:21.0000000Z ##[error]Process completed with exit code 2.\n";
  run.jobs = {job};
  return run;
}

}  // namespace regreen
