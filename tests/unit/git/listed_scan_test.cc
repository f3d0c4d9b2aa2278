// A tree that is elsewhere, and lies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "adapters/git/tree.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr unsigned kFile = S_IFREG | 0644, kFolder = S_IFDIR | 0755, kLink = S_IFLNK | 0777;

struct FakeTree final : ListedTree {
  StatusOr<std::vector<ListedEntry>> List() override { return entries; }
  StatusOr<std::vector<std::string>> Read(const std::vector<const ListedEntry*>& all) override {
    std::vector<std::string> read;
    for (const ListedEntry* entry : all) {
      asked.push_back(entry->path);
      read.push_back(bytes[entry->path]);
    }
    return read;
  }
  StatusOr<std::vector<std::string>> Identify(const std::vector<const ListedEntry*>& all) override {
    return std::vector<std::string>(all.size(), id);
  }
  void Add(const std::string& path, unsigned mode, const std::string& content, bool changed) {
    entries.push_back({path, mode, content.size(), changed});
    bytes[path] = content;
  }
  std::vector<ListedEntry> entries;
  std::map<std::string, std::string> bytes;
  std::vector<std::string> asked;
  std::string id;
};

class ListedScanTest : public testing::Test {
 protected:
  void SetUp() override {
    git_.Write("a.txt", "one\n");
    git_.Write("folder/b.txt", "two\n");
    git_.Write(".gitignore", "*.log\nignored/\n");
    spec_.commit = git_.Commit("base");
    spec_.mirror = git_.CloneBare();
    spec_.trusted_git = git_.NewFolder("trusted") + "/git";
    const std::string file = git_.NewFolder("out") + "/sent.tar";
    const UniqueFd out(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const auto head = SendCheckout(spec_, out.get(), {});
    ASSERT_TRUE(head.ok()) << head.status();
    head_ = *head;
    Unchanged();
  }
  // As the tree was sent.
  void Unchanged() {
    tree_ = FakeTree();
    tree_.Add("a.txt", kFile, "one\n", false);
    tree_.Add("folder", kFolder, "", false);
    tree_.Add("folder/b.txt", kFile, "two\n", false);
    tree_.Add(".gitignore", kFile, "*.log\nignored/\n", false);
  }
  StatusOr<Patch> Capture() { return CaptureListed(spec_, head_, tree_, {}); }
  void ExpectRefused(const std::string& why) {
    const Status status = Capture().status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(Message(status), HasSubstr(why));
  }

  GitFixture git_;
  CheckoutSpec spec_;
  std::string head_;
  FakeTree tree_;
};

TEST_F(ListedScanTest, AsksForNothingThatDidNotChange) {
  const auto patch = Capture();
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_TRUE(patch->empty());
  EXPECT_THAT(tree_.asked, IsEmpty());
}

TEST_F(ListedScanTest, AsksForWhatChangedAndWhatWasMovedHere) {
  tree_.entries[0].changed = true;
  tree_.bytes["a.txt"] = "ONE\n";
  tree_.Add("folder/moved.txt", kFile, "moved\n", false);
  const auto patch = Capture();
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_THAT(tree_.asked, ElementsAre("a.txt", "folder/moved.txt"));
  EXPECT_THAT(patch->bytes, HasSubstr("+ONE\n"));
  EXPECT_THAT(patch->bytes, HasSubstr("+moved\n"));
}

TEST_F(ListedScanTest, NeverAsksForWhatIsIgnored) {
  tree_.Add("x.log", kFile, "x", true);
  tree_.Add("ignored", kFolder, "", true);
  tree_.Add("ignored/big", kFile, "x", true);
  tree_.Add("ignored/pipe", S_IFIFO | 0644, "", true);
  tree_.Add("ignored/.git", kFolder, "", true);
  const auto patch = Capture();
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_TRUE(patch->empty());
  EXPECT_THAT(tree_.asked, IsEmpty());
}

TEST_F(ListedScanTest, FollowsTheRulesThatAreThereNow) {
  tree_.entries[3].changed = true;
  tree_.entries[3].size = 6;
  tree_.bytes[".gitignore"] = "*.tmp\n";
  tree_.Add("x.log", kFile, "x", true);
  tree_.Add("x.tmp", kFile, "x", true);
  const auto patch = Capture();
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_EQ(patch->files.size(), 2u) << patch->bytes;
}

TEST_F(ListedScanTest, RefusesNamesThatLeaveTheTreeOrAreGitsOwn) {
  for (const char* path : {"../x", "/etc/x", "folder/../../x", "./x", "folder//x", "folder/",
                           "x/./y", "", "..", "."}) {
    Unchanged();
    tree_.Add(path, kFile, "x", true);
    ExpectRefused("a name that cannot be");
  }
  for (const char* path : {".GIT", ".Git"}) {
    Unchanged();
    tree_.Add(path, kFile, "x", true);
    ExpectRefused("git's own");
  }
  Unchanged();
  tree_.Add("folder/.git", kFolder, "", true);
  ExpectRefused("folder");
}

TEST_F(ListedScanTest, RefusesAListingThatCannotBe) {
  tree_.Add("a.txt", kFile, "x", true);
  ExpectRefused("twice");
  Unchanged();
  tree_.Add("a.txt/below", kFile, "x", true);
  ExpectRefused("no folder");
  Unchanged();
  tree_.Add("nowhere/below", kFile, "x", true);
  ExpectRefused("does not list the folder");
}

TEST_F(ListedScanTest, AFileBelowALinkIsRefused) {
  tree_.entries[1] = {"folder", kLink, 4, true};
  tree_.bytes["folder"] = "/etc";
  ExpectRefused("no folder");
}

TEST_F(ListedScanTest, RefusesKindsModesAndSizesBeforeTheyAreSent) {
  struct Case {
    unsigned mode;
    std::uint64_t size;
    const char* why;
  };
  for (const Case& c : std::initializer_list<Case>{{S_IFIFO | 0644, 0, "FIFO"},
                                                   {S_IFSOCK | 0644, 0, "socket"},
                                                   {S_IFCHR | 0644, 0, "device"},
                                                   {S_IFBLK | 0644, 0, "device"},
                                                   {0, 0, "device"},
                                                   {kFile | S_ISUID, 1, "setuid"},
                                                   {kFile | S_ISGID, 1, "setuid"},
                                                   {kFile | S_ISVTX, 1, "setuid"},
                                                   {kFile, std::uint64_t{10} << 30, "larger than"},
                                                   {kFile, ~std::uint64_t{0}, "larger than"},
                                                   {kLink, 1 << 20, "link"}}) {
    Unchanged();
    tree_.entries.push_back({"new", c.mode, c.size, true});
    ExpectRefused(c.why);
    EXPECT_THAT(tree_.asked, IsEmpty());
  }
}

TEST_F(ListedScanTest, RefusesManyFilesThatAreTooMuchTogether) {
  for (int i = 0; i < 5; ++i)
    tree_.entries.push_back({Cat("new", i), kFile, std::uint64_t{30} << 20, true});
  ExpectRefused("together");
  EXPECT_THAT(tree_.asked, IsEmpty());
}

TEST_F(ListedScanTest, ALargeFileOfTheBaseIsTakenByItsIdAlone) {
  git_.Write("large", std::string(40 << 20, 'x'));
  spec_.commit = git_.Commit("large");
  spec_.mirror = git_.CloneBare();
  spec_.trusted_git = git_.NewFolder("trusted") + "/git";
  const UniqueFd out(open("/dev/null", O_WRONLY | O_CLOEXEC));
  head_ = *SendCheckout(spec_, out.get(), {});
  tree_.entries.push_back({"large", kFile, 40 << 20, true});
  tree_.id = git_.Git({"rev-parse", "HEAD:large"});
  const auto patch = Capture();
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_TRUE(patch->empty());
  tree_.id = std::string(40, '0');
  ExpectRefused("larger than");
  tree_.id = "not an id";
  ExpectRefused("larger than");
}

TEST_F(ListedScanTest, DeletesWhatIsNotListed) {
  tree_.entries.erase(tree_.entries.begin());
  const auto patch = Capture();
  ASSERT_TRUE(patch.ok()) << patch.status();
  ASSERT_EQ(patch->files.size(), 1u);
  EXPECT_EQ(patch->files[0].kind, FileChange::Kind::kDeleted);
}

// What is sent is read by the tar that is there.
class SentTreeTest : public testing::Test {
 protected:
  // The folder that the stream was unpacked into.
  std::string Unpack(const std::vector<std::string>& program) {
    CheckoutSpec spec;
    spec.commit = git_.Commit("base");
    spec.mirror = git_.CloneBare();
    spec.trusted_git = git_.NewFolder("trusted") + "/git";
    const std::string file = git_.NewFolder("out") + "/sent.tar", folder = git_.NewFolder("tree");
    {
      const UniqueFd out(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      EXPECT_TRUE(SendCheckout(spec, out.get(), {}).ok());
    }
    ProcessSpec tar;
    tar.argv = program;
    tar.argv.insert(tar.argv.end(), {"-xpof", file, "-C", folder});
    tar.env = {{"PATH", "/usr/bin:/bin"}};
    const auto result = RunProcess(tar);
    EXPECT_TRUE(result.ok() && result->exit_code == 0) << (result.ok() ? result->err : "");
    return folder;
  }
  GitFixture git_;
};

TEST_F(SentTreeTest, HoldsLongNamesLongLinksAndEveryMode) {
  const std::string part(90, 'n'), path = Cat(part, "/", part, "/", part, "/file");
  git_.Write(path, "deep\n");
  git_.Write("run.sh", "#!/bin/sh\n", 0755);
  git_.Write(std::string(100, 'x'), "exactly as long as fits\n");
  fs::create_symlink(std::string(300, 't'), git_.work() + "/link");
  for (const std::vector<std::string>& program :
       {std::vector<std::string>{"tar"}, {"busybox", "tar"}}) {
    if (!FindProgram(program[0]).ok()) continue;
    const std::string tree = Unpack(program);
    EXPECT_EQ(ReadFile(tree + "/" + path, 100).value_or("none"), "deep\n");
    EXPECT_EQ(ReadFile(tree + "/" + std::string(100, 'x'), 100).value_or("none"),
              "exactly as long as fits\n");
    EXPECT_EQ(fs::read_symlink(tree + "/link").string(), std::string(300, 't'));
    EXPECT_EQ(fs::status(tree + "/run.sh").permissions(), fs::perms(0755));
    EXPECT_EQ(git_.GitIn(tree, {"status", "--porcelain"}), "");
    git_.Write("again", program[0]);  // so that there is something to commit
  }
}

}  // namespace
}  // namespace regreen
