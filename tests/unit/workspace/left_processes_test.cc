#include "adapters/workspace/left_processes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class LeftProcessesTest : public testing::Test {
 protected:
  // Starts it, and waits until it has said so.
  void Begin(const std::vector<std::string>& argv, const std::string& cwd) {
    std::atomic<bool> begun = false;
    runner_ = std::jthread([this, argv, cwd, &begun] {
      ProcessSpec spec;
      spec.argv = argv;
      spec.cwd = cwd;
      spec.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}};
      spec.on_output = [&](std::string_view) { begun = true; };
      result_ = RunProcess(spec);
      ended_ = true;
      begun = true;
    });
    while (!begun) std::this_thread::yield();
  }
  bool Runs() const { return !ended_; }
  const ProcessResult& End() {
    runner_.join();
    EXPECT_TRUE(result_.ok()) << result_.status();
    return *result_;
  }

  TempDir scratch_ = *TempDir::Create(testing::TempDir(), "left-");
  const std::string folder_ = (scratch_.path() / ("task-1-" + RandomHex(6))).string();
  std::jthread runner_;
  std::atomic<bool> ended_ = false;
  StatusOr<ProcessResult> result_;
};

TEST_F(LeftProcessesTest, WhatWorksInTheFolderIsEnded) {
  ASSERT_TRUE(MakeDirectories(folder_ + "/tree").ok());
  Begin({"/bin/sh", "-c", "echo begun; sleep 60"}, folder_ + "/tree");
  EXPECT_GE(EndProcessesUpon(folder_), 1);
  EXPECT_EQ(End().exit_code, 128 + SIGKILL);
}

TEST_F(LeftProcessesTest, WhatSeesTheFolderMountedIsEnded) {
  ASSERT_TRUE(MakeDirectories(folder_ + "/tree").ok());
  Begin({"unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-c",
         Cat("mount --bind ", folder_, "/tree /mnt && cd / && echo begun && sleep 60")},
        "/");
  if (!Runs()) GTEST_SKIP() << "no mount namespace can be had here: " << End().err;
  EXPECT_GE(EndProcessesUpon(folder_), 1);
  EXPECT_EQ(End().exit_code, 128 + SIGKILL);
}

TEST_F(LeftProcessesTest, WhatIsElsewhereIsLeftAlone) {
  ASSERT_TRUE(MakeDirectories(folder_ + "/tree").ok());
  ASSERT_TRUE(MakeDirectories(folder_ + "-2").ok());
  const std::string go = folder_ + "-2/go";
  Begin({"/bin/sh", "-c", Cat("echo begun; while [ ! -e ", go, " ]; do sleep 0.02; done; exit 5")},
        folder_ + "-2");
  EXPECT_EQ(EndProcessesUpon(folder_), 0);
  ASSERT_TRUE(CreateFile(go, "").ok());
  EXPECT_EQ(End().exit_code, 5);
}

}  // namespace
}  // namespace regreen
