#include "daemon/service/policy_watch.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <condition_variable>
#include <mutex>

#include "tests/support/policy_files.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

// Counts refreshes; what a test waits for comes or its deadline does.
class Refreshes {
 public:
  std::function<void(std::stop_token)> Counter() {
    return [this](std::stop_token) {
      std::lock_guard lock(mutex_);
      ++count_;
      wake_.notify_all();
    };
  }
  int Seen() {
    std::lock_guard lock(mutex_);
    return count_;
  }
  bool WaitForMoreThan(int seen) {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, std::chrono::seconds(20), [&] { return count_ > seen; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  int count_ = 0;
};

// Remembers what the last refresh read.
class LastRead {
 public:
  explicit LastRead(fs::path folder) : folder_(std::move(folder)) {}
  std::function<void(std::stop_token)> Reader() {
    return [this](std::stop_token) {
      std::string digest = Digest();
      std::lock_guard lock(mutex_);
      digest_ = std::move(digest);
      wake_.notify_all();
    };
  }
  bool WaitUntilItIsWhatIsThere() {
    const std::string wanted = Digest();
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, std::chrono::seconds(20), [&] { return digest_ == wanted; });
  }

 private:
  std::string Digest() const {
    Problems problems;
    return PolicyDigest(ReadPolicyFolder(folder_, problems));
  }
  const fs::path folder_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string digest_;
};

class PolicyWatchTest : public testing::Test {
 protected:
  std::unique_ptr<FolderWatch> Folder() const {
    return std::make_unique<FolderWatch>(
        folder_.path(), std::vector<std::string>{"templates", "rules", "guard", "base"});
  }
  PolicyDisk folder_{SamplePolicyFiles("one")};
  Refreshes refreshes_;
};

TEST_F(PolicyWatchTest, SeesWhatPeopleAndProgramsDoToFiles) {
  struct Case {
    const char* name;
    std::function<void(const PolicyDisk&)> change;
  };
  const Case cases[] = {
      {"a file is written", [](const PolicyDisk& f) { f.Write("templates/one.toml", "x"); }},
      {"a file is new", [](const PolicyDisk& f) { f.Write("rules/new.toml", "x"); }},
      {"a file is removed", [](const PolicyDisk& f) { f.Remove("rules/new.toml"); }},
      {"an editor replaces a file",
       [](const PolicyDisk& f) {
         f.Write("../new.toml", "x");
         fs::rename(f.path().parent_path() / "new.toml", f.path() / "guard/sample.toml");
       }},
      {"a folder is new", [](const PolicyDisk& f) { f.Write("base/node.toml", "x"); }},
      {"a file in it is new", [](const PolicyDisk& f) { f.Write("base/go.toml", "x"); }},
      {"a folder is replaced",
       [](const PolicyDisk& f) {
         fs::rename(f.path() / "templates", f.path() / "gone");
         f.Write("templates/two.toml", "x");
       }},
      {"a file in the new folder is written",
       [](const PolicyDisk& f) { f.Write("templates/two.toml", "y"); }},
      {"all is gone",
       [](const PolicyDisk& f) { fs::rename(f.path(), f.path().parent_path() / "away"); }},
      {"all is back",
       [](const PolicyDisk& f) { fs::rename(f.path().parent_path() / "away", f.path()); }},
      {"a file is written after that",
       [](const PolicyDisk& f) { f.Write("templates/two.toml", "z"); }},
      {"a link takes the folder's place",
       [](const PolicyDisk& f) {
         fs::rename(f.path(), f.path().parent_path() / "release-2");
         fs::create_symlink("release-2", f.path());
       }},
      {"a file behind the link is written",
       [](const PolicyDisk& f) { f.Write("guard/new.toml", "z"); }},
  };
  PolicyWatchOptions options;
  options.quiet = absl::Milliseconds(5);
  options.longest = absl::Milliseconds(200);
  LastRead last(folder_.path());
  PolicyWatch watch(options, Folder(), last.Reader());
  for (const Case& c : cases) {
    c.change(folder_);
    EXPECT_TRUE(last.WaitUntilItIsWhatIsThere()) << c.name;
  }
}

TEST_F(PolicyWatchTest, ReadsAtOnceWhenAsked) {
  PolicyWatch watch({}, nullptr, refreshes_.Counter());
  EXPECT_EQ(refreshes_.Seen(), 0);
  watch.Trigger();
  EXPECT_TRUE(refreshes_.WaitForMoreThan(0));
}

TEST_F(PolicyWatchTest, ReadsByTimeAndTheFirstTimeAtOnce) {
  PolicyWatchOptions options;
  options.every = absl::Milliseconds(1);
  PolicyWatch watch(options, nullptr, refreshes_.Counter());
  EXPECT_TRUE(refreshes_.WaitForMoreThan(3));
}

TEST_F(PolicyWatchTest, WritersThatNeverRestAreNotWaitedFor) {
  PolicyWatchOptions options;
  options.quiet = absl::Hours(1);
  options.longest = absl::Milliseconds(50);
  PolicyWatch watch(options, Folder(), refreshes_.Counter());
  folder_.Write("templates/one.toml", "x");
  EXPECT_TRUE(refreshes_.WaitForMoreThan(0));
}

TEST_F(PolicyWatchTest, EndsAtOnceAlsoWhileItReads) {
  std::mutex mutex;
  std::condition_variable_any begun;
  bool reading = false;
  const auto start = absl::Now();
  {
    PolicyWatch watch({}, nullptr, [&](std::stop_token stop) {
      std::unique_lock lock(mutex);
      reading = true;
      begun.notify_all();
      begun.wait_for(lock, stop, std::chrono::hours(1), [] { return false; });
    });
    watch.Trigger();
    std::unique_lock lock(mutex);
    ASSERT_TRUE(begun.wait_for(lock, std::chrono::seconds(20), [&] { return reading; }));
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
}

TEST_F(PolicyWatchTest, WithoutInotifyItStillReadsWhenAsked) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  auto folder = Folder();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_EQ(folder->fd(), -1);
  EXPECT_EQ(folder->Arm().code(), StatusCode::kUnavailable);
  EXPECT_FALSE(folder->Drain());
  PolicyWatch watch({}, std::move(folder), refreshes_.Counter());
  watch.Trigger();
  EXPECT_TRUE(refreshes_.WaitForMoreThan(0));
}

TEST_F(PolicyWatchTest, ManyWordsAboutOtherFilesAreNoneOfItsBusiness) {
  const auto folder = Folder();
  ASSERT_TRUE(folder->Arm().ok());
  for (int i = 0; i < 100; ++i) folder_.Write("../neighbour.db", "x");
  EXPECT_FALSE(folder->Drain());
  folder_.Write("templates/one.toml", "x");
  EXPECT_TRUE(folder->Drain());
  EXPECT_FALSE(folder->Drain()) << "each event is told once";
}

TEST_F(PolicyWatchTest, EventsThatWereLostCountAsAChange) {
  const auto folder = Folder();
  ASSERT_TRUE(folder->Arm().ok());
  std::string text;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> text;
  const int most = std::stoi(text);
  if (most > 100'000) GTEST_SKIP() << "this machine's queue holds " << most << " events";
  // Names above the folder are watched, and these are not its own: only the overflow counts.
  for (int i = 0; i <= most; ++i) {
    const fs::path name = folder_.path() / (i % 2 ? "../a" : "../b");
    if (i % 4 < 2) {
      fs::create_directory(name);
    } else {
      fs::remove(name);
    }
  }
  EXPECT_TRUE(folder->Drain());
}

}  // namespace
}  // namespace regreen
