// A change in a worktree, captured, published and checked out again, gives exactly the tree that
// the git program makes of the same change.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "adapters/git/git.h"
#include "adapters/git/tree.h"
#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"
#include "tests/support/paths.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

void Put(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string Lines(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) Append(text, "line ", i, "\n");
  return text;
}

std::string AllBytes() {
  std::string bytes;
  for (int i = 0; i < 4096; ++i) bytes += static_cast<char>((i * 7 + i / 256) & 0xff);
  return bytes;
}

void MakeBase(const GitFixture& git) {
  git.Write("a.txt", "one\ntwo\nthree\n");
  git.Write("long.txt", Lines(0, 500));
  git.Write("crlf.txt", "one\r\ntwo\r\nthree\r\n");
  git.Write("no-newline.txt", "one\ntwo");
  git.Write("empty", "");
  git.Write("binary.bin", AllBytes());
  git.Write("tool.sh", "#!/bin/sh\n", 0755);
  git.Write("folder/inner/deep.txt", "deep\n");
  git.Write("folder/other.txt", "other\n");
  git.Write("latin1.txt", "caf\xe9\n");
  git.Write(".gitignore", "*.log\nbuild/\n!kept.log\n");
  git.Write(".gitattributes", "*.eol text eol=crlf\n*.id ident\n*.bin binary\n*.txt -diff\n");
  git.Write("x.eol", "one\ntwo\n");
  git.Write("x.id", "$Id$\n");
  fs::create_symlink("a.txt", fs::path(git.work()) / "link");
}

struct Case {
  const char* name;
  std::function<void(const fs::path&)> change;
};

const Case kCases[] = {
    {"a changed line", [](const fs::path& d) { Put(d / "a.txt", "one\n2\nthree\n"); }},
    {"changes far apart",
     [](const fs::path& d) { Put(d / "long.txt", "new\n" + Lines(1, 250) + "x\n" + Lines(251, 499)); }},
    {"an added file", [](const fs::path& d) { Put(d / "new/file.txt", "new\n"); }},
    {"a deleted file", [](const fs::path& d) { fs::remove(d / "a.txt"); }},
    {"a deleted folder", [](const fs::path& d) { fs::remove_all(d / "folder"); }},
    {"a renamed file", [](const fs::path& d) { fs::rename(d / "long.txt", d / "moved.txt"); }},
    {"a renamed folder", [](const fs::path& d) { fs::rename(d / "folder", d / "moved"); }},
    {"made executable", [](const fs::path& d) { chmod((d / "a.txt").c_str(), 0755); }},
    {"no longer executable", [](const fs::path& d) { chmod((d / "tool.sh").c_str(), 0644); }},
    {"mode and content",
     [](const fs::path& d) { Put(d / "a.txt", "x\n"), chmod((d / "a.txt").c_str(), 0755); }},
    {"an added empty file", [](const fs::path& d) { Put(d / "void", ""); }},
    {"an added executable empty file",
     [](const fs::path& d) { Put(d / "void", ""), chmod((d / "void").c_str(), 0755); }},
    {"a deleted empty file", [](const fs::path& d) { fs::remove(d / "empty"); }},
    {"a file emptied", [](const fs::path& d) { Put(d / "a.txt", ""); }},
    {"an empty file filled", [](const fs::path& d) { Put(d / "empty", "full\n"); }},
    {"the last newline removed", [](const fs::path& d) { Put(d / "a.txt", "one\ntwo\nthree"); }},
    {"a last newline added", [](const fs::path& d) { Put(d / "no-newline.txt", "one\ntwo\n"); }},
    {"a file without a last newline", [](const fs::path& d) { Put(d / "n", "x"); }},
    {"a changed binary file", [](const fs::path& d) { Put(d / "binary.bin", AllBytes() + "x"); }},
    {"an added binary file", [](const fs::path& d) { Put(d / "z", std::string("\0\1\2\xff", 4)); }},
    {"a deleted binary file", [](const fs::path& d) { fs::remove(d / "binary.bin"); }},
    {"text that becomes binary",
     [](const fs::path& d) { Put(d / "a.txt", std::string("a\0b\n", 4)); }},
    {"CRLF lines changed", [](const fs::path& d) { Put(d / "crlf.txt", "one\r\n2\r\nthree\r\n"); }},
    {"CRLF made LF", [](const fs::path& d) { Put(d / "crlf.txt", "one\ntwo\nthree\n"); }},
    {"LF made CRLF", [](const fs::path& d) { Put(d / "long.txt", "one\r\ntwo\r\n"); }},
    {"a lone CR", [](const fs::path& d) { Put(d / "a.txt", "one\rtwo\r\rthree\n\r"); }},
    {"bytes that are no UTF-8", [](const fs::path& d) { Put(d / "latin1.txt", "\xe8\xff\n"); }},
    {"lines that look like a patch",
     [](const fs::path& d) {
       Put(d / "a.txt", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\ndiff --git a/q b/q\n\\ No newline\n");
     }},
    {"a very long line", [](const fs::path& d) { Put(d / "a.txt", std::string(300'000, 'x')); }},
    {"a link changed",
     [](const fs::path& d) { fs::remove(d / "link"), fs::create_symlink("folder/other.txt", d / "link"); }},
    {"a link added", [](const fs::path& d) { fs::create_symlink("../a.txt", d / "folder/up"); }},
    {"a link to a folder", [](const fs::path& d) { fs::create_directory_symlink("folder", d / "dir"); }},
    {"a link to nothing", [](const fs::path& d) { fs::create_symlink("no where", d / "broken"); }},
    {"a link removed", [](const fs::path& d) { fs::remove(d / "link"); }},
    {"a file becomes a link",
     [](const fs::path& d) { fs::remove(d / "a.txt"), fs::create_symlink("empty", d / "a.txt"); }},
    {"a link becomes a file", [](const fs::path& d) { fs::remove(d / "link"), Put(d / "link", "x\n"); }},
    {"a file becomes a folder",
     [](const fs::path& d) { fs::remove(d / "a.txt"), Put(d / "a.txt/b/c", "x\n"); }},
    {"a folder becomes a file",
     [](const fs::path& d) { fs::remove_all(d / "folder"), Put(d / "folder", "x\n"); }},
    {"a folder becomes a link",
     [](const fs::path& d) {
       fs::remove_all(d / "folder"), fs::create_directory_symlink("/tmp", d / "folder");
     }},
    {"a name with spaces", [](const fs::path& d) { Put(d / " a  b .txt ", "x\n"); }},
    {"a name with quotes", [](const fs::path& d) { Put(d / "a\"b'c`d\\e", "x\n"); }},
    {"a name with a newline", [](const fs::path& d) { Put(d / "a\nb", "x\n"); }},
    {"a name with a tab", [](const fs::path& d) { Put(d / "a\tb", "x\n"); }},
    {"a name with control bytes", [](const fs::path& d) { Put(d / "a\x01\x1b\x7f", "x\n"); }},
    {"a name that leads with a dash", [](const fs::path& d) { Put(d / "-rf", "x\n"); }},
    {"a name in Unicode", [](const fs::path& d) { Put(d / "größe/日本語.txt", "x\n"); }},
    {"a name that is no UTF-8", [](const fs::path& d) { Put(d / "caf\xe9", "x\n"); }},
    {"names like those of a patch", [](const fs::path& d) { Put(d / "a/b/c b/c", "x\n"); }},
    {"a long name", [](const fs::path& d) { Put(d / std::string(250, 'n'), "x\n"); }},
    {"shell characters in a name", [](const fs::path& d) { Put(d / "$(x);*?[a]~!{}", "x\n"); }},
    {"an odd name emptied and one deleted",
     [](const fs::path& d) { Put(d / " b\"\n\t", ""), fs::remove(d / "empty"); }},
    {"ignored files",
     [](const fs::path& d) {
       Put(d / "x.log", "x"), Put(d / "kept.log", "k\n"), Put(d / "build/out", "x"), Put(d / "y", "y\n");
     }},
    {"new ignore rules",
     [](const fs::path& d) {
       Put(d / ".gitignore", "*.tmp\n"), Put(d / "a.tmp", "x"), Put(d / "b.log", "b\n");
       Put(d / "folder/.gitignore", "/only-here\n"), Put(d / "folder/only-here", "x");
       Put(d / "folder/inner/only-here", "not ignored\n");
     }},
    {"a tracked file that a new rule would ignore",
     [](const fs::path& d) { Put(d / ".gitignore", "*\n"), Put(d / "a.txt", "changed\n"), Put(d / "n", ""); }},
    {"nested ignore rules in a new folder",
     [](const fs::path& d) {
       Put(d / "new/.gitignore", "*\n!.gitignore\n!keep\n"), Put(d / "new/keep", "k\n");
       Put(d / "new/drop", "d\n");
     }},
    {"everything deleted",
     [](const fs::path& d) {
       for (const char* name : {"a.txt", "long.txt", "crlf.txt", "no-newline.txt", "empty", "binary.bin",
                                "tool.sh", "latin1.txt", ".gitignore", ".gitattributes", "x.eol", "x.id",
                                "link"}) {
         fs::remove(d / name);
       }
       fs::remove_all(d / "folder");
     }},
    {"many at once",
     [](const fs::path& d) {
       for (int i = 0; i < 50; ++i) Put(d / "many" / Cat(i), Lines(i, 2 * i));
       fs::remove(d / "crlf.txt"), Put(d / "binary.bin", "text now\n"), Put(d / "a.txt", "zero\n");
     }},
};

// The base commit, its remote and its mirror are made once; each case has branches and folders of
// its own.
class RoundTrip : public testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() {
    git_ = new GitFixture;
    MakeBase(*git_);
    base_ = git_->Commit("base");
    remote_ = git_->CloneBare();
    options_ = {git_->NewFolder("mirrors"), GitChild(), "", absl::Minutes(1)};
    auto mirror = NewGitMirror(options_)->Ensure({remote_, "", {}}, base_, {});
    ASSERT_TRUE(mirror.ok()) << mirror.status();
    mirror_ = *mirror;
  }
  static void TearDownTestSuite() {
    delete git_;
    git_ = nullptr;
  }
  static CheckoutSpec Spec(const Patch* patch) {
    return {mirror_,
            base_,
            patch,
            git_->NewFolder("tree"),
            git_->NewFolder("trusted"),
            mirror_ + "/objects"};
  }

  static inline GitFixture* git_ = nullptr;
  static inline std::string base_, remote_, mirror_;
  static inline GitOptions options_;
};

TEST_P(RoundTrip, GivesTheTreeThatGitMakes) {
  const CheckoutSpec spec = Spec(nullptr);
  ASSERT_TRUE(Checkout(spec).ok());
  GetParam().change(spec.worktree);
  auto patch = CaptureChanges(spec, {});
  ASSERT_TRUE(patch.ok()) << patch.status();
  EXPECT_FALSE(patch->files.empty());
  git_->GitIn(spec.worktree, {"add", "-A"});
  const std::string want = git_->GitIn(spec.worktree, {"write-tree"});

  const std::string branch = Cat("regreen/", spec.worktree.substr(spec.worktree.size() - 6));
  const PushSpec push{{remote_, "", {}}, branch,
                      "Fix\n",           "regreen",
                      "bot@example.com", absl::FromUnixSeconds(1'700'000'000)};
  auto pushed = NewGitPublisher(options_)->Push(mirror_, push, *patch, {});
  ASSERT_TRUE(pushed.ok()) << pushed.status();
  EXPECT_EQ(git_->GitIn(remote_, {"log", "-1", "--format=%T %P", branch}), Cat(want, " ", base_));

  const CheckoutSpec verify = Spec(&*patch);
  const Status checked_out = Checkout(verify);
  ASSERT_TRUE(checked_out.ok()) << checked_out;
  EXPECT_EQ(git_->GitIn(verify.worktree, {"rev-parse", "HEAD^{tree}"}), want);
  EXPECT_EQ(git_->GitIn(verify.worktree, {"status", "--porcelain"}), "");
  auto again = CaptureChanges(verify, {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->bytes, patch->bytes) << "against the same base, the same patch";
}

INSTANTIATE_TEST_SUITE_P(Changes, RoundTrip, testing::ValuesIn(kCases), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace regreen
