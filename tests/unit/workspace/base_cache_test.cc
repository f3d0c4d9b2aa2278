#include "adapters/workspace/base_cache.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

class BaseCacheTest : public testing::Test {
 protected:
  BaseCacheTest() : directory_(git_.NewFolder("bases")), cache_({directory_}) {
    git_.Write("same.txt", std::string(1000, 's'));
    git_.Write("changed.txt", "old\n");
    first_ = git_.Commit("first");
    git_.Write("changed.txt", "new\n");
    second_ = git_.Commit("second");
    mirror_ = git_.CloneBare();
  }
  BaseTree Take(BaseCache& cache, const std::string& commit) {
    auto base = cache.Acquire(mirror_, commit, mirror_ + "/objects", {});
    EXPECT_TRUE(base.ok()) << base.status();
    return *std::move(base);
  }
  static ino_t Inode(const BaseTree& base, const std::string& name) {
    struct stat info = {};
    EXPECT_EQ(stat((base.checkout().worktree + "/" + name).c_str(), &info), 0) << name;
    return info.st_ino;
  }
  std::ptrdiff_t Bases() const { return std::distance(fs::directory_iterator(directory_), {}); }

  GitFixture git_;
  const std::string directory_;
  BaseCache cache_;
  std::string first_, second_, mirror_;
};

TEST_F(BaseCacheTest, OneCommitIsCheckedOutOnce) {
  const BaseTree one = Take(cache_, first_), again = Take(cache_, first_);
  EXPECT_EQ(one.checkout().worktree, again.checkout().worktree);
  EXPECT_EQ(Bases(), 1);
}

TEST_F(BaseCacheTest, TheNextCommitLinksWhatIsTheSame) {
  const BaseTree first = Take(cache_, first_), second = Take(cache_, second_);
  EXPECT_EQ(Inode(first, "same.txt"), Inode(second, "same.txt"));
  EXPECT_NE(Inode(first, "changed.txt"), Inode(second, "changed.txt"));
  EXPECT_EQ(*ReadFile(first.checkout().worktree + "/changed.txt", 10), "old\n");
  EXPECT_EQ(*ReadFile(second.checkout().worktree + "/changed.txt", 10), "new\n");
  EXPECT_EQ(git_.GitIn(second.checkout().worktree, {"status", "--porcelain"}), "");
}

TEST_F(BaseCacheTest, TheLeastRecentlyUsedLeavesButNoneInUse) {
  BaseCache small({directory_, 0});
  {
    const BaseTree first = Take(small, first_), second = Take(small, second_);
    EXPECT_EQ(Bases(), 2);  // over the limit, and both in use
  }
  git_.Write("changed.txt", "newest\n");
  const std::string third = git_.Commit("third");
  git_.GitIn(mirror_, {"fetch", "-q", git_.work(), "+refs/heads/*:refs/heads/*"});
  const BaseTree kept = Take(small, third);
  EXPECT_EQ(Bases(), 1);
  EXPECT_EQ(*ReadFile(kept.checkout().worktree + "/changed.txt", 10), "newest\n");
}

TEST_F(BaseCacheTest, ManyThreadsGetOneBase) {
  std::vector<std::thread> threads;
  std::vector<std::string> trees(8);
  for (std::string& tree : trees)
    threads.emplace_back([&] { tree = Take(cache_, first_).checkout().worktree; });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& tree : trees) EXPECT_EQ(tree, trees.front());
  EXPECT_EQ(Bases(), 1);
}

TEST_F(BaseCacheTest, WhatAKilledProcessLeftHalfMadeIsRemovedAndNeverUsed) {
  fs::create_directories(fs::path(directory_) / "making-0123" / "tree");
  const BaseTree kept = Take(cache_, first_);
  ASSERT_TRUE(cache_.Reap().ok());
  EXPECT_EQ(Bases(), 1);
  EXPECT_TRUE(fs::exists(kept.checkout().worktree));
}

TEST_F(BaseCacheTest, ADamagedOlderBaseIsNoReasonToFail) {
  { fs::remove_all(Take(cache_, first_).checkout().trusted_git); }
  const BaseTree second = Take(cache_, second_);
  EXPECT_EQ(*ReadFile(second.checkout().worktree + "/changed.txt", 10), "new\n");
}

TEST_F(BaseCacheTest, ACommitThatIsNotThereLeavesNothing) {
  EXPECT_EQ(cache_.Acquire(mirror_, std::string(40, 'e'), "", {}).status().code(),
            StatusCode::kNotFound);
  EXPECT_EQ(Bases(), 0);
}

}  // namespace
}  // namespace regreen
