// What a mirror fetches, and what it leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/git_http_server.h"
#include "tests/support/refusing_proxy.h"
#include "tests/unit/git/mirror_fixture.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST_F(MirrorTest, FetchesTheOneRefThatIsNeededAndNoOther) {
  const std::string side = CommitOn("refs/heads/side");
  const std::string other = CommitOn("refs/pull/8/head");
  git_.Git({"checkout", "-q", "--detach", first_});
  const std::string head = CommitOn("refs/pull/7/head");
  GitHttpServer server(remote_, "", "");
  const GitRemote remote{server.url(), "", {}};
  auto mirror = NewMirror();
  auto folder = mirror->Ensure(remote, head, {});
  ASSERT_TRUE(folder.ok()) << folder.status();
  const auto refs = [&] { return git_.GitIn(*folder, {"for-each-ref", "--format=%(refname)"}); };
  EXPECT_EQ(refs(), "refs/pull/7/head");
  ASSERT_TRUE(mirror->Ensure(remote, side, {}).ok());
  EXPECT_EQ(refs(), "refs/heads/side\nrefs/pull/7/head");
  EXPECT_EQ(git_.GitIn(*folder, {"rev-list", "--all", "--count"}), "3")
      << "the other change is not";
}

TEST_F(MirrorTest, FindsMergeRequestsAndTagsAndWhatIsBelowABranch) {
  const std::string merge = CommitOn("refs/merge-requests/3/head");
  git_.Git({"checkout", "-q", "--detach", first_});
  const std::string tagged = CommitOn("refs/heads/gone");
  git_.Git({"tag", "-a", "-m", "a tag", "v1"});
  git_.Git({"push", "-q", remote_, "v1", ":refs/heads/gone"});
  git_.Git({"checkout", "-q", "--detach", first_});
  const std::string below = CommitOn("refs/heads/main");
  const std::string tip = CommitOn("refs/heads/main");
  GitHttpServer server(remote_, "", "");
  const GitRemote remote{server.url(), "", {}};
  for (const std::string& commit : {merge, tagged, below, tip}) {
    auto folder = NewMirror()->Ensure(remote, commit, {});
    ASSERT_TRUE(folder.ok()) << folder.status();
    EXPECT_EQ(git_.GitIn(*folder, {"cat-file", "-t", commit}), "commit");
  }
}

TEST_F(MirrorTest, ABranchThatIsGoneStandsInNobodysWay) {
  auto mirror = NewMirror();
  ASSERT_TRUE(mirror->Ensure(Local(), CommitOn("refs/heads/a"), {}).ok());
  git_.GitIn(remote_, {"branch", "-D", "a"});
  const Status status = mirror->Ensure(Local(), CommitOn("refs/heads/a/b"), {}).status();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(MirrorTest, SendsOnlyWhatIsNew) {
  std::string large;
  for (int i = 0; i < 200'000; ++i) Append(large, i * 7919 % 100'003, "\n");
  git_.Write("large.txt", large);
  const std::string first = CommitOn("refs/heads/main");
  GitHttpServer server(remote_, "", "");
  const GitRemote remote{server.url(), "", {}};
  auto mirror = NewMirror();
  auto folder = mirror->Ensure(remote, first, {});
  ASSERT_TRUE(folder.ok()) << folder.status();
  const auto bytes = [&] {
    std::uintmax_t sum = 0;
    for (const auto& entry : fs::directory_iterator(*folder + "/objects/pack"))
      sum += entry.file_size();
    return sum;
  };
  const auto before = bytes();
  ASSERT_GT(before, 200'000u);
  ASSERT_TRUE(mirror->Ensure(remote, CommitOn("refs/pull/5/head"), {}).ok());
  EXPECT_LT(bytes() - before, 10'000u);
}

TEST_F(MirrorTest, KeepsItsPacksFew) {
  auto mirror = NewMirror();
  StatusOr<std::string> folder = mirror->Ensure(Local(), first_, {});
  ASSERT_TRUE(folder.ok());
  GitHttpServer server(remote_, "", "");
  const GitRemote remote{server.url(), "", {}};
  std::string last;
  for (int i = 0; i < 25; ++i) {
    last = CommitOn("refs/heads/main");
    folder = mirror->Ensure(remote, last, {});
    ASSERT_TRUE(folder.ok()) << folder.status();
  }
  EXPECT_TRUE(fs::exists(*folder + "/regreen-replaced"));
  EXPECT_EQ(git_.GitIn(*folder, {"fsck", "--full"}), "");
  EXPECT_EQ(git_.GitIn(*folder, {"rev-list", "--count", last}), "26");
}

TEST_F(MirrorTest, GoesByTheRemotesProxy) {
  RefusingProxy proxy;
  GitRemote remote{"https://forge.invalid/acme/widget.git", "user", Secret("password")};
  remote.proxy = Cat("http://127.0.0.1:", proxy.listener->port());
  const Status status = NewMirror()->RemoteTip(remote, "main", {}).status();
  EXPECT_FALSE(status.ok());
  proxy.listener->Stop();
  EXPECT_EQ(proxy.seen.find("CONNECT forge.invalid:443 HTTP/1.1\r\n"), 0u) << status << proxy.seen;
}

TEST_F(MirrorTest, ARemotesOwnCertificatesAreThoseThatAreRead) {
  GitHttpServer server(remote_, "", "");
  options_.ca_file = "/nowhere/of-all.pem";
  GitRemote remote{server.url(), "", {}};
  remote.ca_file = "/nowhere/of-this-one.pem";
  const Status status = NewMirror()->RemoteTip(remote, "main", {}).status();
  EXPECT_THAT(Message(status), HasSubstr("of-this-one.pem"));
}

}  // namespace
}  // namespace regreen
