#include "daemon/base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TempDir::Create(testing::TempDir(), "file-test-");
    ASSERT_TRUE(dir.ok()) << dir.status();
    dir_ = std::make_unique<TempDir>(*std::move(dir));
  }
  fs::path At(std::string_view name) const { return dir_->path() / name; }
  static void Write(const fs::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  std::unique_ptr<TempDir> dir_;
};

TEST_F(Files, ReadsExactlyUpToTheCap) {
  Write(At("f"), "12345");
  EXPECT_EQ(*ReadFile(At("f"), 5), "12345");
  EXPECT_EQ(ReadFile(At("f"), 4).status().code(), StatusCode::kResourceExhausted);
  Write(At("empty"), "");
  EXPECT_EQ(*ReadFile(At("empty"), 0), "");
}

TEST_F(Files, ReadsMoreThanOneBuffer) {
  const std::string big(300'000, 'x');
  Write(At("f"), big);
  EXPECT_EQ(*ReadFile(At("f"), 1 << 20), big);
}

TEST_F(Files, SaysWhatIsWrongWithAPath) {
  EXPECT_EQ(ReadFile(At("none"), 10).status().code(), StatusCode::kNotFound);
  const Status folder = ReadFile(dir_->path(), 10).status();
  EXPECT_EQ(folder.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(Message(folder).find("folder"), std::string::npos);
}

TEST_F(Files, ReplacesAtomicallyWithTheModeAsked) {
  ASSERT_TRUE(WriteFileAtomic(At("f"), "one").ok());
  ASSERT_TRUE(WriteFileAtomic(At("f"), "two", 0600).ok());
  EXPECT_EQ(*ReadFile(At("f"), 10), "two");
  struct stat info;
  ASSERT_EQ(stat(At("f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_->path()), {}), 1) << "a temporary file stays";
}

TEST_F(Files, LeavesNothingWhenAWriteFails) {
  fs::create_directory(At("taken"));
  Write(At("taken/inside"), "");
  EXPECT_FALSE(WriteFileAtomic(At("taken"), "x").ok());
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_->path()), {}), 1);
}

TEST_F(Files, RemovesATreeWithoutFollowingLinks) {
  fs::create_directory(At("outside"));
  Write(At("outside/kept"), "k");
  fs::create_directories(At("tree/a/b"));
  fs::create_directory_symlink(At("outside"), At("tree/a/link"));
  fs::create_symlink(At("outside/kept"), At("tree/a/b/file-link"));
  mkfifo(At("tree/a/fifo").c_str(), 0600);
  ASSERT_TRUE(RemoveTree(At("tree")).ok());
  EXPECT_FALSE(fs::exists(At("tree")));
  EXPECT_TRUE(fs::exists(At("outside/kept")));
}

TEST_F(Files, RemovesALinkAndNotWhatItNames) {
  fs::create_directory(At("outside"));
  fs::create_directory_symlink(At("outside"), At("link"));
  ASSERT_TRUE(RemoveTree(At("link")).ok());
  EXPECT_TRUE(fs::exists(At("outside")));
  EXPECT_FALSE(fs::is_symlink(At("link")));
}

TEST_F(Files, RemovesFoldersThatNobodyMayWrite) {
  fs::create_directories(At("tree/locked/inner"));
  Write(At("tree/locked/inner/f"), "x");
  fs::permissions(At("tree/locked/inner"), fs::perms::none);
  fs::permissions(At("tree/locked"), fs::perms::none);
  EXPECT_TRUE(RemoveTree(At("tree")).ok());
  EXPECT_FALSE(fs::exists(At("tree")));
}

TEST_F(Files, RemovesATreeDeeperThanAnyPathMayBe) {
  fs::create_directory(At("tree"));
  UniqueFd at(open(At("tree").c_str(), O_RDONLY | O_DIRECTORY));
  for (int depth = 0; depth < 3000; ++depth) {
    ASSERT_EQ(mkdirat(at.get(), "deeper", 0700), 0);
    at.Reset(openat(at.get(), "deeper", O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(at);
  }
  const Status status = RemoveTree(At("tree"));
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_FALSE(fs::exists(At("tree")));
}

TEST_F(Files, RemovingWhatIsNotThereIsFine) {
  EXPECT_TRUE(RemoveTree(At("none")).ok());
}

TEST_F(Files, MakesParentsAndGivesTheModeToTheLast) {
  ASSERT_TRUE(MakeDirectories(At("a/b/c/"), 0700).ok());
  ASSERT_TRUE(MakeDirectories(At("a/b/c"), 0700).ok()) << "a second time is fine";
  struct stat info;
  ASSERT_EQ(stat(At("a/b/c").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  Write(At("file"), "");
  EXPECT_EQ(MakeDirectories(At("file/x")).code(), StatusCode::kFailedPrecondition);
}

TEST_F(Files, ATemporaryFolderGoesUnlessItIsKept) {
  fs::path gone, kept;
  {
    auto a = TempDir::Create(dir_->path(), "a-");
    auto b = TempDir::Create(dir_->path(), "b-");
    ASSERT_TRUE(a.ok() && b.ok());
    TempDir moved(*std::move(a));
    gone = moved.path();
    kept = b->path();
    Write(gone / "f", "x");
    b->Keep();
  }
  EXPECT_FALSE(fs::exists(gone));
  EXPECT_TRUE(fs::exists(kept));
}

TEST_F(Files, AReplacedFileKeepsItsModeAndALinkToIt) {
  const fs::path file = dir_->path() / "f", link = dir_->path() / "link";
  Write(file, "old");
  ASSERT_EQ(chmod(file.c_str(), 0604), 0);
  fs::create_symlink("f", link);
  ASSERT_TRUE(ReplaceFileAtomic(link, "new").ok());
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(ReadFile(file, 10).value_or(""), "new");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms(0604));
  EXPECT_EQ(ReplaceFileAtomic(dir_->path() / "none", "x").code(), StatusCode::kNotFound);
}

TEST_F(Files, ANewFileIsNeverWrittenOverAnother) {
  const fs::path file = dir_->path() / "f", link = dir_->path() / "link";
  ASSERT_TRUE(CreateFile(file, "one").ok());
  EXPECT_EQ(CreateFile(file, "two").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadFile(file, 10).value_or(""), "one");
  fs::create_symlink("nowhere", link);
  EXPECT_EQ(CreateFile(link, "two").code(), StatusCode::kAlreadyExists);
  EXPECT_FALSE(fs::exists(dir_->path() / "nowhere"));
  EXPECT_EQ(CreateFile(dir_->path() / "none" / "f", "x").code(), StatusCode::kNotFound);
}

TEST(UniqueFd, ClosesOnceAndHandsOver) {
  const int raw = open("/dev/null", O_RDONLY);
  {
    UniqueFd a(raw);
    UniqueFd b(std::move(a));
    EXPECT_FALSE(a);
    EXPECT_EQ(b.get(), raw);
    EXPECT_EQ(fcntl(raw, F_GETFD), 0);
  }
  EXPECT_EQ(fcntl(raw, F_GETFD), -1);
}

}  // namespace
}  // namespace regreen
