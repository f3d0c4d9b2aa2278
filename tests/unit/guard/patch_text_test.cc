#include "daemon/guard/patch_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

TEST(PatchText, ReadsLinesWithTheirNumbers) {
  const auto files = ReadPatchText(
      "diff --git a/x.txt b/x.txt\nindex 1111111..2222222 100644\n--- a/x.txt\n+++ b/x.txt\n"
      "@@ -3,3 +3,3 @@ heading\n a\n-b\n+B\n c\n@@ -10 +10,2 @@\n-j\n+J\n+k\n\\ No newline at end "
      "of file\n");
  ASSERT_TRUE(files.ok()) << Message(files.status());
  ASSERT_EQ(files->size(), 1u);
  const FileText& file = files->front();
  EXPECT_EQ(file.path, "x.txt");
  EXPECT_EQ(file.new_mode, 0100644u);
  ASSERT_EQ(file.lines.size(), 5u);
  EXPECT_EQ(file.lines[0].text, "b");
  EXPECT_FALSE(file.lines[0].added);
  EXPECT_EQ(file.lines[0].number, 4);
  EXPECT_EQ(file.lines[1].number, 4);
  EXPECT_EQ(file.lines[4].text, "k");
  EXPECT_EQ(file.lines[4].number, 11);
}

TEST(PatchText, TakesContentThatLooksLikeAHeaderForContent) {
  const auto files = ReadPatchText(
      "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n--- a/secret\n+++ "
      "b/secret\n"
      "+diff --git a/y b/y\n @@ -1 +1 @@\n");
  ASSERT_TRUE(files.ok()) << Message(files.status());
  ASSERT_EQ(files->size(), 1u);
  ASSERT_EQ(files->front().lines.size(), 3u);
  EXPECT_EQ(files->front().lines[0].text, "-- a/secret");
  EXPECT_EQ(files->front().lines[1].text, "++ b/secret");
}

TEST(PatchText, ReadsEachKindOfChange) {
  const auto files = ReadPatchText(
      "diff --git a/new b/new\nnew file mode 100755\nindex 0000000..1111111\n--- /dev/null\n+++ "
      "b/new\n@@ -0,0 +1 @@\n+x\n"
      "diff --git a/old b/old\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/old\n+++ "
      "/dev/null\n@@ -1 +0,0 @@\n-x\n"
      "diff --git a/mode b/mode\nold mode 100644\nnew mode 100755\n"
      "diff --git a/empty b/empty\nnew file mode 100644\nindex 0000000..e69de29\n"
      "diff --git a/link b/link\nnew file mode 120000\nindex 0000000..1111111\n--- /dev/null\n+++ "
      "b/link\n@@ -0,0 +1 @@\n+x\n"
      "\\ No newline at end of file\n"
      "diff --git a/a b.bin b/a b.bin\nindex 1..2 100644\nGIT binary patch\nliteral "
      "3\nKcmZQ@\n\nliteral 2\nKcmZQ?\n\n"
      "diff --git \"a/t\\303\\244\\tb\" \"b/t\\303\\244\\tb\"\nindex 1..2 100644\n--- "
      "\"a/t\\303\\244\\tb\"\n"
      "+++ \"b/t\\303\\244\\tb\"\n@@ -1 +1 @@\n-x\n+y\n");
  ASSERT_TRUE(files.ok()) << Message(files.status());
  ASSERT_EQ(files->size(), 7u);
  EXPECT_EQ((*files)[0].kind, FileChange::Kind::kAdded);
  EXPECT_EQ((*files)[0].new_mode, 0100755u);
  EXPECT_EQ((*files)[1].kind, FileChange::Kind::kDeleted);
  EXPECT_EQ((*files)[2].new_mode, 0100755u);
  EXPECT_EQ((*files)[3].kind, FileChange::Kind::kAdded);
  EXPECT_EQ((*files)[4].new_mode, 0120000u);
  EXPECT_TRUE((*files)[5].binary);
  EXPECT_EQ((*files)[5].path, "a b.bin");
  EXPECT_EQ((*files)[6].path, "t\xC3\xA4\tb");
}

TEST(PatchText, RefusesWhatItDoesNotUnderstand) {
  const std::string head = "diff --git a/x b/x\nindex 1..2 100644\n";
  const std::string names = head + "--- a/x\n+++ b/x\n";
  struct Case {
    const char* name;
    std::string bytes;
    const char* wanted;
  };
  const Case cases[] = {
      {"no patch", "hello\n", "line 1 of the patch is not a file's header"},
      {"text before it", "hello\n" + names, "line 1"},
      {"rename", "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n",
       "line 1"},
      {"rename of the same name", "diff --git a/x b/x\nrename from x\n", "line 2"},
      {"another name in ---", head + "--- a/y\n+++ b/x\n", "line 3"},
      {"another name in +++", head + "--- a/x\n+++ b/../x\n", "line 4"},
      {"no bytes of a binary", head + "Binary files a/x and b/x differ\n", "line 3"},
      {"hunk that is too short", names + "@@ -1,2 +1,2 @@\n a\n", "counts"},
      {"hunk that is too long", names + "@@ -1 +1 @@\n-a\n+b\n+c\n",
       "line 8 of the patch is not a hunk's header"},
      {"more old lines than counted", names + "@@ -1,1 +1,3 @@\n-a\n-b\n+c\n+d\n+e\n", "counts"},
      {"empty line in a hunk", names + "@@ -1,2 +1,2 @@\n a\n\n", "counts"},
      {"numbers out of range", names + "@@ -1,99999999999 +1 @@\n", "hunk's header"},
      {"negative numbers", names + "@@ --1,1 +1 @@\n", "hunk's header"},
      {"mode that is none", "diff --git a/x b/x\nnew file mode 10064x\n", "line 2"},
      {"blanks in binary", head + "GIT binary patch\nliteral 3\nab cd\n", "binary"},
      {"quotes that do not end", "diff --git \"a/x \"b/x\"\n", "line 1"},
      {"bad escape", "diff --git \"a/\\400\" \"b/\\400\"\n", "line 1"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto files = ReadPatchText(c.bytes);
    ASSERT_FALSE(files.ok());
    EXPECT_THAT(Message(files.status()), HasSubstr(c.wanted));
  }
}

TEST(PatchText, EveryCutOfAPatchEndsInAnAnswer) {
  const std::string whole =
      "diff --git \"a/t\\303\\244\" \"b/t\\303\\244\"\nold mode 100644\nnew mode 100755\nindex "
      "1..2\n--- \"a/t\\303\\244\"\n"
      "+++ \"b/t\\303\\244\"\n@@ -1,2 +1,2 @@\n-x\n+y\n z\n\\ No newline at end of file\n"
      "diff --git a/b b/b\nindex 1..2 100644\nGIT binary patch\nliteral 3\nKcmZQ@\n\n";
  ASSERT_TRUE(ReadPatchText(whole).ok());
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x11);
    refused += !ReadPatchText(std::string_view(whole).substr(0, i)).ok();
    refused += !ReadPatchText(flipped).ok();
  }
  EXPECT_GT(refused, static_cast<int>(whole.size()) / 2);
}

}  // namespace
}  // namespace regreen
