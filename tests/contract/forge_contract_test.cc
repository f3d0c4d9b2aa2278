#include "tests/contract/forge_contract.h"

#include <gmock/gmock.h>

#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kA(40, 'a'), kB(40, 'b');
constexpr char kRepo[] = "acme/widget";

class ForgeContract : public testing::TestWithParam<ForgePlatform> {
 protected:
  static RunHint Hint(int attempt = 1) {
    RunHint hint;
    hint.key = {"forge", kRepo, "1", attempt};
    hint.ci = "ci";
    return hint;
  }
  StatusOr<RunFacts> ReadRun(int attempt = 1) { return forge().ReadRun(Hint(attempt), {}); }
  Status Rerun(int attempt = 1) { return forge().actions()->Rerun(Hint(attempt).key, {}); }
  Forge& forge() { return peer_->forge(); }
  static ChangeRequest Request() {
    ChangeRequest request;
    request.repo = kRepo;
    request.branch = "regreen/x-1";
    request.target = "main";
    request.title = "Repair it";
    request.body = "It was red.";
    request.draft = true;
    request.labels = {"regreen", "generated"};
    return request;
  }
  static HttpResponse Answer(int status, std::string body) {
    HttpResponse answer;
    answer.status = status;
    answer.body = std::move(body);
    return answer;
  }

  std::unique_ptr<ForgePeer> peer_ = GetParam().create();
};

TEST_P(ForgeContract, ReadsARedRunWithItsJobs) {
  peer_->AddRedRun("topic/x", kA);
  const auto run = ReadRun();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_TRUE(run->completed && run->failed && !run->passed && !run->superseded)
      << run->superseded_why;
  EXPECT_EQ(run->branch, "topic/x");
  EXPECT_EQ(run->base_branch, "topic/x");
  EXPECT_EQ(run->commit, kA);
  EXPECT_EQ(run->ci, "ci");
  EXPECT_EQ(run->author, "dev");
  EXPECT_FALSE(run->from_fork);
  ASSERT_THAT(run->jobs, SizeIs(2));
  EXPECT_EQ(run->jobs[1].name, "test");
  EXPECT_TRUE(run->jobs[1].failed && !run->jobs[0].failed);
  EXPECT_EQ(forge().ReadLog(Hint(), run->jobs[1], {})->text, "FAILED test_x\n");
}

TEST_P(ForgeContract, SaysThatABranchHasMovedOn) {
  peer_->SetBranch("main", kB);
  peer_->AddRedRun("main", kA);
  EXPECT_THAT(ReadRun()->superseded_why, HasSubstr("has moved on to bbbbbbbbbbbb"));
}

TEST_P(ForgeContract, TellsTheChangeOfARun) {
  const std::int64_t number = peer_->AddRedRunOfChange("topic", kA);
  auto run = ReadRun();
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->pull_request, number);
  EXPECT_EQ(run->branch, "topic");
  EXPECT_EQ(run->base_branch, "main");
  EXPECT_FALSE(run->superseded || run->from_fork) << run->superseded_why;
  peer_->SetState(number, "closed");
  EXPECT_THAT(ReadRun()->superseded_why, HasSubstr("is closed"));
}

TEST_P(ForgeContract, TellsAForkThoughItsBranchIsCalledMain) {
  peer_->SetBranch("main", kA);
  peer_->AddForkedRun(kA);
  EXPECT_TRUE(ReadRun()->from_fork);
}

TEST_P(ForgeContract, RunsAgainOnceHoweverOftenItIsAsked) {
  peer_->AddRedRun("main", kA);
  EXPECT_EQ(ReadRun(2).status().code(), StatusCode::kUnavailable) << "it has not begun";
  EXPECT_EQ(Rerun(), OkStatus());
  EXPECT_EQ(Rerun(), OkStatus()) << "its answer may have been lost";
  EXPECT_EQ(peer_->reruns(), 1);
  EXPECT_FALSE(ReadRun(2)->completed);
  EXPECT_EQ(Rerun(2).code(), StatusCode::kUnavailable) << "it still goes on";
  peer_->FinishRun("failed");
  peer_->clock.Advance(absl::Minutes(1));
  EXPECT_TRUE(ReadRun(2)->failed);
  EXPECT_EQ(Rerun(2), OkStatus());
  EXPECT_EQ(peer_->reruns(), 2);
}

TEST_P(ForgeContract, RemembersWhatALaterAttemptMadeGood) {
  peer_->AddRedRun("main", kA);
  ASSERT_EQ(Rerun(), OkStatus());
  peer_->FinishRun("success");
  const auto old = ReadRun(1), now = ReadRun(2);
  ASSERT_TRUE(old.ok() && now.ok()) << old.status() << now.status();
  EXPECT_TRUE(old->failed && old->superseded && old->passed_later);
  EXPECT_EQ(old->superseded_why.substr(0, 9), "attempt 2");
  ASSERT_THAT(old->jobs, SizeIs(2));
  EXPECT_EQ(old->jobs[1].name, "test");
  EXPECT_TRUE(old->jobs[1].failed);
  EXPECT_TRUE(now->passed && !now->failed);
}

TEST_P(ForgeContract, SaysThatALogIsGone) {
  peer_->TakeLogAway();
  peer_->clock.Advance(absl::Hours(24));
  JobFacts job;
  job.id = "12";
  EXPECT_EQ(forge().ReadLog(Hint(), job, {}).status().code(), StatusCode::kNotFound);
  job.id = "999";
  EXPECT_EQ(forge().ReadLog(Hint(), job, {}).status().code(), StatusCode::kNotFound);
}

TEST_P(ForgeContract, MapsTroubleToItsCode) {
  struct Case {
    int status;
    StatusCode code;
  };
  for (const Case& c :
       {Case{401, StatusCode::kUnauthenticated}, Case{403, StatusCode::kPermissionDenied},
        Case{404, StatusCode::kNotFound}, Case{301, StatusCode::kNotFound},
        Case{409, StatusCode::kAborted}, Case{422, StatusCode::kInvalidArgument},
        Case{500, StatusCode::kUnavailable}, Case{503, StatusCode::kUnavailable}}) {
    peer_->Fail(Answer(c.status, R"({"message":"words \u001b[2J"})"), 1);
    const Status status = ReadRun().status();
    EXPECT_EQ(status.code(), c.code) << c.status << ": " << status;
    EXPECT_EQ(Message(status).find('\x1b'), std::string::npos);
  }
}

TEST_P(ForgeContract, WaitsAsLongAsItIsAskedTo) {
  peer_->Fail(peer_->LimitedFor(77), 1);
  const Status status = ReadRun().status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(RetryAfter(status), absl::Seconds(77));
}

TEST_P(ForgeContract, SurvivesAnswersThatMakeNoSense) {
  peer_->AddRedRun("main", kA);
  for (const char* body : {"", "<html>", "[]", "{}", "null", "7", R"({"id":[{}]})",
                           R"({"sha":5,"head_sha":{},"status":[]})"}) {
    peer_->Fail(Answer(200, body), 1);
    const auto run = ReadRun();
    EXPECT_TRUE(!run.ok() && IsRetryable(run.status())) << body << ": " << run.status();
  }
}

TEST_P(ForgeContract, OpensAChangeOnceAndUpdatesIt) {
  peer_->SetBranch("main", kA);
  peer_->SetBranch("regreen/x-1", kB);
  ChangeRequest request = Request();
  const auto opened = forge().EnsureChange(request, {});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(opened->created);
  EXPECT_THAT(opened->link, testing::EndsWith(Cat("/", opened->number)));
  request.title = "Repair it well";
  request.labels = {"regreen", "later"};
  const auto updated = forge().EnsureChange(request, {});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_FALSE(updated->created);
  EXPECT_EQ(updated->number, opened->number);
  ASSERT_THAT(peer_->changes(), SizeIs(1));
  const SeenChange seen = peer_->changes()[0];
  EXPECT_EQ(seen.title, "Repair it well");
  EXPECT_EQ(seen.body, "It was red.");
  EXPECT_EQ(seen.branch, "regreen/x-1");
  EXPECT_EQ(seen.target, "main");
  EXPECT_TRUE(seen.draft);
  EXPECT_THAT(seen.labels, ElementsAre("regreen", "generated", "later"));
}

TEST_P(ForgeContract, ReadsTheStateOfAChange) {
  const std::int64_t number = peer_->AddChange("regreen/x-1", kB, false, {});
  const auto state = [&] { return forge().ReadChange({"forge", kRepo, number}, {}, {}).value(); };
  EXPECT_EQ(state().kind, ChangeState::Kind::kOpen);
  EXPECT_EQ(state().head, kB);
  peer_->SetState(number, "closed");
  EXPECT_EQ(state().kind, ChangeState::Kind::kClosed);
  peer_->SetState(number, "merged");
  EXPECT_EQ(state().kind, ChangeState::Kind::kMerged);
  peer_->RemoveChange(number);
  EXPECT_EQ(state().kind, ChangeState::Kind::kGone);
}

TEST_P(ForgeContract, TellsOnAChangeACommitAndByAnIssueOnceEach) {
  Report report;
  report.repo = kRepo;
  report.commit = kA;
  report.title = "The build is red";
  report.body = "It says so.";
  report.labels = {"needs a person"};
  report.marker = "0a1b-tell";
  const bool on_commits = peer_->comments_on_commits();
  for (int round = 0; round < 2; ++round) {
    report.pull_request = 0;
    EXPECT_EQ(forge().actions()->Tell(report, {}).status().code(),
              on_commits ? StatusCode::kOk : StatusCode::kFailedPrecondition);
    if (round == 0) peer_->AddChange("topic", kB, false, {});
    report.pull_request = static_cast<int>(peer_->changes()[0].number);
    EXPECT_EQ(forge().actions()->Tell(report, {}).status(), OkStatus());
    report.kind = ReportKind::kIssue;
    EXPECT_EQ(forge().actions()->Tell(report, {}).status(), OkStatus());
    report.kind = ReportKind::kComment;
  }
  EXPECT_EQ(
      peer_->comments(),
      std::vector<std::string>(on_commits ? 2 : 1, "It says so.\n\nregreen report 0a1b-tell\n"));
  EXPECT_THAT(peer_->issues(), ElementsAre("It says so.\n\nregreen report 0a1b-tell\n"));
}

TEST_P(ForgeContract, MergesWhenGreenAndOnlyWhatItWasAskedTo) {
  const std::int64_t number = peer_->AddChange("regreen/x-1", kB, true, {});
  const auto merge = [&](const std::string& commit) {
    return forge().actions()->MergeWhenGreen({"forge", kRepo, number}, commit, {});
  };
  EXPECT_EQ(merge(kA).code(), StatusCode::kFailedPrecondition) << "someone pushed";
  EXPECT_EQ(merge(kB).code(), StatusCode::kUnavailable) << "no check has begun";
  peer_->SetChecks(number, "failed");
  EXPECT_EQ(merge(kB).code(), StatusCode::kUnavailable);
  EXPECT_EQ(peer_->changes()[0].state, "opened");
  peer_->SetChecks(number, "success");
  EXPECT_EQ(merge(kB), OkStatus());
  EXPECT_EQ(peer_->changes()[0].state, "merged");
  EXPECT_FALSE(peer_->changes()[0].draft);
  EXPECT_EQ(merge(kB), OkStatus()) << "its answer may have been lost";
}

TEST_P(ForgeContract, NamesTheLabelsOfAChange) {
  const std::int64_t number = peer_->AddChange("x", kA, false, {"regreen", "ci: full"});
  EXPECT_THAT(*forge().actions()->Labels(kRepo, static_cast<int>(number), {}),
              ElementsAre("regreen", "ci: full"));
}

TEST_P(ForgeContract, TouchesNoRepositoryThatTheConfigurationDoesNotName) {
  for (const char* repo : {"evil/widget", "acme", "acme/..", "acme/w?x", "acme/w%2fx", "acme/a b",
                           "acme/x/y/z", "", "/", "acme//x"}) {
    SCOPED_TRACE(repo);
    RunHint hint = Hint();
    hint.key.repo = repo;
    ChangeRequest request = Request();
    Report report;
    request.repo = report.repo = repo;
    report.marker = "x";
    ForgeActions& actions = *forge().actions();
    for (const Status& status :
         {forge().ReadRun(hint, {}).status(), forge().ReadLog(hint, {}, {}).status(),
          forge().EnsureChange(request, {}).status(), forge().Remote(repo).status(),
          forge().ReadChange({"forge", repo, 1}, {}, {}).status(), actions.Rerun(hint.key, {}),
          actions.Tell(report, {}).status(), actions.Labels(repo, 1, {}).status(),
          actions.MergeWhenGreen({"forge", repo, 1}, kA, {})}) {
      EXPECT_EQ(status.code(), StatusCode::kPermissionDenied) << status;
    }
  }
  EXPECT_EQ(peer_->requests(), 0u);
}

TEST_P(ForgeContract, GivesARemoteWhoseUrlHoldsNoCredential) {
  const auto remote = forge().Remote(kRepo);
  ASSERT_TRUE(remote.ok()) << remote.status();
  EXPECT_EQ(remote->url, "https://git.example/acme/widget.git");
  EXPECT_FALSE(remote->user.empty() || remote->password.empty());
}

TEST_P(ForgeContract, CallsNobodyWhenTheDaemonStops) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(forge().ReadRun(Hint(), stop.get_token()).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(peer_->requests(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Every, ForgeContract,
                         testing::Values(ForgePlatform{"github", NewGithubPeer},
                                         ForgePlatform{"gitlab", NewGitlabPeer},
                                         ForgePlatform{"gitea", NewGiteaPeer}),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace regreen
