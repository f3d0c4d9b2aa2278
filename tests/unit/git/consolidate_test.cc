#include "adapters/git/consolidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "adapters/git/library.h"
#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;
using testing::SizeIs;

class Consolidate : public testing::Test {
 protected:
  Consolidate() {
    git_.Write("a.txt", "one\n");
    commits_.push_back(git_.Commit("first"));
    mirror_ = git_.CloneBare();
    Repack();
  }
  // One more commit, which comes as a pack of its own, as with a fetch.
  void AddPack() {
    git_.Write("a.txt", Cat("more ", commits_.size(), "\n"));
    commits_.push_back(git_.Commit("more"));
    git_.Git({"push", "-q", mirror_, "HEAD:refs/heads/main"});
    Repack();
  }
  void Repack() const { git_.GitIn(mirror_, {"repack", "-q", "-d"}); }
  std::vector<std::string> Packs() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(mirror_ + "/objects/pack")) {
      if (entry.path().extension() == ".pack") names.push_back(entry.path().filename().string());
    }
    return names;
  }
  Status Run(absl::Time now) const { return ConsolidatePacks(mirror_, options_, now); }
  void ExpectWhole() const {
    EXPECT_EQ(git_.GitIn(mirror_, {"fsck", "--full", "--strict"}), "");
    for (const std::string& commit : commits_)
      EXPECT_EQ(git_.GitIn(mirror_, {"cat-file", "-t", commit}), "commit");
  }

  GitFixture git_;
  std::string mirror_;
  std::vector<std::string> commits_;
  ConsolidateOptions options_{3, 1000, 32 << 20, absl::Hours(1)};
  const absl::Time begin_ = absl::Now();
};

TEST_F(Consolidate, LeavesAFewPacksAlone) {
  AddPack();
  AddPack();
  ASSERT_THAT(Packs(), SizeIs(3));
  ASSERT_TRUE(Run(begin_).ok());
  EXPECT_THAT(Packs(), SizeIs(3));
}

TEST_F(Consolidate, MakesOneOfManyAndKeepsTheOldOnesForThoseWhoRead) {
  for (int i = 0; i < 5; ++i) AddPack();
  ASSERT_THAT(Packs(), SizeIs(6));
  ASSERT_TRUE(Run(begin_).ok());
  EXPECT_THAT(Packs(), SizeIs(7)) << "the new one beside them";
  ASSERT_TRUE(Run(begin_ + absl::Minutes(59)).ok());
  EXPECT_THAT(Packs(), SizeIs(7)) << "what was replaced is not replaced again";
  ASSERT_TRUE(Run(begin_ + absl::Minutes(61)).ok());
  EXPECT_THAT(Packs(), SizeIs(1));
  ExpectWhole();
}

TEST_F(Consolidate, AReaderFromBeforeReadsOn) {
  for (int i = 0; i < 5; ++i) AddPack();
  auto early = OpenRepository(mirror_), late = OpenRepository(mirror_);
  ASSERT_TRUE(early.ok() && late.ok());
  const auto reads = [&](StatusOr<RepositoryPtr>& repository, std::size_t i) {
    const Status status = LookUpCommit(repository->get(), commits_[i]).status();
    EXPECT_TRUE(status.ok()) << status;
  };
  reads(early, 0);
  ASSERT_TRUE(Run(begin_).ok());
  reads(early, 1);
  reads(late, 2);
  // Its list of packs is of before, and most of them are gone.
  ASSERT_TRUE(Run(begin_ + absl::Hours(2)).ok());
  ASSERT_THAT(Packs(), SizeIs(1));
  for (std::size_t i = 0; i < commits_.size(); ++i) {
    reads(early, i);
    reads(late, i);
  }
}

TEST_F(Consolidate, LeavesALargePackAsItIs) {
  options_.small_bytes = 10;
  for (int i = 0; i < 5; ++i) AddPack();
  const auto before = Packs();
  ASSERT_TRUE(Run(begin_).ok());
  EXPECT_THAT(Packs(), testing::UnorderedElementsAreArray(before));
}

TEST_F(Consolidate, PutsLooseObjectsIntoThePackAndRemovesThemWhenTheyAreOld) {
  options_.most_loose = 2;
  git_.Write("b.txt", "loose\n");
  commits_.push_back(git_.Commit("loose"));
  git_.Git({"push", "-q", mirror_, "HEAD:refs/heads/main"});
  const auto loose = [&] { return git_.GitIn(mirror_, {"count-objects"}).substr(0, 1); };
  ASSERT_EQ(loose(), "3");
  ASSERT_TRUE(Run(absl::Now()).ok());
  EXPECT_EQ(loose(), "3") << "someone may be about to read them";
  ASSERT_TRUE(Run(absl::Now() + absl::Hours(2)).ok());
  EXPECT_EQ(loose(), "0");
  ExpectWhole();
}

TEST_F(Consolidate, KeepsAPackThatIsSaidToBeReplacedButIsNot) {
  AddPack();
  std::string list;
  for (const std::string& name : Packs()) Append(list, "1 ", name.substr(0, name.size() - 5), "\n");
  ASSERT_TRUE(WriteFileAtomic(mirror_ + "/regreen-replaced", list + "nonsense\n1 ../x\n").ok());
  ASSERT_TRUE(Run(begin_).ok());
  EXPECT_THAT(Packs(), SizeIs(2));
  ExpectWhole();
}

TEST_F(Consolidate, ADamagedPackIsAnErrorAndNothingIsRemoved) {
  for (int i = 0; i < 5; ++i) AddPack();
  const auto before = Packs();
  fs::permissions(mirror_ + "/objects/pack/" + before[0], fs::perms::owner_all);
  fs::resize_file(mirror_ + "/objects/pack/" + before[0], 20);
  EXPECT_FALSE(Run(begin_).ok());
  for (const std::string& name : before)
    EXPECT_TRUE(fs::exists(mirror_ + "/objects/pack/" + name)) << name;
}

}  // namespace
}  // namespace regreen
