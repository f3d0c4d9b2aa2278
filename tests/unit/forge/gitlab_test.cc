#include <gmock/gmock.h>

#include "adapters/forge/gitlab_changes.h"
#include "adapters/forge/gitlab_jobs.h"
#include "adapters/forge/registry.h"
#include "daemon/base/text.h"
#include "daemon/ports/forge_actions.h"
#include "tests/support/fake_gitlab.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kA(40, 'a'), kB(40, 'b'), kC(40, 'c');

struct Fixture {
  ManualClock clock;
  FakeGitlab gitlab{clock};
  std::unique_ptr<HttpClient> http = NewHttpClient();
  std::unique_ptr<Forge> forge;

  explicit Fixture(bool forks = false) {
    ForgeOptions options;
    options.name = "lab";
    options.kind = "gitlab";
    options.api = gitlab.url();
    options.token = Secret(FakeGitlab::kToken);
    options.repos = {"acme/**"};
    options.forks = forks;
    auto created = CreateForge(options, {http.get(), nullptr, &clock});
    EXPECT_TRUE(created.ok()) << created.status();
    forge = std::move(created).value();
  }

  static RunHint Hint(int attempt = RunKey::kNewest) {
    RunHint hint;
    hint.key = {"lab", "acme/widget", "1", attempt};
    return hint;
  }
  StatusOr<RunFacts> ReadRun() { return forge->ReadRun(Hint(), {}); }
};

FakeGitlabJob Job(std::int64_t id, const char* name, const char* status) {
  FakeGitlabJob job;
  job.id = id;
  job.name = name;
  job.status = status;
  return job;
}

FakePipeline RedPipeline() {
  FakePipeline pipeline;
  pipeline.jobs = {Job(11, "test", "failed")};
  return pipeline;
}

// Times in seconds from the pipeline's beginning; a job that has not ended has the end 0.
struct Made {
  std::int64_t id;
  const char* name;
  int created, ended;
};
std::vector<GitlabJob> Jobs(const std::vector<Made>& made) {
  std::vector<GitlabJob> jobs;
  const absl::Time begin = ManualClock().Now();
  for (const Made& one : made) {
    GitlabJob job;
    job.id = one.id;
    job.name = one.name;
    job.created = begin + absl::Seconds(one.created);
    if (one.ended != 0) job.finished = begin + absl::Seconds(one.ended);
    jobs.push_back(job);
  }
  return jobs;
}

TEST(GitlabAttempts, BeginWithARetryOfWhatRanInTheOneBefore) {
  struct Case {
    const char* name;
    std::vector<Made> jobs;
    int attempts;
  };
  const Case cases[] = {
      {"none is retried", {{1, "a", 0, 60}, {2, "b", 0, 90}}, 1},
      {"two are retried together",
       {{1, "a", 0, 60}, {2, "b", 0, 90}, {3, "a", 200, 260}, {4, "b", 200, 0}},
       2},
      {"what ran for the first time in an attempt is retried",
       {{1, "a", 0, 60}, {2, "later", 0, 300}, {3, "a", 200, 250}, {4, "later", 400, 0}},
       3},
      {"one is retried twice", {{1, "a", 0, 60}, {2, "a", 200, 260}, {3, "a", 400, 0}}, 3},
      {"by itself", {{1, "a", 0, 60}, {2, "b", 0, 500}, {3, "a", 61, 120}, {4, "a", 120, 180}}, 1},
      {"by itself in a later attempt",
       {{1, "a", 0, 60}, {2, "a", 200, 260}, {3, "a", 261, 300}, {4, "a", 400, 0}},
       3},
      {"a cancelled job without an end", {{1, "a", 0, 0}, {2, "a", 200, 0}}, 2},
      {"no job at all", {}, 1},
  };
  for (const Case& c : cases) {
    auto jobs = Jobs(c.jobs);
    EXPECT_EQ(NumberAttempts(jobs), c.attempts) << c.name;
  }
}

TEST(GitlabAttempts, TellTheNewestJobOfEachName) {
  auto jobs = Jobs({{1, "a", 0, 60}, {2, "b", 0, 90}, {3, "a", 200, 260}});
  jobs[0].status = "failed";
  jobs[0].failure_reason = "script_failure";
  jobs[1].status = jobs[2].status = "success";
  NumberAttempts(jobs);
  const auto first = JobsOfAttempt(jobs, 1), second = JobsOfAttempt(jobs, 2);
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_EQ(first[0].id, "1");
  EXPECT_EQ(first[0].conclusion, "script_failure");
  EXPECT_TRUE(first[0].failed);
  ASSERT_THAT(second, SizeIs(2));
  EXPECT_EQ(second[1].id, "3");
  EXPECT_FALSE(second[1].failed);
}

TEST(GitlabForge, NumbersTheAttemptThatAWebhookDoesNotName) {
  Fixture f;
  FakePipeline pipeline = RedPipeline();
  f.gitlab.AddPipeline(pipeline);
  EXPECT_EQ(f.ReadRun()->key.attempt, 1);
  ASSERT_EQ(f.forge->actions()->Rerun(Fixture::Hint(1).key, {}), OkStatus());
  f.gitlab.FinishPipeline(1, "failed");
  EXPECT_EQ(f.ReadRun()->key.attempt, 2);
  EXPECT_TRUE(f.ReadRun()->failed);
}

TEST(GitlabForge, DoesNotRetryInTheMomentThatAJobEnds) {
  Fixture f;
  FakePipeline pipeline = RedPipeline();
  pipeline.jobs[0].finished_at = "2023-11-14T22:13:19.500Z";
  f.gitlab.AddPipeline(pipeline);
  EXPECT_EQ(f.forge->actions()->Rerun(Fixture::Hint(1).key, {}).code(), StatusCode::kUnavailable);
  f.clock.Advance(absl::Seconds(10));
  EXPECT_EQ(f.forge->actions()->Rerun(Fixture::Hint(1).key, {}), OkStatus());
  EXPECT_EQ(f.gitlab.CountRequests("/retry"), 1);
}

TEST(GitlabForge, RetriesNothingThatIsGreenByNow) {
  Fixture f;
  FakePipeline pipeline = RedPipeline();
  pipeline.status = "success";
  f.gitlab.AddPipeline(pipeline);
  EXPECT_EQ(f.forge->actions()->Rerun(Fixture::Hint(1).key, {}).code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(f.gitlab.CountRequests("/retry"), 0);
}

TEST(GitlabForge, AJobThatMayFailIsNoFailure) {
  Fixture f;
  FakePipeline pipeline = RedPipeline();
  pipeline.jobs.push_back(Job(12, "lint", "failed"));
  pipeline.jobs[1].allow_failure = true;
  f.gitlab.AddPipeline(pipeline);
  const auto run = f.ReadRun();
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_THAT(run->jobs, SizeIs(2));
  EXPECT_TRUE(run->jobs[0].failed);
  EXPECT_FALSE(run->jobs[1].failed);
}

TEST(GitlabForge, ReadsJobsOfManyPagesThoughLinksNameAnotherHost) {
  Fixture f;
  FakePipeline pipeline;
  for (int i = 0; i < 250; ++i) pipeline.jobs.push_back(Job(100 + i, "x", "failed"));
  for (int i = 0; i < 250; ++i) pipeline.jobs[i].name = Cat("job ", i);
  f.gitlab.AddPipeline(pipeline);
  EXPECT_THAT(f.ReadRun()->jobs, SizeIs(250));
  EXPECT_EQ(f.gitlab.CountRequests("/pipelines/1/jobs"), 3);
}

TEST(GitlabForge, WorksOnTheHeadOfAMergedResultsPipeline) {
  Fixture f;
  FakeMergeRequest request;
  request.source_branch = "topic/x";
  request.sha = kB;
  const std::int64_t iid = f.gitlab.AddMergeRequest(request);
  f.gitlab.SetParents(kC, {kA, kB});
  for (const char* kind : {"merge", "train"}) {
    FakePipeline pipeline = RedPipeline();
    pipeline.id = *kind == 'm' ? 1 : 2;
    pipeline.ref = Cat("refs/merge-requests/", iid, "/", kind);
    pipeline.sha = kC;
    f.gitlab.AddPipeline(pipeline);
    RunHint hint = Fixture::Hint();
    hint.key.run_id = Cat(pipeline.id);
    const auto run = f.forge->ReadRun(hint, {});
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->commit, kB);
    EXPECT_EQ(run->branch, "topic/x");
    EXPECT_EQ(run->base_branch, "main");
    EXPECT_FALSE(run->superseded) << run->superseded_why;
  }
}

TEST(GitlabForge, ReadsAForksJobsWhereForksAreWorkedOn) {
  for (const bool forks : {false, true}) {
    Fixture f(forks);
    FakeMergeRequest request;
    request.source_branch = "main";
    request.source_project = FakeGitlab::kFork;
    request.sha = kA;
    FakePipeline pipeline = RedPipeline();
    pipeline.ref = Cat("refs/merge-requests/", f.gitlab.AddMergeRequest(request), "/head");
    f.gitlab.AddPipeline(pipeline);
    const auto run = f.ReadRun();
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_TRUE(run->from_fork);
    EXPECT_FALSE(run->superseded) << run->superseded_why;
    EXPECT_EQ(run->branch, "someone:main") << "no branch of ours is called so";
    EXPECT_THAT(run->jobs, SizeIs(forks ? 1 : 0));
  }
}

TEST(GitlabForge, LeavesTagsAlone) {
  Fixture f;
  FakePipeline pipeline = RedPipeline();
  pipeline.tag = true;
  pipeline.ref = "v1.0";
  f.gitlab.AddPipeline(pipeline);
  EXPECT_THAT(f.ReadRun()->superseded_why, HasSubstr("tag v1.0"));
}

TEST(GitlabForge, SaysThatAChildPipelineHasAnEventOfItsOwn) {
  Fixture f;
  FakePipeline pipeline;
  pipeline.jobs = {Job(11, "test", "success")};
  pipeline.bridges = {{"deploy", "success", 8}, {"children", "failed", 9}};
  f.gitlab.AddPipeline(pipeline);
  EXPECT_THAT(f.ReadRun()->superseded_why, HasSubstr("the pipeline 9 that its job children"));
}

TEST(GitlabForge, TellsWhatIsWrongWithADefinitionAsALog) {
  Fixture f;
  FakePipeline pipeline;
  pipeline.yaml_errors = "jobs:test config contains unknown keys: scrpt";
  f.gitlab.AddPipeline(pipeline);
  const auto run = f.ReadRun();
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_THAT(run->jobs, SizeIs(1));
  EXPECT_TRUE(run->jobs[0].failed);
  const auto log = f.forge->ReadLog(Fixture::Hint(), run->jobs[0], {});
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_THAT(log->text, HasSubstr("unknown keys: scrpt"));
}

TEST(GitlabForge, WaitsForALogThatIsNotStoredYet) {
  Fixture f;
  FakePipeline pipeline = RedPipeline();
  pipeline.jobs[0].trace = "";
  pipeline.jobs[0].finished_at = "2023-11-14T22:13:00.000Z";
  f.gitlab.AddPipeline(pipeline);
  JobFacts job;
  job.id = "11";
  EXPECT_EQ(f.forge->ReadLog(Fixture::Hint(), job, {}).status().code(), StatusCode::kUnavailable);
  f.clock.Advance(absl::Minutes(10));
  const Status gone = f.forge->ReadLog(Fixture::Hint(), job, {}).status();
  EXPECT_EQ(gone.code(), StatusCode::kNotFound);
  EXPECT_THAT(Message(gone), HasSubstr("script_failure"));
  job.id = "../../x";
  EXPECT_EQ(f.forge->ReadLog(Fixture::Hint(), job, {}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(GitlabForge, ReachesIntoSubgroups) {
  Fixture f;
  FakePipeline pipeline = RedPipeline();
  pipeline.repo = "acme/tools/deep/widget";
  pipeline.ref = "topic/with/slashes";
  f.gitlab.AddPipeline(pipeline);
  RunHint hint = Fixture::Hint();
  hint.key.repo = pipeline.repo;
  EXPECT_TRUE(f.forge->ReadRun(hint, {})->failed);
  const auto remote = f.forge->Remote(pipeline.repo);
  ASSERT_TRUE(remote.ok()) << remote.status();
  EXPECT_EQ(remote->url, Cat(f.gitlab.site(), "/acme/tools/deep/widget.git"));
  EXPECT_EQ(remote->user, "oauth2");
}

TEST(GitlabForge, LeavesAForksMergeRequestOfTheSameBranchAlone) {
  Fixture f;
  FakeMergeRequest forks;
  forks.source_branch = "regreen/x";
  forks.source_project = FakeGitlab::kFork;
  f.gitlab.AddMergeRequest(forks);
  f.gitlab.SetBranch("acme/widget", "regreen/x", kB);
  ChangeRequest request;
  request.repo = "acme/widget";
  request.branch = "regreen/x";
  request.target = "main";
  request.title = "Repair it";
  request.labels = {"regreen", "a,b"};
  const auto change = f.forge->EnsureChange(request, {});
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_TRUE(change->created);
  ASSERT_THAT(f.gitlab.merge_requests(), SizeIs(2));
  EXPECT_THAT(f.gitlab.merge_requests()[1].labels, ElementsAre("regreen"));
}

TEST(GitlabForge, KeepsAMergeRequestReadyThatAPersonMadeReady) {
  Fixture f;
  FakeMergeRequest open;
  open.source_branch = "regreen/x";
  open.title = "Repair it";
  f.gitlab.AddMergeRequest(open);
  ChangeRequest request;
  request.repo = "acme/widget";
  request.branch = "regreen/x";
  request.target = "main";
  request.title = "Repair it better";
  request.draft = true;
  ASSERT_TRUE(f.forge->EnsureChange(request, {}).ok());
  EXPECT_EQ(f.gitlab.merge_requests()[0].title, "Repair it better");
}

TEST(GitlabMerge, AsksGitlabToMergeWhileItsPipelineRuns) {
  Fixture f;
  FakeMergeRequest request;
  request.source_branch = "regreen/x";
  request.sha = kB;
  request.title = "Draft: Repair it";
  request.pipeline_status = "running";
  const std::int64_t iid = f.gitlab.AddMergeRequest(request);
  const ChangeKey key{"lab", "acme/widget", iid};
  EXPECT_EQ(f.forge->actions()->MergeWhenGreen(key, kB, {}), OkStatus());
  EXPECT_TRUE(f.gitlab.merge_requests()[0].auto_merge);
  EXPECT_EQ(f.gitlab.merge_requests()[0].state, "opened");
  EXPECT_EQ(f.forge->actions()->MergeWhenGreen(key, kB, {}), OkStatus());
  EXPECT_EQ(f.gitlab.CountRequests("PUT /api/v4/projects/acme/widget/merge_requests/1/merge"), 1);
}

TEST(GitlabMerge, TellsWhatIsInTheWayFromWhatIsOnItsWay) {
  struct Case {
    const char* detailed;
    StatusCode code;
  };
  for (const Case& c : {Case{"checking", StatusCode::kUnavailable},
                        Case{"conflict", StatusCode::kFailedPrecondition},
                        Case{"forbidden", StatusCode::kFailedPrecondition}}) {
    Fixture f;
    FakeMergeRequest request;
    request.source_branch = "regreen/x";
    request.sha = kB;
    request.pipeline_status = "success";
    request.detailed_merge_status = c.detailed;
    const std::int64_t iid = f.gitlab.AddMergeRequest(request);
    EXPECT_EQ(f.forge->actions()->MergeWhenGreen({"lab", "acme/widget", iid}, kB, {}).code(),
              c.code)
        << c.detailed;
  }
}

TEST(GitlabMerge, KnowsADraftByItsTitle) {
  for (const char* title : {"Draft: x", "draft:x", "[Draft] x", "(draft) x", "Draft: [Draft] x"}) {
    EXPECT_TRUE(IsDraftTitle(title)) << title;
    EXPECT_EQ(WithoutDraft(title), "x") << title;
  }
  EXPECT_FALSE(IsDraftTitle("Drafty: x"));
  EXPECT_EQ(WithoutDraft("A draft: x"), "A draft: x");
}

TEST(GitlabForge, ReadsErrorsOfEveryForm) {
  struct Case {
    const char* body;
    const char* says;
  };
  for (const Case& c :
       {Case{R"({"message":"plain"})", "plain"},
        Case{R"({"message":{"title":["is too long","is odd"]}})", "title is too long; is odd"},
        Case{R"({"error":"insufficient_scope","error_description":"needs api"})",
             "insufficient_scope; needs api"},
        Case{"<html>", "status 400"}}) {
    Fixture f;
    HttpResponse answer;
    answer.status = 400;
    answer.body = c.body;
    f.gitlab.Fail(answer);
    EXPECT_THAT(Message(f.ReadRun().status()), HasSubstr(c.says));
  }
}

TEST(GitlabForge, WaitsForTheResetOfALimit) {
  Fixture f;
  HttpResponse answer;
  answer.status = 429;
  answer.headers = {{"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "1700000042"}};
  f.gitlab.Fail(answer);
  EXPECT_EQ(RetryAfter(f.ReadRun().status()), absl::Seconds(42));
}

TEST(GitlabForge, NamesEveryMistakeOfItsOptions) {
  ForgeOptions options;
  options.kind = "gitlab";
  options.api = "http://gitlab.example/api/v3";
  const std::string mistakes = Message(CreateForge(options, {}).status());
  for (const char* part : {"api must begin with https://", "api must end with /api/v4",
                           "token is needed", "repos names no"})
    EXPECT_THAT(mistakes, HasSubstr(part));
}

TEST(GitlabForge, ClonesFromWhereItsApiIs) {
  EXPECT_EQ(GitOf("gitlab", "", ""), "https://gitlab.com");
  EXPECT_EQ(GitOf("gitlab", "https://h.example/lab/api/v4", ""), "https://h.example/lab");
  EXPECT_EQ(GitOf("gitlab", "", "/srv/git"), "/srv/git");
  EXPECT_EQ(GitOf("github", "", ""), "https://github.com");
}

}  // namespace
}  // namespace regreen
