#include "adapters/workspace/watchdog.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

TEST(SizeInWords, TakesTheLargestUnit) {
  EXPECT_EQ(SizeInWords(512), "512 bytes");
  EXPECT_EQ(SizeInWords(64 << 10), "64 KiB");
  EXPECT_EQ(SizeInWords(3 << 19), "1.5 MiB");
  EXPECT_EQ(SizeInWords(std::int64_t{4} << 30), "4 GiB");
}

TEST(SandboxView, SeesNoProcessThatIsInNoSandbox) {
  EXPECT_EQ(SandboxView::Open(getpid()).status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(SandboxView::Open(0).ok());
}

class MeasureFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = TempDir::Create(std::filesystem::temp_directory_path(), "regreen-measure-");
    ASSERT_TRUE(made.ok());
    folder_.emplace(*std::move(made));
  }
  std::string Path(const std::string& name) const { return (folder_->path() / name).string(); }
  FolderUse Measure() const { return MeasureFolder(folder_->path().string(), {}); }

  std::optional<TempDir> folder_;
};

TEST_F(MeasureFolderTest, CountsWhatIsOnTheDisk) {
  ASSERT_TRUE(MakeDirectories(Path("a/b")).ok());
  ASSERT_TRUE(WriteFileAtomic(Path("a/b/file"), std::string(1 << 20, 'x')).ok());
  ASSERT_EQ(symlink("/", Path("to-the-root").c_str()), 0);
  const FolderUse use = Measure();
  EXPECT_EQ(use.files, 4);
  EXPECT_GE(use.bytes, 1 << 20);
  EXPECT_LT(use.bytes, 2 << 20);
  EXPECT_FALSE(use.too_deep);
}

TEST_F(MeasureFolderTest, CountsAFileWithTwoNamesOnceAndHolesNotAtAll) {
  ASSERT_TRUE(WriteFileAtomic(Path("file"), std::string(1 << 20, 'x')).ok());
  ASSERT_EQ(link(Path("file").c_str(), Path("again").c_str()), 0);
  ASSERT_TRUE(WriteFileAtomic(Path("hole"), "").ok());
  ASSERT_EQ(truncate(Path("hole").c_str(), 1 << 30), 0);
  const FolderUse use = Measure();
  EXPECT_EQ(use.files, 2);
  EXPECT_LT(use.bytes, 2 << 20);
}

TEST_F(MeasureFolderTest, SaysThatItIsTooDeepAndEnds) {
  std::string path = "d";
  for (int i = 0; i < kDeepestFolder + 5; ++i) path += "/d";
  ASSERT_TRUE(MakeDirectories(Path(path)).ok());
  EXPECT_TRUE(Measure().too_deep);
}

TEST_F(MeasureFolderTest, EndsWhenItIsAskedTo) {
  ASSERT_TRUE(MakeDirectories(Path("a")).ok());
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(MeasureFolder(folder_->path().string(), stop.get_token()).files, 0);
}

TEST_F(MeasureFolderTest, FindsNothingWhereNothingIs) {
  EXPECT_EQ(MeasureFolder(Path("absent"), {}).files, 0);
}

}  // namespace
}  // namespace regreen
