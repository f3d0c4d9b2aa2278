#include "daemon/base/overlay.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/file.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

class Overlay : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"lower", "upper", "work", "merged"})
      ASSERT_TRUE(MakeDirectories(Path(name)).ok());
    ASSERT_TRUE(WriteFileAtomic(Path("lower/kept"), "old\n").ok());
    ASSERT_TRUE(WriteFileAtomic(Path("lower/gone"), "old\n").ok());
  }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  StatusOr<ProcessResult> Run(const std::string& script) const {
    ProcessSpec spec;
    spec.argv = {"/bin/sh", "-ec", script};
    spec.env = {{"PATH", "/usr/bin:/bin"}};
    spec.overlay = {Path("lower"), Path("upper"), Path("work"), Path("merged")};
    spec.merge_stderr = true;
    return RunProcess(spec);
  }

  TempDir folder_ = *TempDir::Create(fs::temp_directory_path(), "regreen-overlay-");
};

TEST_F(Overlay, TheUpperFolderHoldsWhatChangedAndTheLowerOneNothing) {
  const auto result =
      Run(Cat("cd ", Path("merged"), "; cat kept; echo new >> kept; rm gone; echo x > added"));
  if (result.status().code() == StatusCode::kFailedPrecondition)
    GTEST_SKIP() << Message(result.status());
  ASSERT_TRUE(result.ok()) << Message(result.status());
  EXPECT_EQ(result->exit_code, 0) << result->out;
  EXPECT_EQ(result->out, "old\n");
  EXPECT_EQ(*ReadFile(Path("lower/kept"), 100), "old\n");
  EXPECT_EQ(*ReadFile(Path("upper/kept"), 100), "old\nnew\n");
  EXPECT_EQ(*ReadFile(Path("upper/added"), 100), "x\n");
  struct stat gone;
  ASSERT_EQ(lstat(Path("upper/gone").c_str(), &gone), 0);
  EXPECT_TRUE(S_ISCHR(gone.st_mode) && gone.st_rdev == 0);
}

TEST_F(Overlay, NobodyElseSeesTheMount) {
  const auto result = Run(Cat("cat ", Path("merged/kept")));
  if (result.status().code() == StatusCode::kFailedPrecondition)
    GTEST_SKIP() << Message(result.status());
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(fs::is_empty(Path("merged")));
}

TEST_F(Overlay, ALaterProcessSeesWhatAnEarlierOneChanged) {
  const auto first = Run(Cat("echo first > ", Path("merged/note")));
  if (first.status().code() == StatusCode::kFailedPrecondition)
    GTEST_SKIP() << Message(first.status());
  const auto second = Run(Cat("cat ", Path("merged/note")));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->out, "first\n");
}

TEST_F(Overlay, ARefusedMountIsAFailedPrecondition) {
  fs::remove_all(Path("upper"));
  const auto result = Run("true");
  EXPECT_EQ(result.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(result.status()), testing::HasSubstr("cannot mount an overlay"));
}

TEST(OverlayPaths, ThoseThatMountOptionsCannotNameAreRefused) {
  for (const char* bad : {"relative", "/a,b", "/a:b", "/a\\b", "/a\nb", "/a\"b"}) {
    EXPECT_EQ(PreparedOverlay::Prepare({"/lower", bad, "/work", "/target"}).status().code(),
              StatusCode::kInvalidArgument)
        << bad;
  }
}

}  // namespace
}  // namespace regreen
