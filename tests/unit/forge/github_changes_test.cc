#include "tests/unit/forge/github_fixture.h"

namespace regreen {
namespace {

using Fixture = GithubFixture;

ChangeRequest Request() {
  ChangeRequest request;
  request.repo = "acme/widget";
  request.branch = "regreen/format-1234abcd";
  request.target = "main";
  request.title = "Format the code";
  request.body = "Because.";
  request.labels = {"regreen", "format"};
  return request;
}

TEST(GithubForge, OpensAPullRequestOnceAndThenUpdatesIt) {
  Fixture f;
  f.github.SetBranch("acme/widget", "main", kA);
  f.github.SetBranch("acme/widget", "regreen/format-1234abcd", kB);
  ChangeRequest request = Request();
  request.draft = true;
  const auto opened = f.forge->EnsureChange(request, {});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(opened->created);
  EXPECT_EQ(opened->link, "https://github.example/acme/widget/pull/1");
  request.title = "Format all of the code";
  const auto updated = f.forge->EnsureChange(request, {});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_FALSE(updated->created);
  EXPECT_EQ(updated->number, opened->number);
  const auto pulls = f.github.pulls();
  ASSERT_EQ(pulls.size(), 1u);
  EXPECT_EQ(pulls[0].title, "Format all of the code");
  EXPECT_EQ(pulls[0].head_branch, "regreen/format-1234abcd");
  EXPECT_EQ(pulls[0].base, "main");
  EXPECT_TRUE(pulls[0].draft);
  EXPECT_EQ(pulls[0].labels, (std::vector<std::string>{"regreen", "format"}));
}

TEST(GithubForge, OpensAnOrdinaryPullRequestWhereThereAreNoDrafts) {
  Fixture f;
  f.github.RefuseDrafts();
  f.github.SetBranch("acme/widget", "main", kA);
  f.github.SetBranch("acme/widget", "regreen/format-1234abcd", kB);
  ChangeRequest request = Request();
  request.draft = true;
  const auto opened = f.forge->EnsureChange(request, {});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_FALSE(f.github.pulls()[0].draft);
}

TEST(GithubForge, OpensThePullRequestThoughItsLabelsFail) {
  Fixture f;
  f.github.SetBranch("acme/widget", "main", kA);
  f.github.SetBranch("acme/widget", "regreen/format-1234abcd", kB);
  f.github.Fail(403, 1, "/labels");
  EXPECT_TRUE(f.forge->EnsureChange(Request(), {}).ok());
}

TEST(GithubForge, RepeatsGithubsWordsWhenAPullRequestIsRefused) {
  Fixture f;
  f.github.SetBranch("acme/widget", "main", kA);
  const auto refused = f.forge->EnsureChange(Request(), {});
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(Message(refused.status()).find("head is invalid"), std::string::npos)
      << refused.status();
}

TEST(GithubForge, ReadsWhatBecameOfAChange) {
  using Kind = ChangeState::Kind;
  Fixture f;
  FakePull pull;
  pull.head_branch = "regreen/x";
  pull.head_sha = kB;
  const std::int64_t number = f.github.AddPull(pull);
  const auto read = [&] { return f.forge->ReadChange({"gh", "acme/widget", number}, {}, {}); };
  EXPECT_EQ(read()->kind, Kind::kOpen);
  EXPECT_EQ(read()->head, kB);
  f.github.ClosePull(number, false);
  EXPECT_EQ(read()->kind, Kind::kClosed);
  f.github.ClosePull(number, true);
  EXPECT_EQ(read()->kind, Kind::kMerged);
  f.github.RemovePull(number);
  EXPECT_EQ(read()->kind, Kind::kGone);
}

}  // namespace
}  // namespace regreen
