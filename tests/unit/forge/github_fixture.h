// A GitHub forge beside a fake GitHub, and a run that failed there.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "adapters/forge/registry.h"
#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "tests/support/fake_github.h"

namespace regreen {

inline const std::string kA(40, 'a'), kB(40, 'b');

struct GithubFixture {
  FakeGithub github;
  ManualClock clock;
  std::unique_ptr<HttpClient> http = NewHttpClient();
  std::unique_ptr<Forge> forge;

  explicit GithubFixture(const std::string& token = FakeGithub::kToken, bool forks = false) {
    ForgeOptions options;
    options.name = "gh";
    options.kind = "github";
    options.api = github.url();
    options.token = Secret(token);
    options.forks = forks;
    options.repos = {"acme/*"};
    auto created = CreateForge(options, {http.get(), nullptr, &clock});
    EXPECT_TRUE(created.ok()) << created.status();
    forge = std::move(created).value();
  }

  static RunHint Hint(int attempt = 1) {
    RunHint hint;
    hint.key = {"gh", "acme/widget", "1", attempt};
    hint.ci = "hub";
    return hint;
  }
  StatusOr<RunFacts> ReadRun(int attempt = 1) { return forge->ReadRun(Hint(attempt), {}); }
  StatusOr<JobLog> ReadLog(const std::string& id) {
    JobFacts job;
    job.id = id;
    return forge->ReadLog(Hint(), job, {});
  }
};

inline FakeRun FailedRun() {
  FakeRun run;
  FakeJob lint, test;
  lint.id = 11;
  lint.name = "lint";
  lint.conclusion = "success";
  lint.steps = {{"Lint", 2, "success"}};
  test.id = 12;
  test.name = "test";
  test.steps = {{"Set up job", 1, "success"},
                {"Build", 2, "success"},
                {"Test", 3, "failure"},
                {"Upload", 4, "skipped"}};
  test.log = "FAILED test_x\n";
  run.jobs = {lint, test};
  return run;
}

}  // namespace regreen
