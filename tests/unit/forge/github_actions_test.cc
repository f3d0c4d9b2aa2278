#include <gmock/gmock.h>

#include "daemon/ports/forge_actions.h"
#include "tests/unit/forge/github_fixture.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Fixture = GithubFixture;

RunKey Key(int attempt = 1) {
  return {"gh", "acme/widget", "1", attempt};
}

TEST(GithubRerun, BeginsAnAttemptOnce) {
  Fixture f;
  f.github.AddRun(FailedRun());
  EXPECT_EQ(f.forge->actions()->Rerun(Key(), {}), OkStatus());
  EXPECT_EQ(f.github.attempts(1), 2);
  EXPECT_EQ(f.forge->actions()->Rerun(Key(), {}), OkStatus()) << "its answer may have been lost";
  EXPECT_EQ(f.github.attempts(1), 2);
  f.github.FinishRun(1, "failure");
  EXPECT_EQ(f.forge->actions()->Rerun(Key(2), {}), OkStatus());
  EXPECT_EQ(f.github.attempts(1), 3);
}

struct RerunCase {
  const char* name;
  void (*change)(FakeRun&);
  StatusCode code;
  const char* says;
};

TEST(GithubRerun, DoesNotAskForWhatGithubWouldRefuse) {
  const RerunCase cases[] = {
      {"it still goes on",
       [](FakeRun& run) {
         run.status = "in_progress";
         run.conclusion.clear();
       },
       StatusCode::kUnavailable, "still goes on"},
      {"a month old", [](FakeRun& run) { run.created_at = "2023-10-01T00:00:00Z"; },
       StatusCode::kFailedPrecondition, "30 days"},
  };
  for (const RerunCase& c : cases) {
    SCOPED_TRACE(c.name);
    Fixture f;
    FakeRun run = FailedRun();
    c.change(run);
    f.github.AddRun(run);
    const Status status = f.forge->actions()->Rerun(Key(), {});
    EXPECT_EQ(status.code(), c.code);
    EXPECT_THAT(Message(status), HasSubstr(c.says));
    EXPECT_EQ(f.github.CountRequests("rerun-failed-jobs"), 0);
  }
}

TEST(GithubRerun, StopsAtFiftyAttempts) {
  Fixture f;
  FakeRun run = FailedRun();
  run.attempt = 51;
  f.github.AddRun(run);
  EXPECT_THAT(Message(f.forge->actions()->Rerun(Key(51), {})), HasSubstr("50 times"));
  EXPECT_EQ(f.github.CountRequests("rerun-failed-jobs"), 0);
}

TEST(GithubRerun, ARefusalHasGithubsWords) {
  for (const int status : {403, 409, 422}) {
    Fixture f;
    f.github.AddRun(FailedRun());
    f.github.Fail(status, 1, "rerun-failed-jobs");
    const Status refused = f.forge->actions()->Rerun(Key(), {});
    EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition) << status;
    EXPECT_THAT(Message(refused), HasSubstr("asked for by the test"));
  }
}

TEST(GithubRerun, WhatBeganButIsNotShownYetIsWaitedFor) {
  Fixture f;
  f.github.AddRun(FailedRun());
  HttpResponse answer;
  answer.status = 403;
  answer.body = R"({"message":"This workflow is already running"})";
  f.github.Fail(answer, 1, "rerun-failed-jobs");
  EXPECT_EQ(f.forge->actions()->Rerun(Key(), {}).code(), StatusCode::kUnavailable);
}

TEST(GithubRerun, TroubleOfGithubIsTriedAgain) {
  Fixture f;
  f.github.AddRun(FailedRun());
  f.github.Fail(502, 1, "rerun-failed-jobs");
  EXPECT_TRUE(IsRetryable(f.forge->actions()->Rerun(Key(), {})));
}

TEST(GithubActions, RefuseARepositoryThatIsNotNamed) {
  Fixture f;
  RunKey key = Key();
  key.repo = "stranger/widget";
  EXPECT_EQ(f.forge->actions()->Rerun(key, {}).code(), StatusCode::kPermissionDenied);
  Report report;
  report.repo = key.repo;
  report.marker = "x";
  EXPECT_EQ(f.forge->actions()->Tell(report, {}).status().code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(f.forge->actions()->Labels(key.repo, 1, {}).status().code(),
            StatusCode::kPermissionDenied);
  EXPECT_EQ(f.forge->actions()->MergeWhenGreen({"gh", key.repo, 1}, kA, {}).code(),
            StatusCode::kPermissionDenied);
  EXPECT_THAT(f.github.requests(), SizeIs(0));
}

Report SampleReport() {
  Report report;
  report.repo = "acme/widget";
  report.commit = kA;
  report.title = "The build is red";
  report.body = "It says so.";
  report.labels = {"regreen", "needs a person"};
  report.marker = "0a1b2c-tell";
  return report;
}

std::int64_t AddPull(Fixture& f, bool draft = false) {
  FakePull pull;
  pull.head_branch = "regreen/x";
  pull.head_sha = kB;
  pull.draft = draft;
  pull.labels = {"regreen", "ci: full"};
  return f.github.AddPull(pull);
}

TEST(GithubReport, CommentsOnThePullRequestOnce) {
  Fixture f;
  Report report = SampleReport();
  report.pull_request = static_cast<int>(AddPull(f));
  // More than are looked through: ours is among the newest.
  for (int i = 0; i < 350; ++i)
    f.github.AddComment({"acme/widget", "", report.pull_request, Cat("comment ", i)});
  const auto first = f.forge->actions()->Tell(report, {});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(f.forge->actions()->Tell(report, {}).value(), *first);
  ASSERT_THAT(f.github.comments(), SizeIs(351));
  EXPECT_EQ(f.github.comments().back().body, "It says so.\n\nregreen report 0a1b2c-tell\n");
  EXPECT_EQ(f.github.comments().back().number, report.pull_request);
  report.marker = "0a1b2c-other";
  EXPECT_NE(f.forge->actions()->Tell(report, {}).value(), *first);
}

TEST(GithubReport, CommentsOnTheCommitWhereThereIsNoPullRequest) {
  Fixture f;
  const auto first = f.forge->actions()->Tell(SampleReport(), {});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(f.forge->actions()->Tell(SampleReport(), {}).value(), *first);
  ASSERT_THAT(f.github.comments(), SizeIs(1));
  EXPECT_EQ(f.github.comments()[0].commit, kA);
}

TEST(GithubReport, OpensAnIssueOnceThoughItWasClosed) {
  Fixture f;
  Report report = SampleReport();
  report.kind = ReportKind::kIssue;
  const auto first = f.forge->actions()->Tell(report, {});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(f.forge->actions()->Tell(report, {}).value(), *first);
  ASSERT_THAT(f.github.issues(), SizeIs(1));
  EXPECT_EQ(f.github.issues()[0].title, "The build is red");
  EXPECT_THAT(f.github.issues()[0].labels, ElementsAre("regreen", "needs a person"));
  EXPECT_THAT(f.github.issues()[0].body, EndsWith("regreen report 0a1b2c-tell\n"));
}

TEST(GithubReport, AMarkerInTheMiddleOfSomeonesWordsIsNotOurs) {
  Fixture f;
  f.github.AddComment({"acme/widget", kA, 0, "> regreen report 0a1b2c-tell\n\nWhat is this?"});
  ASSERT_TRUE(f.forge->actions()->Tell(SampleReport(), {}).ok());
  EXPECT_THAT(f.github.comments(), SizeIs(2));
}

TEST(GithubReport, ErrorsKeepTheirMeaning) {
  const std::pair<int, StatusCode> cases[] = {{403, StatusCode::kPermissionDenied},
                                              {410, StatusCode::kNotFound},
                                              {422, StatusCode::kInvalidArgument},
                                              {502, StatusCode::kUnavailable}};
  for (const auto& [status, code] : cases) {
    Fixture f;
    f.github.Fail(status, 1, "POST /repos/acme/widget/commits");
    EXPECT_EQ(f.forge->actions()->Tell(SampleReport(), {}).status().code(), code) << status;
  }
}

Status MergeWhenGreen(Fixture& f, std::int64_t number, const std::string& commit = kB) {
  return f.forge->actions()->MergeWhenGreen({"gh", "acme/widget", number}, commit, {});
}

TEST(GithubMerge, LeavesItToGithubWhereTheBranchRequiresChecks) {
  Fixture f;
  f.github.RequireChecks();
  const std::int64_t number = AddPull(f, true);
  EXPECT_EQ(MergeWhenGreen(f, number), OkStatus());
  EXPECT_EQ(MergeWhenGreen(f, number), OkStatus());
  EXPECT_FALSE(f.github.pulls()[0].draft);
  EXPECT_TRUE(f.github.pulls()[0].auto_merge);
  EXPECT_EQ(f.github.pulls()[0].merge_method, "MERGE");
  EXPECT_EQ(f.github.CountRequests("/graphql"), 2) << "what is asked for is not asked for again";
}

TEST(GithubMerge, WaitsForItsOwnChecksWhereTheBranchRequiresNone) {
  Fixture f;
  const std::int64_t number = AddPull(f);
  EXPECT_EQ(MergeWhenGreen(f, number).code(), StatusCode::kUnavailable) << "none has begun";
  f.github.SetChecks(number, {"success", ""});
  EXPECT_EQ(MergeWhenGreen(f, number).code(), StatusCode::kUnavailable) << "one goes on";
  f.github.SetChecks(number, {"success", "failure"});
  EXPECT_EQ(MergeWhenGreen(f, number).code(), StatusCode::kUnavailable) << "one is red";
  EXPECT_FALSE(f.github.pulls()[0].merged);
  f.github.SetChecks(number, {"success", "skipped"});
  EXPECT_EQ(MergeWhenGreen(f, number), OkStatus());
  EXPECT_TRUE(f.github.pulls()[0].merged);
  EXPECT_EQ(f.github.pulls()[0].merged_sha, kB);
  EXPECT_EQ(MergeWhenGreen(f, number), OkStatus()) << "merged already";
}

TEST(GithubMerge, LeavesAloneWhatSomeonePushedToOrClosed) {
  Fixture f;
  const std::int64_t number = AddPull(f, true);
  EXPECT_EQ(MergeWhenGreen(f, number, kA).code(), StatusCode::kFailedPrecondition);
  f.github.ClosePull(number, false);
  EXPECT_EQ(MergeWhenGreen(f, number).code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(f.github.pulls()[0].draft);
}

TEST(GithubMerge, ARefusalHasGithubsWords) {
  Fixture f;
  const std::int64_t number = AddPull(f);
  HttpResponse answer;
  answer.body =
      R"({"errors":[{"type":"UNPROCESSABLE","message":"Auto merge is not allowed for this repository"}]})";
  f.github.Fail(answer, 1, "/graphql");
  const Status refused = MergeWhenGreen(f, number);
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(refused), HasSubstr("not allowed for this repository"));
}

TEST(GithubMerge, ARateLimitOfGraphQlIsWaitedFor) {
  Fixture f;
  const std::int64_t number = AddPull(f);
  HttpResponse answer;
  answer.body = R"({"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]})";
  f.github.Fail(answer, 1, "/graphql");
  EXPECT_EQ(MergeWhenGreen(f, number).code(), StatusCode::kResourceExhausted);
}

TEST(GithubMerge, AMergeThatGithubRefusesIsFinal) {
  Fixture f;
  const std::int64_t number = AddPull(f);
  f.github.SetChecks(number, {"success"});
  f.github.Fail(405, 1, "PUT ");
  EXPECT_EQ(MergeWhenGreen(f, number).code(), StatusCode::kFailedPrecondition);
}

TEST(GithubActions, NamesTheLabelsOfAPullRequest) {
  Fixture f;
  const int number = static_cast<int>(AddPull(f));
  EXPECT_THAT(f.forge->actions()->Labels("acme/widget", number, {}).value(),
              ElementsAre("regreen", "ci: full"));
  EXPECT_EQ(f.forge->actions()->Labels("acme/widget", 99, {}).status().code(),
            StatusCode::kNotFound);
}

}  // namespace
}  // namespace regreen
