#include "adapters/git/tree_editor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"

namespace regreen {
namespace {

using testing::HasSubstr;

class TreeEditorTest : public testing::Test {
 protected:
  TreeEditorTest() {
    for (const char* path : {"a", "a.c", "d/one", "d/two", "d/e/three", "z"})
      git_.Write(path, "x\n");
    commit_ = git_.Commit("base");
    repository_ = *OpenRepository(git_.work());
    base_ = *TreeOf(LookUpCommit(repository_.get(), commit_)->get());
    EXPECT_EQ(git_blob_create_from_buffer(&blob_, repository_.get(), "y\n", 2), 0);
  }
  void Set(const char* path) { editor().Set(path, blob_, GIT_FILEMODE_BLOB); }
  void Remove(const char* path) { editor().Remove(path); }
  // The names of the new tree, those that changed with a '*'.
  std::string Names() {
    const auto tree = editor().Write();
    if (!tree.ok()) return Message(tree.status());
    std::string out;
    const std::string list = git_.Git({"ls-tree", "-r", "--name-only", ToHex(*tree)});
    for (const std::string_view name : SplitLines(list)) {
      const std::string text = git_.Git({"show", Cat(ToHex(*tree), ":", name)});
      Append(out, out.empty() ? "" : " ", name, text == "y" ? "*" : "");
    }
    return out;
  }
  TreeEditor& editor() {
    if (!editor_) editor_.emplace(repository_.get(), base_.get());
    return *editor_;
  }

  GitFixture git_;
  std::string commit_;
  RepositoryPtr repository_;
  TreePtr base_;
  git_oid blob_;
  std::optional<TreeEditor> editor_;
};

TEST_F(TreeEditorTest, WithoutEditsTheTreeIsTheSame) {
  EXPECT_EQ(ToHex(*editor().Write()), ToHex(*git_tree_id(base_.get())));
}

TEST_F(TreeEditorTest, ChangesAddsAndRemoves) {
  Set("d/two");
  Set("n/e/w");
  Remove("z");
  EXPECT_EQ(Names(), "a a.c d/e/three d/one d/two* n/e/w*");
}

TEST_F(TreeEditorTest, LeavesNoEmptyFolder) {
  Remove("d/e/three");
  Remove("d/one");
  Remove("d/two");
  EXPECT_EQ(Names(), "a a.c z");
  EXPECT_THAT(git_.Git({"ls-tree", "--name-only", ToHex(*editor().Write())}),
              testing::Not(HasSubstr("d")));
}

TEST_F(TreeEditorTest, AFolderGivesWayToAFile) {
  Remove("d/one");
  Remove("d");
  Set("d");
  EXPECT_EQ(Names(), "a a.c d* z");
}

TEST_F(TreeEditorTest, AFileGivesWayToAFolderWhateverSortsBetween) {
  Remove("a");
  Set("a/inside");
  Set("a.c");
  EXPECT_EQ(Names(), "a.c* a/inside* d/e/three d/one d/two z");
}

TEST_F(TreeEditorTest, AReplacedFolderKeepsOnlyWhatIsPutThere) {
  Remove("d");
  Set("d/new");
  EXPECT_EQ(Names(), "a a.c d/new* z");
}

TEST_F(TreeEditorTest, WhatIsNotThereCanBeRemoved) {
  Remove("nothing");
  Remove("a/below/a/file");
  EXPECT_EQ(Names(), "a a.c d/e/three d/one d/two z");
}

TEST_F(TreeEditorTest, EverythingCanBeRemoved) {
  for (const char* path : {"a", "a.c", "d", "z"}) Remove(path);
  EXPECT_EQ(Names(), "");
}

TEST_F(TreeEditorTest, NamesThatAreGitsOwnAreRefused) {
  Set("x/.git/config");
  EXPECT_THAT(Names(), HasSubstr("cannot be in a tree"));
}

}  // namespace
}  // namespace regreen
