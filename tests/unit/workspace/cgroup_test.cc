#include "adapters/workspace/cgroup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "daemon/base/file.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(CgroupFolder, IsWhereTheHierarchyIsMounted) {
  struct Case {
    const char* name;
    const char* cgroup;
    const char* mountinfo;
    const char* want;  // null: not found
  };
  for (const Case& c : std::initializer_list<Case>{
           {"unified", "0::/system.slice/regreen.service\n",
            "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n",
            "/sys/fs/cgroup/system.slice/regreen.service"},
           {"hybrid", "4:memory:/a\n1:name=systemd:/b\n0::/c\n",
            "30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
            "31 24 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
            "/sys/fs/cgroup/unified/c"},
           {"the root", "0::/\n", "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n",
            "/sys/fs/cgroup"},
           {"a part is mounted", "0::/machine/x/inner\n",
            "30 24 0:26 /machine/x /sys/fs/cgroup rw - cgroup2 c rw\n", "/sys/fs/cgroup/inner"},
           {"another part is mounted", "0::/machine/y\n",
            "30 24 0:26 /machine/x /sys/fs/cgroup rw - cgroup2 c rw\n", nullptr},
           {"above what is shown", "0::/../other\n",
            "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n", nullptr},
           {"a space in a name", "0::/a\n", "30 24 0:26 / /my\\040groups rw - cgroup2 c rw\n",
            "/my groups/a"},
           {"version 1 alone", "4:memory:/a\n", "30 24 0:26 / /x rw - cgroup c rw,memory\n",
            nullptr},
           {"nothing", "", "", nullptr},
           {"no sense", "0::", "30 - cgroup2 \n\n", nullptr}}) {
    const auto folder = CgroupFolder(c.cgroup, c.mountinfo);
    if (c.want == nullptr) {
      EXPECT_EQ(folder.status().code(), StatusCode::kNotFound) << c.name;
    } else {
      ASSERT_TRUE(folder.ok()) << c.name;
      EXPECT_EQ(*folder, c.want) << c.name;
    }
  }
}

TEST(CgroupSettings, AreThoseOfTheControllersThatAreThere) {
  WorkspaceLimits limits = kAsConfigured;
  limits.cpu = 2;
  limits.memory_bytes = 64 << 20;
  limits.processes = 50;
  EXPECT_THAT(CgroupSettings(limits, {"cpu", "memory", "pids"}),
              ElementsAre(Pair("memory.max", "67108864"), Pair("memory.swap.max", "0"),
                          Pair("memory.oom.group", "1"), Pair("pids.max", "82"),
                          Pair("cpu.max", "200000 100000")));
  EXPECT_THAT(CgroupSettings(limits, {"pids"}), ElementsAre(Pair("pids.max", "82")));
  EXPECT_THAT(CgroupSettings(limits, {}), IsEmpty());
  EXPECT_THAT(CgroupSettings(kAsConfigured, {"cpu", "memory", "pids"}), IsEmpty());
}

// Against this machine's kernel, in a cgroup of its own below the one that the test was given.
class CgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    // Where this process was given controllers, they are handed on; once, however often it is
    // asked.
    const bool given = Cgroups::OfThisProcess().ok() && Cgroups::OfThisProcess().ok();
    const auto own = ReadFile("/proc/self/cgroup", 1 << 20),
               mounts = ReadFile("/proc/self/mountinfo", 1 << 20);
    ASSERT_TRUE(own.ok() && mounts.ok());
    const auto folder = CgroupFolder(*own, *mounts);
    if (!folder.ok()) GTEST_SKIP() << Message(folder.status());
    const fs::path parent = given ? fs::path(*folder).parent_path() : fs::path(*folder);
    path_ = Cat(parent.string(), "/regreen-test-", getpid());
    if (mkdir(path_.c_str(), 0755) != 0) {
      path_.clear();
      GTEST_SKIP() << "this user can make no cgroup here";
    }
    auto made = Cgroups::Below(path_);
    ASSERT_TRUE(made.ok()) << made.status();
    cgroups_ = *std::move(made);
  }
  void TearDown() override {
    if (path_.empty()) return;
    EXPECT_EQ(rmdir(path_.c_str()), 0) << "cgroups are left in " << path_;
  }
  int Groups() const {
    int groups = 0;
    for (const auto& entry : fs::directory_iterator(path_)) groups += entry.is_directory();
    return groups;
  }
  static ProcessSpec Shell(const Cgroup& cgroup, std::string command) {
    ProcessSpec spec;
    spec.argv = {"/bin/sh", "-c", std::move(command)};
    spec.env = {{"PATH", "/usr/bin:/bin"}};
    spec.cgroup = cgroup.folder();
    return spec;
  }

  std::string path_;
  std::shared_ptr<const Cgroups> cgroups_;
};

TEST_F(CgroupTest, AProcessIsInItFromItsStartOn) {
  auto cgroup = cgroups_->Make({});
  ASSERT_TRUE(cgroup.ok()) << cgroup.status();
  const auto result = RunProcess(Shell(*cgroup, "grep ^0:: /proc/self/cgroup"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->out, HasSubstr(Cat("/", fs::path(path_).filename().string(), "/workspace-")));
  EXPECT_EQ(Groups(), 1);
}

TEST_F(CgroupTest, EndsWhatDetachedItselfAndIsRemoved) {
  auto cgroup = cgroups_->Make({});
  ASSERT_TRUE(cgroup.ok()) << cgroup.status();
  const auto result = RunProcess(Shell(
      *cgroup, "(setsid sh -c 'trap \"\" TERM HUP INT; sleep 600' >/dev/null 2>&1 </dev/null &)"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(cgroup->Kill().ok());
  { const Cgroup ended = *std::move(cgroup); }
  EXPECT_EQ(Groups(), 0);
}

TEST_F(CgroupTest, ReapsWhatAKilledProcessLeftAndNothingInUse) {
  const auto in_use = cgroups_->Make({});
  ASSERT_TRUE(in_use.ok());
  ASSERT_EQ(mkdir(Cat(path_, "/workspace-0123456789abcdef").c_str(), 0755), 0);
  ASSERT_EQ(mkdir(Cat(path_, "/others").c_str(), 0755), 0);
  EXPECT_EQ(Groups(), 3);
  EXPECT_TRUE(cgroups_->Reap().ok());
  EXPECT_EQ(Groups(), 2);
  ASSERT_EQ(rmdir(Cat(path_, "/others").c_str()), 0);
}

TEST_F(CgroupTest, TheKernelHoldsMemoryWhereItIsHandedOn) {
  if (!cgroups_->HoldsMemory()) GTEST_SKIP() << "no memory controller: " << cgroups_->Controllers();
  WorkspaceLimits limits = kAsConfigured;
  limits.memory_bytes = 64 << 20;
  auto cgroup = cgroups_->Make(limits);
  ASSERT_TRUE(cgroup.ok()) << cgroup.status();
  EXPECT_FALSE(cgroup->RanOutOfMemory());
  const auto result = RunProcess(Shell(*cgroup, "head -c 200M /dev/zero | tail -c 1000000000"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NE(result->exit_code, 0);
  EXPECT_TRUE(cgroup->RanOutOfMemory());
}

TEST_F(CgroupTest, TheKernelHoldsProcessesWhereTheyAreHandedOn) {
  if (!cgroups_->HoldsProcesses())
    GTEST_SKIP() << "no pids controller: " << cgroups_->Controllers();
  WorkspaceLimits limits = kAsConfigured;
  limits.processes = 20;
  auto cgroup = cgroups_->Make(limits);
  ASSERT_TRUE(cgroup.ok()) << cgroup.status();
  const auto result = RunProcess(
      Shell(*cgroup, "i=0; while [ $i -lt 100 ]; do sleep 60 & i=$((i+1)); done; echo all"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->out, testing::Not(HasSubstr("all")));
  EXPECT_TRUE(cgroup->Kill().ok());
}

}  // namespace
}  // namespace regreen
