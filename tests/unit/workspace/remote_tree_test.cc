#include "adapters/workspace/remote_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace regreen {
namespace {

using testing::ElementsAre;

std::string Nul(std::initializer_list<std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    text += name;
    text += '\0';
  }
  return text;
}

TEST(RemoteListing, NamesKindsSizesAndWhatChanged) {
  const auto entries = ParseListing(Cat(Nul({"./a b\n", "./d", "./d/x", ""}),
                                        "81a4 12 1700000000\n41ed 4096 1\n81ed 0 1\n\n",
                                        "1700000000\nnames\n", Nul({"./d/x"})));
  ASSERT_TRUE(entries.ok()) << entries.status();
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].path, "a b\n");
  EXPECT_EQ((*entries)[0].mode, 0100644u);
  EXPECT_EQ((*entries)[0].size, 12u);
  EXPECT_FALSE((*entries)[0].changed);
  EXPECT_EQ((*entries)[1].mode, 040755u);
  EXPECT_TRUE((*entries)[2].changed);
}

TEST(RemoteListing, WithoutNamesOfWhatIsNewerASecondMustDo) {
  const auto entries =
      ParseListing(Cat(Nul({"./old", "./new", ""}), "81a4 1 99\n81a4 1 100\n\n100\ntimes\n"));
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_FALSE((*entries)[0].changed);
  EXPECT_TRUE((*entries)[1].changed);
}

TEST(RemoteListing, AnEmptyTreeIsOne) {
  const auto entries = ParseListing(Cat(Nul({""}), "\n100\nnames\n"));
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_TRUE(entries->empty());
}

TEST(RemoteListing, RefusesWhatIsNoListing) {
  const std::string names = Nul({"./a", ""});
  for (const std::string& printed :
       {std::string(), std::string("hello\n"), Nul({"./a"}), names, Cat(names, "81a4 1 1\n"),
        Cat(names, "81a4 1 1\n\n"), Cat(names, "81a4 1 1\n\n5\n"), Cat(names, "\n5\nnames\n"),
        Cat(names, "81a4 1 1\n81a4 1 1\n\n5\nnames\n"), Cat(names, "zz 1 1\n\n5\nnames\n"),
        Cat(names, "81a4 -1 1\n\n5\nnames\n"),
        Cat(names, "81a4 99999999999999999999 1\n\n5\nnames\n"),
        Cat(names, "81a4 1 1\n\n5\nother\n"), Cat(names, "81a4 1 1\n\n5\nnames\n", Nul({"b"})),
        Cat(Nul({"/etc/passwd", ""}), "81a4 1 1\n\n5\nnames\n"),
        Cat(Nul({"./", ""}), "81a4 1 1\n\n5\nnames\n")}) {
    EXPECT_EQ(ParseListing(printed).status().code(), StatusCode::kInvalidArgument) << printed;
  }
}

TEST(RemoteContents, AreCutByTheListedSizes) {
  const ListedEntry two{"a", 0100644, 2}, none{"b", 0100644, 0}, three{"c", 0100644, 3};
  const auto files = CutBySize("xxyyy", {&two, &none, &three}, 0);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(*files, ElementsAre("xx", "", "yyy"));
  EXPECT_THAT(*CutBySize("xx\nyyy\n", {&two, &three}, 1), ElementsAre("xx", "yyy"));
}

TEST(RemoteContents, OfAnotherSizeAreRefused) {
  const ListedEntry two{"a", 0100644, 2}, huge{"b", 0100644, ~std::uint64_t{0}};
  for (const char* bytes : {"", "x", "xxx", "xxyyyy"})
    EXPECT_EQ(CutBySize(bytes, {&two}, 0).status().code(), StatusCode::kInvalidArgument) << bytes;
  EXPECT_EQ(CutBySize("xx", {&two}, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(CutBySize("xx", {&huge}, 1).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace regreen
