#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "adapters/git/git.h"
#include "adapters/git/tree.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"
#include "tests/support/git_http_server.h"
#include "tests/support/paths.h"

namespace regreen {
namespace {

using testing::HasSubstr;

constexpr char kPatch[] =
    "diff --git a/a.txt b/a.txt\n"
    "index 5626abf0f72e58d7a153368ba57db4c673c0e171..f719efd430d52bcfc8566a43b2eb655688d38871 "
    "100644\n"
    "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n";

class PublisherTest : public testing::Test {
 protected:
  void SetUp() override {
    git_.Write("a.txt", "one\n");
    base_ = git_.Commit("base");
    remote_ = git_.CloneBare();
    options_ = {git_.NewFolder("mirrors"), GitChild(), "", absl::Minutes(1)};
    auto mirror = NewGitMirror(options_)->Ensure({remote_, "", {}}, base_, {});
    ASSERT_TRUE(mirror.ok()) << mirror.status();
    mirror_ = *mirror;
    auto patch = ParsePatch(base_, kPatch);
    ASSERT_TRUE(patch.ok()) << patch.status();
    patch_ = *patch;
    spec_ = {{remote_, "", {}}, "regreen/fix-1234", "Fix it\n\nAs a test.\n",
             "regreen",         "bot@example.com",  absl::FromUnixSeconds(1'700'000'123)};
  }
  StatusOr<PushedBranch> Push() {
    return NewGitPublisher(options_)->Push(mirror_, spec_, patch_, {});
  }
  std::string Tip(const std::string& ref = "regreen/fix-1234") {
    return git_.GitIn(remote_, {"rev-parse", ref});
  }

  GitFixture git_;
  std::string base_, remote_, mirror_;
  GitOptions options_;
  Patch patch_;
  PushSpec spec_;
};

TEST_F(PublisherTest, PushesOneCommitOnTheBase) {
  auto pushed = Push();
  ASSERT_TRUE(pushed.ok()) << pushed.status();
  EXPECT_FALSE(pushed->already_there);
  EXPECT_EQ(Tip(), pushed->commit);
  EXPECT_EQ(
      git_.GitIn(remote_, {"log", "-1", "--format=%P|%an|%ae|%cn|%ce|%at|%ct|%B", pushed->commit}),
      Cat(base_, "|regreen|bot@example.com|regreen|bot@example.com|1700000123|1700000123|",
          "Fix it\n\nAs a test.\n"));
  EXPECT_EQ(git_.GitIn(remote_, {"show", Cat(pushed->commit, ":a.txt")}), "two");
  EXPECT_EQ(git_.GitIn(remote_, {"fsck", "--strict", "--no-dangling"}), "");
}

TEST_F(PublisherTest, TheSameInputsAreTheSameCommit) {
  auto first = Push();
  auto second = Push();
  ASSERT_TRUE(first.ok() && second.ok()) << second.status();
  EXPECT_EQ(first->commit, second->commit);
  EXPECT_TRUE(second->already_there);
}

TEST_F(PublisherTest, ReplacesAnOlderRoundOfOurs) {
  ASSERT_TRUE(Push().ok());
  spec_.message = "Fix it better\n";
  auto second = Push();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(Tip(), second->commit);
}

TEST_F(PublisherTest, LeavesSomeoneElsesCommitAlone) {
  struct Case {
    const char* name;
    std::vector<std::string> commit;
  };
  for (const Case& c : {Case{"a commit on top", {"commit", "-q", "--allow-empty", "-m", "mine"}},
                        Case{"an amended commit", {"commit", "-q", "--amend", "--no-edit"}}}) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(Push().ok());
    git_.Git({"fetch", "-q", remote_, "regreen/fix-1234"});
    git_.Git({"checkout", "-q", "--detach", "FETCH_HEAD"});
    git_.Git(c.commit);
    git_.Git({"push", "-q", remote_, "+HEAD:refs/heads/regreen/fix-1234"});
    const std::string theirs = Tip();
    const Status status = Push().status();
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(Message(status), HasSubstr("someone else's commit"));
    EXPECT_EQ(Tip(), theirs);
    git_.GitIn(remote_, {"branch", "-D", "regreen/fix-1234"});
  }
}

TEST_F(PublisherTest, WritesOnlyBranchesOfItsOwn) {
  for (const char* branch : {"main", "regreen/", "regreen/../main", "regreen/a b", "regreen/x.lock",
                             "regreen/a~1", "regreen/-x\n", "regreen//x", "refs/heads/regreen/x",
                             "", "regreen/a:refs/heads/main", "regreen/@{0}"}) {
    spec_.branch = branch;
    EXPECT_EQ(Push().status().code(), StatusCode::kInvalidArgument) << branch;
  }
  EXPECT_EQ(git_.GitIn(remote_, {"for-each-ref", "--format=%(refname)"}), "refs/heads/main");
}

TEST_F(PublisherTest, RefusesAPatchThatIsNotTheOneItSays) {
  patch_.bytes += "\n";
  EXPECT_EQ(Push().status().code(), StatusCode::kInvalidArgument);
  patch_ = *ParsePatch(base_, kPatch);
  patch_.base_commit = std::string(40, 'b');
  EXPECT_EQ(Push().status().code(), StatusCode::kInvalidArgument);
}

TEST_F(PublisherTest, SaysThatAPatchDoesNotFit) {
  std::string other = kPatch;
  other.replace(other.find("-one"), 4, "-six");
  patch_ = *ParsePatch(base_, other);
  const Status status = Push().status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr("does not fit"));
}

TEST_F(PublisherTest, PushesByHttpWithACredential) {
  GitHttpServer server(remote_, "bot", "hunter2-hunter2");
  spec_.remote = {server.url(), "bot", Secret("hunter2-hunter2")};
  auto pushed = Push();
  ASSERT_TRUE(pushed.ok()) << pushed.status();
  EXPECT_EQ(Tip(), pushed->commit);
  spec_.message = "Again\n";
  auto second = Push();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(Tip(), second->commit);
  EXPECT_EQ(git_.GitIn(mirror_, {"for-each-ref", "refs/regreen"}), "") << "no ref is left behind";
}

TEST_F(PublisherTest, SaysWhatARemoteRefuses) {
  GitHttpServer server(remote_, "bot", "right");
  ASSERT_TRUE(
      WriteFileAtomic(remote_ + "/hooks/update", "#!/bin/sh\necho protected >&2\nexit 1\n", 0755)
          .ok());
  spec_.remote = {server.url(), "bot", Secret("right")};
  const Status refused = Push().status();
  EXPECT_EQ(refused.code(), StatusCode::kPermissionDenied) << refused;
  EXPECT_THAT(Message(refused), HasSubstr("hook declined"));
  spec_.remote.password = Secret("wrong");
  EXPECT_EQ(Push().status().code(), StatusCode::kUnauthenticated);
}

TEST_F(PublisherTest, TouchesNothingButTheBranchOfARepositoryWithFiles) {
  git_.Write("a.txt", "being edited\n");
  git_.Write("staged.txt", "staged\n");
  git_.Git({"add", "staged.txt"});
  const auto look = [&] {
    return git_.Git({"status", "--porcelain"}) + git_.Git({"symbolic-ref", "HEAD"}) +
           git_.Git({"rev-parse", "HEAD"}) + git_.Git({"ls-files", "-s"}) +
           *ReadFile(git_.work() + "/.git/config", 1 << 20);
  };
  const std::string before = look();
  spec_.remote = {git_.work(), "", {}};
  auto pushed = Push();
  ASSERT_TRUE(pushed.ok()) << pushed.status();
  EXPECT_EQ(git_.Git({"rev-parse", "regreen/fix-1234"}), pushed->commit);
  EXPECT_EQ(look(), before);
  EXPECT_EQ(git_.Git({"fsck", "--strict", "--no-dangling"}), "");
}

TEST_F(PublisherTest, LeavesABranchThatIsCheckedOutAlone) {
  spec_.remote = {git_.work(), "", {}};
  ASSERT_TRUE(Push().ok());
  git_.Git({"checkout", "-q", "regreen/fix-1234"});
  spec_.message = "Again\n";
  const Status status = Push().status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(Message(status), HasSubstr("checked out"));
}

TEST_F(PublisherTest, SaysThatTheRepositoryLostTheBase) {
  const std::string other = git_.NewFolder("other");
  git_.GitIn(other, {"init", "-q", "--bare"});
  spec_.remote = {other, "", {}};
  EXPECT_EQ(Push().status().code(), StatusCode::kNotFound);
}

TEST(ParsePatch, ReadsFilesBack) {
  auto patch = ParsePatch(std::string(40, 'a'), kPatch);
  ASSERT_TRUE(patch.ok());
  ASSERT_EQ(patch->files.size(), 1u);
  EXPECT_EQ(patch->files[0].kind, FileChange::Kind::kModified);
  EXPECT_EQ(patch->files[0].path, "a.txt");
  EXPECT_EQ(patch->files[0].old_mode, 0100644u);
  EXPECT_EQ(patch->files[0].new_mode, 0100644u);
  EXPECT_EQ(patch->files[0].added_lines, 1);
  EXPECT_EQ(patch->files[0].removed_lines, 1);
  EXPECT_FALSE(patch->files[0].binary);
  EXPECT_EQ(patch->digest, PatchDigest(std::string(40, 'a'), kPatch));
}

TEST(ParsePatch, OfNothingIsEmpty) {
  auto patch = ParsePatch(std::string(40, 'a'), "");
  ASSERT_TRUE(patch.ok());
  EXPECT_TRUE(patch->empty());
  EXPECT_FALSE(patch->digest.empty());
}

TEST(ParsePatch, RefusesWhatIsNoPatchOrLeavesTheTree) {
  const auto renamed = [](std::string_view path) {
    std::string bytes = kPatch;
    for (std::size_t at; (at = bytes.find("a.txt")) != std::string::npos;)
      bytes.replace(at, 5, path);
    return bytes;
  };
  struct Case {
    const char* name;
    std::string bytes;
  };
  for (const Case& c :
       {Case{"text", "hello\n"}, Case{"half a header", "diff --git a/x"},
        Case{"a parent", renamed("../x")}, Case{"git's own folder", renamed(".git/config")},
        Case{"the same in capitals", renamed("sub/.GIT/hooks/x")}, Case{"a dot", renamed("./x")},
        Case{"bytes", std::string("\0\xff\x01", 3)}}) {
    EXPECT_EQ(ParsePatch(std::string(40, 'a'), c.bytes).status().code(),
              StatusCode::kInvalidArgument)
        << c.name;
  }
}

}  // namespace
}  // namespace regreen
