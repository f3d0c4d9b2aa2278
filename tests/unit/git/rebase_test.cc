// A patch on another base, by trees in an object store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "adapters/git/git.h"
#include "adapters/git/tree.h"
#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"
#include "tests/support/paths.h"

namespace regreen {
namespace {

using testing::HasSubstr;

class RebaseTest : public testing::Test {
 protected:
  void SetUp() override {
    git_.Write("a.txt", Lines("one"));
    git_.Write("b.txt", "b\n");
    base_ = git_.Commit("base");
    // As a patch of ours: the last line of a.txt, and a new file.
    git_.Write("a.txt", Lines("two"));
    git_.Write("new.txt", "new\n");
    const std::string repaired = git_.Commit("repair");
    bytes_ = git_.Git({"diff", "--binary", "--full-index", base_, repaired}) + "\n";
    git_.Git({"checkout", "--quiet", "-B", "main", base_});
  }
  static std::string Lines(const std::string& last) {
    return "1\n2\n3\n4\n5\n6\n7\n8\n" + last + "\n";
  }
  // Brings the patch to what is committed now.
  StatusOr<Patch> Rebase() {
    const std::string onto = git_.Commit("go on");
    const std::string remote = git_.CloneBare();
    auto mirror = NewGitMirror({git_.NewFolder("mirrors"), GitChild(), "", absl::Minutes(1)});
    ASSIGN_OR_RETURN(folder_, mirror->Ensure({remote, "", {}}, onto, {}));
    ASSIGN_OR_RETURN(const Patch patch, ParsePatch(base_, bytes_));
    return NewGitRebaser()->Rebase(folder_, patch, onto, {});
  }

  GitFixture git_;
  std::string base_, bytes_, folder_;
};

TEST_F(RebaseTest, KeepsWhatBothChangedInOneFile) {
  std::string text = Lines("one");
  text.replace(0, 1, "first");
  git_.Write("a.txt", text);
  const auto rebased = Rebase();
  ASSERT_TRUE(rebased.ok()) << rebased.status();
  EXPECT_EQ(rebased->files.size(), 2u);
  EXPECT_THAT(rebased->bytes, HasSubstr("-one\n+two\n"));
  EXPECT_EQ(rebased->digest, PatchDigest(rebased->base_commit, rebased->bytes));
  EXPECT_NE(rebased->base_commit, base_);
}

TEST_F(RebaseTest, NamesTheFilesThatConflict) {
  git_.Write("a.txt", Lines("three"));
  const auto rebased = Rebase();
  EXPECT_EQ(rebased.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(rebased.status()), HasSubstr("the same lines of a.txt"));
}

TEST_F(RebaseTest, ConflictsWithAFileThatIsGone) {
  git_.Git({"rm", "--quiet", "a.txt"});
  EXPECT_EQ(Rebase().status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(RebaseTest, IsEmptyWhereAllOfItIsThereAlready) {
  git_.Write("a.txt", Lines("two"));
  git_.Write("new.txt", "new\n");
  const auto rebased = Rebase();
  ASSERT_TRUE(rebased.ok()) << rebased.status();
  EXPECT_TRUE(rebased->empty());
}

TEST_F(RebaseTest, TakesNoPatchThatItsDigestWasNotTakenOf) {
  git_.Write("b.txt", "c\n");
  ASSERT_TRUE(Rebase().ok());
  Patch forged{base_, bytes_, std::string(64, '0'), {}};
  EXPECT_EQ(NewGitRebaser()->Rebase(folder_, forged, base_, {}).status().code(),
            StatusCode::kInvalidArgument);
  forged.base_commit = std::string(40, 'e');
  forged.digest = PatchDigest(forged.base_commit, forged.bytes);
  EXPECT_EQ(NewGitRebaser()->Rebase(folder_, forged, base_, {}).status().code(),
            StatusCode::kNotFound);
}

}  // namespace
}  // namespace regreen
