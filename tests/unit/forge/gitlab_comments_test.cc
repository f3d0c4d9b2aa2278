#include <gmock/gmock.h>

#include "adapters/forge/registry.h"
#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/ports/forge_comments.h"
#include "daemon/ports/forge_missed.h"
#include "tests/support/scripted_server.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kProject[] = "/api/v4/projects/acme/widget";

struct Fixture {
  ManualClock clock;
  ScriptedServer gitlab;
  std::unique_ptr<HttpClient> http = NewHttpClient();
  std::unique_ptr<Forge> forge;
  CommentEvent comment;

  Fixture() {
    ForgeOptions options;
    options.name = "lab";
    options.kind = "gitlab";
    options.api = gitlab.url() + "/api/v4";
    options.token = Secret("token");
    options.repos = {"acme/**"};
    auto created = CreateForge(options, {http.get(), nullptr, &clock});
    EXPECT_TRUE(created.ok()) << created.status();
    forge = std::move(created).value();
    comment.forge = "lab";
    comment.repo = "acme/widget";
    comment.number = 3;
    comment.on_change = true;
    comment.id = 77;
    comment.author = "dev";
    comment.author_id = 5;
  }
  std::string At(const std::string& method, const std::string& rest) {
    return Cat(method, " ", kProject, rest);
  }
};

struct MemberCase {
  const char* name;
  int status;
  const char* body;
  bool may;
};

TEST(GitlabComments, TakesDevelopersAndMore) {
  const MemberCase cases[] = {
      {"a developer", 200, R"({"id":5,"state":"active","access_level":30})", true},
      {"an owner", 200, R"({"id":5,"state":"active","access_level":50})", true},
      {"a reporter", 200, R"({"id":5,"state":"active","access_level":20})", false},
      {"who is blocked", 200, R"({"id":5,"state":"blocked","access_level":50})", false},
      {"another one", 200, R"({"id":6,"state":"active","access_level":50})", false},
      {"a level of no number", 200, R"({"id":5,"state":"active","access_level":"50"})", false},
      {"no member", 404, R"({"message":"404 Not found"})", false},
  };
  for (const MemberCase& c : cases) {
    Fixture f;
    f.gitlab.Expect(f.At("GET", "/members/all/5"), c.status, c.body);
    const auto may = f.forge->comments()->MayWrite(f.comment, {});
    ASSERT_TRUE(may.ok()) << c.name << may.status();
    EXPECT_EQ(*may, c.may) << c.name;
  }
}

TEST(GitlabComments, AsksNothingAboutARepositoryThatIsNotNamed) {
  Fixture f;
  f.comment.repo = "other/thing";
  EXPECT_EQ(f.forge->comments()->MayWrite(f.comment, {}).status().code(),
            StatusCode::kPermissionDenied);
  EXPECT_THAT(f.gitlab.requests(), SizeIs(0));
}

TEST(GitlabComments, ReadsTheHeadOfAMergeRequest) {
  Fixture f;
  f.gitlab.Expect(f.At("GET", "/merge_requests/3"), 200,
                  R"({"source_branch":"feature","sha":"abc","state":"opened",
                      "source_project_id":1,"target_project_id":1})");
  const auto change = f.forge->comments()->ReadCommented(f.comment, {});
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->head_branch, "feature");
  EXPECT_TRUE(change->open);
  EXPECT_FALSE(change->from_fork);
}

TEST(GitlabComments, AnAnswerWithoutProjectsIsAForks) {
  Fixture f;
  f.gitlab.Expect(f.At("GET", "/merge_requests/3"), 200, R"({"source_branch":"feature"})");
  EXPECT_TRUE(f.forge->comments()->ReadCommented(f.comment, {})->from_fork);
}

TEST(GitlabComments, ASecondReactionIsNoError) {
  Fixture f;
  const std::string emojis = "/merge_requests/3/notes/77/award_emoji";
  f.gitlab.Expect(f.At("POST", emojis + "?name=thumbsup"), 404, R"({"message":"has been taken"})");
  f.gitlab.Expect(f.At("GET", emojis + "?per_page=100"), 200, R"([{"name":"thumbsup"}])");
  EXPECT_EQ(f.forge->comments()->React(f.comment, Reaction::kDone, {}), OkStatus());
}

TEST(GitlabComments, AnswersOnAnIssueOnce) {
  Fixture f;
  f.comment.on_change = false;
  const std::string list = "/issues/3/notes?order_by=created_at&sort=desc&per_page=100";
  f.gitlab.Expect(f.At("GET", list), 200, "[]");
  f.gitlab.Expect(f.At("GET", list), 200, R"([{"id":9,"body":"Hi\n\nregreen report comment-77"}])");
  f.gitlab.Expect(f.At("POST", "/issues/3/notes"), 201, R"({"id":9})");
  for (int i = 0; i < 2; ++i) {
    const auto link = f.forge->comments()->Reply(f.comment, "Hi", "comment-77", {});
    ASSERT_TRUE(link.ok()) << link.status();
    EXPECT_THAT(*link, HasSubstr("/acme/widget/-/issues/3#note_9"));
  }
  EXPECT_EQ(f.gitlab.Count(f.At("POST", "/issues/3/notes")), 1);
}

TEST(GitlabMissed, FindsFailedPipelinesAsTheirWebhooksWouldTellThem) {
  Fixture f;
  f.gitlab.Expect(f.At("GET",
                       "/pipelines?status=failed&updated_after=2023-11-14T16:13:20Z&order_by="
                       "updated_at&sort=desc&per_page=100"),
                  200,
                  R"([{"id":7,"sha":"abc","ref":"main","status":"failed","source":"push",
                       "updated_at":"2023-11-14T22:00:00.000Z","web_url":"https://lab.test/7"},
                      {"id":0,"updated_at":"2023-11-14T22:00:00.000Z"},
                      {"id":8,"updated_at":"never"}])");
  const auto runs =
      f.forge->missed()->FailedRuns("acme/widget", f.clock.Now() - absl::Hours(6), {});
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_THAT(*runs, SizeIs(1));
  EXPECT_EQ(runs->front().run.run_id, "7");
  EXPECT_EQ(runs->front().event, "Pipeline Hook");
  EXPECT_EQ(runs->front().body,
            R"({"object_kind":"pipeline","object_attributes":{"id":7,"status":"failed",)"
            R"("sha":"abc","ref":"main","source":"push","url":"https://lab.test/7"},)"
            R"("project":{"path_with_namespace":"acme/widget"}})");
}

}  // namespace
}  // namespace regreen
