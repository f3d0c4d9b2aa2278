// Writes whose answers are lost: they are looked for, and nothing is done twice.
#include "tests/unit/forge/client_fixture.h"

namespace regreen {
namespace {

using Fixture = ClientFixture;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kA(40, 'a'), kB(40, 'b');

// How an answer is lost after GitHub or GitLab did what was asked.
const StatusOr<HttpAnswer> kLosses[] = {
    Unavailable("the connection was closed"), DeadlineExceeded("it did not answer in time"),
    HttpAnswer{502, {}, "<html>", false}, HttpAnswer{201, {}, R"({"number":)", false}};

TEST(LostAnswers, AChangeThatWasOpenedIsFoundAndNotOpenedAgain) {
  for (const auto& loss : kLosses) {
    {
      FakeGithub github;
      github.SetBranch("acme/widget", "main", kA);
      github.SetBranch("acme/widget", "regreen/x-1", kB);
      Fixture f(kPlatforms[0], github.url());
      f.between.lose = "/pulls";
      f.between.lost_as = loss;
      const auto change = f.forge->EnsureChange(SampleRequest(), {});
      ASSERT_TRUE(change.ok()) << change.status();
      EXPECT_EQ(change->number, 1);
      EXPECT_EQ(f.between.lost, 1);
      EXPECT_EQ(f.between.Count("POST", "/pulls"), 1);
      ASSERT_TRUE(f.forge->EnsureChange(SampleRequest(), {}).ok());
      ASSERT_THAT(github.pulls(), SizeIs(1));
      EXPECT_EQ(github.pulls()[0].labels, std::vector<std::string>{"regreen"});
    }
    ManualClock clock;
    FakeGitlab gitlab(clock);
    gitlab.SetBranch("acme/widget", "main", kA);
    gitlab.SetBranch("acme/widget", "regreen/x-1", kB);
    Fixture f(kPlatforms[1], gitlab.url());
    f.between.lose = "/merge_requests";
    f.between.lost_as = loss;
    const auto change = f.forge->EnsureChange(SampleRequest(), {});
    ASSERT_TRUE(change.ok()) << change.status();
    EXPECT_EQ(f.between.lost, 1);
    EXPECT_EQ(f.between.Count("POST", "/merge_requests"), 1);
    EXPECT_THAT(gitlab.merge_requests(), SizeIs(1));
  }
}

TEST(LostAnswers, AChangeThatWasNotOpenedIsOpenedByTheNextTry) {
  FakeGithub github;
  github.SetBranch("acme/widget", "main", kA);
  github.SetBranch("acme/widget", "regreen/x-1", kB);
  Fixture f(kPlatforms[0], github.url());
  github.Fail(503, 1, "POST /repos/acme/widget/pulls");
  EXPECT_EQ(f.forge->EnsureChange(SampleRequest(), {}).status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(github.pulls(), IsEmpty());
  ASSERT_TRUE(f.forge->EnsureChange(SampleRequest(), {}).ok());
  EXPECT_THAT(github.pulls(), SizeIs(1));
}

TEST(LostAnswers, WhatIsAsItShouldBeIsNotWrittenAgain) {
  FakeGithub github;
  github.SetBranch("acme/widget", "main", kA);
  github.SetBranch("acme/widget", "regreen/x-1", kB);
  Fixture f(kPlatforms[0], github.url());
  ASSERT_TRUE(f.forge->EnsureChange(SampleRequest(), {}).ok());
  f.between.calls.clear();
  const auto again = f.forge->EnsureChange(SampleRequest(), {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->created);
  EXPECT_THAT(f.between.calls, SizeIs(1)) << "it was looked at, and that is all";
}

TEST(LostAnswers, LabelsThatALimitHeldBackAreAddedLater) {
  FakeGithub github;
  github.SetBranch("acme/widget", "main", kA);
  github.SetBranch("acme/widget", "regreen/x-1", kB);
  Fixture f(kPlatforms[0], github.url());
  HttpResponse limited;
  limited.status = 403;
  limited.headers = {{"Retry-After", "30"}};
  github.Fail(limited, 1, "/labels");
  const Status status = f.forge->EnsureChange(SampleRequest(), {}).status();
  EXPECT_EQ(RetryAfter(status), absl::Seconds(30)) << status;
  f.clock.Advance(absl::Seconds(30));
  ASSERT_TRUE(f.forge->EnsureChange(SampleRequest(), {}).ok());
  ASSERT_THAT(github.pulls(), SizeIs(1));
  EXPECT_EQ(github.pulls()[0].labels, std::vector<std::string>{"regreen"});
}

FakeRun RedRun() {
  FakeRun run;
  FakeJob job;
  job.id = 12;
  run.jobs = {job};
  return run;
}

FakePipeline RedPipeline() {
  FakePipeline pipeline;
  FakeGitlabJob job;
  job.id = 12;
  pipeline.jobs = {job};
  return pipeline;
}

TEST(LostAnswers, ARunIsRunAgainOnce) {
  const RunKey run{"forge", "acme/widget", "1", 1};
  for (const auto& loss : kLosses) {
    {
      FakeGithub github;
      github.AddRun(RedRun());
      Fixture f(kPlatforms[0], github.url());
      f.between.lose = "/rerun";
      f.between.lost_as = loss;
      EXPECT_TRUE(f.forge->actions()->Rerun(run, {}).ok());
      EXPECT_TRUE(f.forge->actions()->Rerun(run, {}).ok());
      EXPECT_EQ(f.between.Count("POST", "/rerun"), 1);
      EXPECT_EQ(github.attempts(1), 2);
    }
    ManualClock clock;
    FakeGitlab gitlab(clock);
    gitlab.AddPipeline(RedPipeline());
    Fixture f(kPlatforms[1], gitlab.url());
    f.between.lose = "/retry";
    f.between.lost_as = loss;
    EXPECT_TRUE(f.forge->actions()->Rerun(run, {}).ok());
    EXPECT_TRUE(f.forge->actions()->Rerun(run, {}).ok());
    EXPECT_EQ(f.between.Count("POST", "/retry"), 1);
  }
}

TEST(LostAnswers, ACommentIsMadeOnce) {
  for (const auto& loss : kLosses) {
    {
      FakeGithub github;
      FakePull pull;
      pull.head_branch = "x";
      pull.head_sha = kA;
      const int number = static_cast<int>(github.AddPull(pull));
      Fixture f(kPlatforms[0], github.url());
      f.between.lose = "/comments";
      f.between.lost_as = loss;
      EXPECT_TRUE(IsRetryable(f.forge->actions()->Tell(OnPullRequest(number), {}).status()));
      EXPECT_TRUE(f.forge->actions()->Tell(OnPullRequest(number), {}).ok());
      EXPECT_THAT(github.comments(), SizeIs(1));
    }
    ManualClock clock;
    FakeGitlab gitlab(clock);
    FakeMergeRequest request;
    request.source_branch = "x";
    request.sha = kA;
    const int number = static_cast<int>(gitlab.AddMergeRequest(request));
    Fixture f(kPlatforms[1], gitlab.url());
    f.between.lose = "/notes";
    f.between.lost_as = loss;
    EXPECT_TRUE(IsRetryable(f.forge->actions()->Tell(OnPullRequest(number), {}).status()));
    EXPECT_TRUE(f.forge->actions()->Tell(OnPullRequest(number), {}).ok());
    EXPECT_THAT(gitlab.notes(), SizeIs(1));
  }
}

TEST(LostAnswers, AChangeIsMergedOnce) {
  for (const auto& loss : kLosses) {
    {
      FakeGithub github;
      FakePull pull;
      pull.head_branch = "x";
      pull.head_sha = kA;
      pull.checks = {"success"};
      const std::int64_t number = github.AddPull(pull);
      Fixture f(kPlatforms[0], github.url());
      f.between.lose = "/merge";
      f.between.lost_as = loss;
      const ChangeKey key{"forge", "acme/widget", number};
      EXPECT_TRUE(IsRetryable(f.forge->actions()->MergeWhenGreen(key, kA, {})));
      EXPECT_TRUE(f.forge->actions()->MergeWhenGreen(key, kA, {}).ok());
      EXPECT_EQ(f.between.Count("PUT", "/merge"), 1);
    }
    ManualClock clock;
    FakeGitlab gitlab(clock);
    FakeMergeRequest request;
    request.source_branch = "x";
    request.sha = kA;
    request.pipeline_status = "success";
    const ChangeKey key{"forge", "acme/widget", gitlab.AddMergeRequest(request)};
    Fixture f(kPlatforms[1], gitlab.url());
    f.between.lose = "/1/merge";
    f.between.lost_as = loss;
    EXPECT_TRUE(IsRetryable(f.forge->actions()->MergeWhenGreen(key, kA, {})));
    EXPECT_TRUE(f.forge->actions()->MergeWhenGreen(key, kA, {}).ok());
    EXPECT_EQ(f.between.Count("PUT", "/1/merge"), 1);
  }
}

}  // namespace
}  // namespace regreen
