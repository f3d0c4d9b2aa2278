// Comments, as GitHub and GitLab tell of them.
#include <gtest/gtest.h>

#include "adapters/ci/registry.h"
#include "daemon/base/text.h"
#include "tests/support/fake_github.h"

namespace regreen {
namespace {

std::unique_ptr<CiSource> Source(const std::string& kind) {
  CiOptions options;
  options.name = "hub";
  options.kind = kind;
  options.forge = "gh";
  options.secret = Secret("secret");
  auto source = CreateCiSource(options);
  EXPECT_TRUE(source.ok()) << source.status();
  return std::move(source).value();
}

StatusOr<Event> Github(const std::string& event, const std::string& body) {
  const auto source = Source("github");
  auto delivery = source->Describe({{"x-github-event", event}, {"x-github-delivery", "g"}}, body);
  return delivery.ok() ? source->Decode(*delivery) : delivery.status();
}

StatusOr<Event> Gitlab(const std::string& body) {
  const auto source = Source("gitlab");
  auto delivery = source->Describe({{"x-gitlab-event", "Note Hook"}}, body);
  return delivery.ok() ? source->Decode(*delivery) : delivery.status();
}

std::string Note(const std::string& attributes, const std::string& username = "dev") {
  return Cat(R"({"object_kind":"note","user":{"username":")", username,
             R"("},"project":{"path_with_namespace":"acme/sub/widget"},"merge_request":{"iid":3},)",
             R"("issue":{"iid":4},"object_attributes":{"id":77,"author_id":5,)",
             R"("note":"/regreen stop",)", attributes, "}}");
}

TEST(GithubComments, AreReadWithTheirAuthorAndPlace) {
  const auto event = Github("issue_comment", FakeGithub::CommentPayload({"/regreen stop"}));
  ASSERT_TRUE(event.ok()) << event.status();
  const auto& comment = std::get<CommentEvent>(*event);
  EXPECT_EQ(comment.repo, "acme/widget");
  EXPECT_EQ(comment.number, 1);
  EXPECT_TRUE(comment.on_change);
  EXPECT_EQ(comment.author, "dev");
  EXPECT_EQ(comment.author_id, 5);
  EXPECT_EQ(comment.body, "/regreen stop");
}

TEST(GithubComments, HaveOneKeyWhicheverHookTellsOfThem) {
  const auto key = [](const FakeSaid& said, const std::string& guid) {
    return Source("github")
        ->Describe({{"x-github-event", "issue_comment"}, {"x-github-delivery", guid}},
                   FakeGithub::CommentPayload(said))
        ->key;
  };
  EXPECT_EQ(key({"x"}, "g-1"), key({"x"}, "g-2"));
  EXPECT_NE(key({"x"}, "g-1"), key({"x", "dev", 1, 78}, "g-1"));
  FakeSaid edited{"x"};
  edited.action = "edited";
  EXPECT_EQ(key(edited, "g-1"), "g-1");
}

TEST(GithubComments, OfProgramsAndEditsAreNoCommands) {
  FakeSaid bot{"/regreen stop"}, deleted{"/regreen stop"};
  bot.type = "Bot";
  deleted.action = "deleted";
  for (const FakeSaid& said : {bot, deleted}) {
    const auto event = Github("issue_comment", FakeGithub::CommentPayload(said));
    ASSERT_TRUE(event.ok()) << event.status();
    EXPECT_TRUE(std::holds_alternative<OtherEvent>(*event));
  }
}

TEST(GithubComments, RefuseWhatNoCommentIs) {
  FakeSaid login{"x"}, number{"x"}, id{"x"};
  login.author = "../../admin";
  number.pull = -1;
  id.id = 0;
  for (const FakeSaid& said : {login, number, id}) {
    EXPECT_EQ(Github("issue_comment", FakeGithub::CommentPayload(said)).status().code(),
              StatusCode::kInvalidArgument);
  }
  for (const char* body : {R"({"action":"created"})", R"({"action":"created","comment":7})"}) {
    EXPECT_FALSE(std::holds_alternative<CommentEvent>(
        Github("pull_request_review_comment", body).value_or(Event(PingEvent()))));
  }
}

TEST(GitlabNotes, AreReadOnMergeRequestsAndIssues) {
  const auto on_change = Gitlab(Note(R"("noteable_type":"MergeRequest","action":"create")"));
  ASSERT_TRUE(on_change.ok()) << on_change.status();
  const auto& comment = std::get<CommentEvent>(*on_change);
  EXPECT_EQ(comment.repo, "acme/sub/widget");
  EXPECT_EQ(comment.number, 3);
  EXPECT_TRUE(comment.on_change);
  EXPECT_EQ(comment.author_id, 5);
  const auto on_issue = Gitlab(Note(R"("noteable_type":"Issue")"));
  ASSERT_TRUE(on_issue.ok()) << on_issue.status();
  EXPECT_EQ(std::get<CommentEvent>(*on_issue).number, 4);
}

TEST(GitlabNotes, OfProgramsEditsAndOtherPlacesAreNoCommands) {
  const std::string on_change = R"("noteable_type":"MergeRequest")";
  const std::string bodies[] = {
      Note(on_change + R"(,"action":"update")"),   Note(on_change + R"(,"system":true)"),
      Note(on_change + R"(,"internal":true)"),     Note(R"("noteable_type":"Commit")"),
      Note(on_change, "project_1_bot_0123456789"), Note(on_change, "group_1_bot")};
  for (const std::string& body : bodies) {
    const auto event = Gitlab(body);
    ASSERT_TRUE(event.ok()) << event.status();
    EXPECT_TRUE(std::holds_alternative<OtherEvent>(*event)) << body;
  }
}

}  // namespace
}  // namespace regreen
