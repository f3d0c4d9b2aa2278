#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "tests/support/git_http_server.h"
#include "tests/unit/git/mirror_fixture.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

TEST_F(MirrorTest, FetchesWhatIsNewAndKeepsWhatItHas) {
  auto mirror = NewMirror();
  auto folder = mirror->Ensure(Local(), first_, {});
  ASSERT_TRUE(folder.ok()) << folder.status();
  const std::string second = CommitOn("refs/heads/main");
  auto again = mirror->Ensure(Local(), second, {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *folder);
  EXPECT_EQ(git_.GitIn(*folder, {"cat-file", "-t", first_}), "commit");
}

TEST_F(MirrorTest, AsksNobodyWhenTheCommitIsThere) {
  auto folder = NewMirror()->Ensure(Local(), first_, {});
  ASSERT_TRUE(folder.ok());
  fs::remove_all(remote_);
  options_.child_program = "/nonexistent";
  EXPECT_TRUE(NewMirror()->Ensure(Local(), first_, {}).ok());
}

TEST_F(MirrorTest, FindsACommitThatIsOnlyAChangesHead) {
  const std::string head = CommitOn("refs/pull/7/head");
  auto folder = NewMirror()->Ensure(Local(), head, {});
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_EQ(git_.GitIn(*folder, {"cat-file", "-t", head}), "commit");
}

TEST_F(MirrorTest, SaysThatACommitIsGone) {
  const Status status = NewMirror()->Ensure(Local(), std::string(40, 'a'), {}).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(Message(status), HasSubstr("force-pushed"));
}

TEST_F(MirrorTest, SaysThatARemoteIsGone) {
  fs::remove_all(remote_);
  EXPECT_EQ(NewMirror()->Ensure(Local(), first_, {}).status().code(), StatusCode::kNotFound);
}

TEST_F(MirrorTest, ForgetsBranchesThatTheRemoteForgot) {
  auto mirror = NewMirror();
  const std::string side = CommitOn("refs/heads/side");
  auto folder = mirror->Ensure(Local(), side, {});
  ASSERT_TRUE(folder.ok());
  git_.GitIn(remote_, {"branch", "-D", "side"});
  ASSERT_TRUE(mirror->Ensure(Local(), CommitOn("refs/heads/main"), {}).ok());
  EXPECT_EQ(git_.GitIn(*folder, {"for-each-ref", "--format=%(refname)", "refs/heads"}),
            "refs/heads/main");
}

TEST_F(MirrorTest, RecoversFromWhatAKilledChildLeft) {
  auto folder = NewMirror()->Ensure(Local(), first_, {});
  ASSERT_TRUE(folder.ok());
  const std::string second = CommitOn("refs/heads/main");
  ASSERT_TRUE(WriteFileAtomic(*folder + "/refs/heads/main.lock", "").ok());
  ASSERT_TRUE(WriteFileAtomic(*folder + "/objects/pack/pack_git2_half", "x").ok());
  const Status status = NewMirror()->Ensure(Local(), second, {}).status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_FALSE(fs::exists(*folder + "/objects/pack/pack_git2_half"));
}

TEST_F(MirrorTest, ManyWorkersFetchOnceAtATime) {
  const std::string second = CommitOn("refs/heads/main");
  std::vector<Status> results(6);
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < results.size(); ++i) {
      workers.emplace_back([&, i] {
        results[i] = NewMirror()->Ensure(Local(), i % 2 == 0 ? first_ : second, {}).status();
      });
    }
  }
  for (const Status& status : results) EXPECT_TRUE(status.ok()) << status;
}

TEST_F(MirrorTest, WorksOnAPathThatLooksLikeAnSshAddress) {
  const std::string odd = git_.NewFolder("host:path with space %41");
  git_.GitIn(odd, {"clone", "-q", "--bare", remote_, "."});
  const Status status = NewMirror()->Ensure({odd, "", {}}, first_, {}).status();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(MirrorTest, RefusesAddressesThatStartProgramsOrHoldCredentials) {
  for (const char* url : {"ssh://host/repo", "git@host:repo.git", "ext::sh -c id",
                          "git://host/repo", "file:///etc", "-oProxyCommand=id", "relative/path",
                          "", "https://user:s3cr3t@host/repo.git", "http://host/\nrepo", "/a\nb"}) {
    const Status status = NewMirror()->Ensure({url, "", {}}, first_, {}).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << url;
    EXPECT_THAT(Message(status), Not(HasSubstr("s3cr3t")));
  }
}

TEST_F(MirrorTest, RefusesWhatIsNoCommitId) {
  for (const char* id : {"", "main", "HEAD", "abc", "--upload-pack=id",
                         "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}) {
    EXPECT_EQ(NewMirror()->Ensure(Local(), id, {}).status().code(), StatusCode::kInvalidArgument)
        << id;
  }
}

TEST_F(MirrorTest, TellsTheTipOfABranchNow) {
  auto mirror = NewMirror();
  EXPECT_EQ(*mirror->RemoteTip(Local(), "main", {}), first_);
  EXPECT_EQ(*mirror->RemoteTip(Local(), "none", {}), std::nullopt);
  const std::string second = CommitOn("refs/heads/main");
  EXPECT_EQ(*mirror->RemoteTip(Local(), "main", {}), second);
}

TEST_F(MirrorTest, ReadsFilesOfACommit) {
  fs::create_symlink("/etc/passwd", fs::path(git_.work()) / "link");
  const std::string commit = CommitOn("refs/heads/main");
  auto mirror = NewMirror();
  auto folder = mirror->Ensure(Local(), commit, {});
  ASSERT_TRUE(folder.ok());
  EXPECT_EQ(*mirror->ReadFileAt(*folder, first_, "a.txt", 100), "one\n");
  EXPECT_EQ(*mirror->ReadFileAt(*folder, commit, "folder/b.txt", 4), "two\n");
  const auto code = [&](const char* path, std::size_t cap) {
    return mirror->ReadFileAt(*folder, commit, path, cap).status().code();
  };
  EXPECT_EQ(code("folder/b.txt", 3), StatusCode::kResourceExhausted);
  for (const char* path : {"none", "folder", "link", "../a.txt", "/etc/passwd", ""}) {
    EXPECT_EQ(code(path, 100), StatusCode::kNotFound) << path;
  }
}

using Paths = std::vector<std::string>;

TEST_F(MirrorTest, TellsThePathsThatACommitChanged) {
  git_.Write("a.txt", "another\n");
  git_.Write("new/ü and space.txt", "new\n");
  git_.Git({"mv", "folder/b.txt", "folder/renamed.txt"});
  const std::string second = git_.Commit("change, add, rename");
  git_.Write("side.txt", "side\n");
  const std::string side = git_.Commit("side");
  git_.Git({"checkout", "-q", "-b", "other", second});
  git_.Write("main.txt", "main\n");
  git_.Commit("main");
  git_.Git({"merge", "-q", "--no-ff", "-m", "merge", side});
  const std::string merge = git_.Git({"rev-parse", "HEAD"});
  git_.Git({"push", "-q", remote_, "+HEAD:refs/heads/main"});
  auto mirror = NewMirror();
  auto folder = mirror->Ensure(Local(), merge, {});
  ASSERT_TRUE(folder.ok()) << folder.status();
  const auto changed = [&](const std::string& commit, std::size_t max = 100) {
    auto paths = mirror->ChangedPaths(*folder, commit, max);
    EXPECT_TRUE(paths.ok()) << paths.status();
    return paths.value_or(Paths());
  };
  EXPECT_EQ(changed(second),
            (Paths{"a.txt", "folder/b.txt", "folder/renamed.txt", "new/ü and space.txt"}));
  EXPECT_EQ(changed(second, 2).size(), 2u);
  EXPECT_EQ(changed(first_), (Paths{"a.txt", "folder/b.txt"})) << "it has no parent";
  EXPECT_EQ(changed(merge), Paths{"side.txt"}) << "against its first parent";
  EXPECT_EQ(mirror->ChangedPaths(*folder, std::string(40, 'a'), 9).status().code(),
            StatusCode::kNotFound);
}

TEST_F(MirrorTest, KnowsAncestors) {
  const std::string second = CommitOn("refs/heads/main");
  auto mirror = NewMirror();
  auto folder = mirror->Ensure(Local(), second, {});
  ASSERT_TRUE(folder.ok());
  EXPECT_TRUE(*mirror->Contains(*folder, second, first_));
  EXPECT_TRUE(*mirror->Contains(*folder, second, second));
  EXPECT_FALSE(*mirror->Contains(*folder, first_, second));
  EXPECT_FALSE(*mirror->Contains(*folder, second, std::string(40, 'a')));
}

TEST_F(MirrorTest, SpeaksHttpWithACredentialThatIsNowhereToBeSeen) {
  GitHttpServer server(remote_, "bot", "hunter2-hunter2");
  auto mirror = NewMirror();
  const GitRemote remote{server.url(), "bot", Secret("hunter2-hunter2")};
  auto folder = mirror->Ensure(remote, first_, {});
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_EQ(*mirror->RemoteTip(remote, "main", {}), first_);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(options_.directory)) {
    if (!entry.is_regular_file()) continue;
    auto bytes = ReadFile(entry.path(), 64 << 20);
    ASSERT_TRUE(bytes.ok());
    EXPECT_THAT(*bytes, Not(HasSubstr("hunter2"))) << entry.path();
  }
}

TEST_F(MirrorTest, TellsErrorsOfARemoteApart) {
  GitHttpServer server(remote_, "bot", "right-password");
  const auto ensure = [&](const GitRemote& remote) {
    const Status status = NewMirror()->Ensure(remote, first_, {}).status();
    EXPECT_THAT(Message(status), Not(HasSubstr("password-of-mine")));
    return status.code();
  };
  EXPECT_EQ(ensure({server.url(), "bot", Secret("password-of-mine")}),
            StatusCode::kUnauthenticated);
  EXPECT_EQ(ensure({server.url(), "", {}}), StatusCode::kUnauthenticated);
  EXPECT_EQ(ensure({server.origin() + "/gone.git", "bot", Secret("right-password")}),
            StatusCode::kNotFound);
  struct Case {
    int http;
    StatusCode want;
  };
  for (const Case& c : {Case{404, StatusCode::kNotFound}, Case{403, StatusCode::kPermissionDenied},
                        Case{429, StatusCode::kResourceExhausted},
                        Case{500, StatusCode::kUnavailable}, Case{503, StatusCode::kUnavailable}}) {
    server.status_for_all = c.http;
    EXPECT_EQ(ensure({server.url(), "bot", Secret("password-of-mine")}), c.want) << c.http;
  }
}

TEST_F(MirrorTest, FollowsNoRedirectToAnotherHost) {
  GitHttpServer elsewhere(remote_, "", "");
  GitHttpServer server(remote_, "", "");
  // Another name is another host to libgit2, which compares names only.
  server.RedirectTo(
      Cat("http://localhost", elsewhere.url().substr(std::string_view("http://127.0.0.1").size())));
  const Status status =
      NewMirror()->RemoteTip({server.url(), "bot", Secret("x")}, "main", {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(Message(status), HasSubstr("redirect"));
  EXPECT_EQ(elsewhere.requests, 0);
}

TEST_F(MirrorTest, SaysThatNobodyListens) {
  std::string url;
  {
    GitHttpServer server(remote_, "", "");
    url = server.url();
  }
  EXPECT_EQ(NewMirror()->Ensure({url, "", {}}, first_, {}).status().code(),
            StatusCode::kUnavailable);
}

TEST_F(MirrorTest, StopsAChildThatTakesTooLong) {
  // A program in the child's place that never answers.
  const std::string program = git_.NewFolder("slow") + "/child";
  ASSERT_TRUE(WriteFileAtomic(program, "#!/bin/sh\nexec sleep 1000\n", 0755).ok());
  options_.child_program = program;
  options_.network_timeout = absl::Milliseconds(100);
  const Status late = NewMirror()->Ensure(Local(), first_, {}).status();
  EXPECT_EQ(late.code(), StatusCode::kDeadlineExceeded);
  options_.network_timeout = absl::Minutes(5);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(NewMirror()->Ensure(Local(), first_, stop.get_token()).status().code(),
            StatusCode::kCancelled);
}

TEST_F(MirrorTest, SaysThatTheChildIsNoneOfOurs) {
  options_.child_program = "/bin/true";
  EXPECT_EQ(NewMirror()->Ensure(Local(), first_, {}).status().code(), StatusCode::kInternal);
}

TEST_F(MirrorTest, ReadsTheRegularFilesOfAFolder) {
  git_.Write("set/one.toml", "one");
  git_.Write("set/run.sh", "two", 0755);
  git_.Write("set/deeper/three.toml", "three");
  fs::create_symlink("/etc/passwd", fs::path(git_.work()) / "set/link.toml");
  const std::string commit = git_.Commit("A set");
  git_.Git({"push", "-q", remote_, "HEAD:refs/heads/main"});
  auto mirror = NewMirror();
  const auto folder = mirror->Ensure(Local(), commit, {});
  ASSERT_TRUE(folder.ok()) << folder.status();
  const FolderLimits limits{2, 6, false, {}};

  const auto files = mirror->ReadFolderAt(*folder, commit, "set", limits);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(*files, testing::ElementsAre(testing::Pair("one.toml", "one"),
                                           testing::Pair("run.sh", "two")));
  const auto root = mirror->ReadFolderAt(*folder, commit, "", {9, 999, false, {}});
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_THAT(*root, testing::ElementsAre(testing::Key("a.txt")));

  EXPECT_EQ(mirror->ReadFolderAt(*folder, commit, "set", {1, 6, false, {}}).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(mirror->ReadFolderAt(*folder, commit, "set", {2, 5, false, {}}).status().code(),
            StatusCode::kResourceExhausted);
  FolderLimits below{9, 999, true, {}};
  below.wants = [](const std::string& name) { return name.ends_with(".toml"); };
  const auto wanted = mirror->ReadFolderAt(*folder, commit, "set", below);
  ASSERT_TRUE(wanted.ok()) << wanted.status();
  EXPECT_THAT(*wanted, testing::ElementsAre(testing::Pair("deeper/three.toml", "three"),
                                            testing::Pair("one.toml", "one")));
  for (const char* path : {"none", "a.txt", "set/link.toml", "..", "set/../set", "/set"})
    EXPECT_EQ(mirror->ReadFolderAt(*folder, commit, path, limits).status().code(),
              StatusCode::kNotFound)
        << path;
}

TEST_F(MirrorTest, FindsWhatAPersonCallsAPlace) {
  const std::string change = CommitOn("refs/pull/12/head");
  const std::string head = CommitOn("refs/heads/topic/a");
  git_.Git({"push", "-q", remote_, "HEAD:refs/merge-requests/7/head"});
  git_.Git({"tag", "-a", "-m", "a tag of its own", "v1", first_});
  git_.Git({"push", "-q", remote_, "v1"});
  auto mirror = NewMirror();
  struct Case {
    const char* ref;
    std::string commit;
    const char* name;
  };
  for (const Case& c :
       {Case{"main", first_, "refs/heads/main"}, Case{"topic/a", head, "refs/heads/topic/a"},
        Case{"v1", first_, "refs/tags/v1"}, Case{"12", change, "refs/pull/12/head"},
        Case{"#12", change, "refs/pull/12/head"}, Case{"!7", head, "refs/merge-requests/7/head"},
        Case{"refs/pull/12/head", change, "refs/pull/12/head"}}) {
    const auto found = mirror->Resolve(Local(), c.ref, {});
    ASSERT_TRUE(found.ok()) << c.ref << " " << found.status();
    EXPECT_EQ(found->commit, c.commit) << c.ref;
    EXPECT_EQ(found->name, c.name);
  }
  EXPECT_THAT(mirror->Resolve(Local(), first_, {})->branches, testing::ElementsAre("main"));
  EXPECT_THAT(mirror->Resolve(Local(), change, {})->branches, testing::IsEmpty());
  EXPECT_EQ(mirror->Resolve(Local(), "gone", {}).status().code(), StatusCode::kNotFound);
  for (const char* odd : {"", "-x", "a..b", "a:b", "a*", "a b", "a\n", "x^{}"})
    EXPECT_EQ(mirror->Resolve(Local(), odd, {}).status().code(), StatusCode::kInvalidArgument)
        << odd;
}

}  // namespace
}  // namespace regreen
