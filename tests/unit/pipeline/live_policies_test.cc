#include "daemon/pipeline/live_policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "daemon/base/text.h"
#include "tests/support/policy_files.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

struct Read {
  Policies policies;
  Problems problems;
};

Read ReadFiles(const std::vector<PolicyFile>& files, std::string origin = "test") {
  Read read;
  read.policies = LoadPolicyFiles(files, "", read.problems);
  read.policies.origin = std::move(origin);
  return read;
}

std::unique_ptr<LivePolicies> Live(const std::vector<PolicyFile>& files) {
  Read read = ReadFiles(files);
  EXPECT_FALSE(read.problems.has_errors()) << read.problems.Render();
  return std::make_unique<LivePolicies>(std::make_shared<Policies>(read.policies), kStart);
}

ReloadOutcome Offer(LivePolicies& live, const Read& read, absl::Time now = kStart) {
  return live.Replace(read.policies, read.problems, now);
}

TEST(LivePolicies, ANewSetTakesThePlaceOfTheOldAndWorkUnderWayKeepsItsOwn) {
  const auto live = Live(SamplePolicyFiles("one"));
  const auto held = live->Current();
  EXPECT_EQ(Offer(*live, ReadFiles(SamplePolicyFiles("two"), "later"), kStart + absl::Hours(1)),
            ReloadOutcome::kChanged);
  EXPECT_NE(held->templates->Find("one"), nullptr);
  EXPECT_EQ(live->Current()->templates->Find("one"), nullptr);
  EXPECT_NE(live->Current()->templates->Find("two"), nullptr);
  const PolicyStatus status = live->status();
  EXPECT_NE(status.digest, held->digest);
  EXPECT_EQ(status.digest, live->Current()->digest);
  EXPECT_EQ(status.origin, "later");
  EXPECT_EQ(status.loaded_at, kStart + absl::Hours(1));
  EXPECT_TRUE(status.valid);
  EXPECT_THAT(status.reloads, ElementsAre(1, 0, 0, 0));
}

TEST(LivePolicies, ABadSetIsRefusedAndSaysWhy) {
  const auto live = Live(SamplePolicyFiles("one"));
  const auto before = live->Current();
  std::vector<PolicyFile> bad = SamplePolicyFiles("two");
  bad.push_back({"templates/bad.toml", "name = \"bad\"\nprioriy = 1\n"});
  EXPECT_EQ(Offer(*live, ReadFiles(bad, "bad set"), kStart + absl::Hours(1)),
            ReloadOutcome::kRefused);
  EXPECT_EQ(live->Current(), before);
  const PolicyStatus status = live->status();
  EXPECT_FALSE(status.valid);
  EXPECT_EQ(status.digest, before->digest);
  EXPECT_EQ(status.loaded_at, kStart);
  EXPECT_EQ(status.refused_origin, "bad set");
  EXPECT_EQ(status.refused_at, kStart + absl::Hours(1));
  ASSERT_FALSE(status.problems.empty());
  EXPECT_EQ(status.problems[0].where.file, "templates/bad.toml");
  EXPECT_THAT(status.reloads, ElementsAre(0, 0, 1, 0));
}

TEST(LivePolicies, WhatWasRefusedIsForgottenWhenTheOldSetIsBack) {
  const auto live = Live(SamplePolicyFiles("one"));
  std::vector<PolicyFile> bad = SamplePolicyFiles("one");
  bad[0].text += "nonsense";
  Offer(*live, ReadFiles(bad));
  EXPECT_EQ(Offer(*live, ReadFiles(SamplePolicyFiles("one"), "again"), kStart + absl::Hours(1)),
            ReloadOutcome::kUnchanged);
  const PolicyStatus status = live->status();
  EXPECT_TRUE(status.valid);
  EXPECT_THAT(status.problems, IsEmpty());
  EXPECT_EQ(status.loaded_at, kStart) << "nothing was loaded that was not in force";
  EXPECT_EQ(status.origin, "again");
}

TEST(LivePolicies, ASetWithoutGuardRulesIsRefused) {
  const auto live = Live(SamplePolicyFiles("one"));
  std::vector<PolicyFile> files = SamplePolicyFiles("one");
  std::erase_if(files, [](const PolicyFile& file) { return file.path.starts_with("guard/"); });
  EXPECT_EQ(Offer(*live, ReadFiles(files)), ReloadOutcome::kRefused);
  EXPECT_NE(live->Current()->guard, nullptr);
}

TEST(LivePolicies, KeepsNoMoreProblemsThanAPersonWouldRead) {
  const auto live = Live(SamplePolicyFiles("one"));
  std::vector<PolicyFile> bad = SamplePolicyFiles("one");
  for (int i = 0; i < 500; ++i) bad.push_back({Cat("templates/bad", i, ".toml"), "x = 1\n"});
  Offer(*live, ReadFiles(bad));
  EXPECT_EQ(live->status().problems.size(), 100u);
  EXPECT_GE(live->status().problems_in_all, 500u);
}

TEST(LivePolicies, IsReadWhileItIsReplaced) {
  const auto live = Live(SamplePolicyFiles("one"));
  const Read one = ReadFiles(SamplePolicyFiles("one")), two = ReadFiles(SamplePolicyFiles("two"));
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const auto now = live->Current();
      ASSERT_EQ(now->templates->templates().size(), 1u);
      ASSERT_TRUE(live->status().valid);
    }
  });
  for (int i = 0; i < 50; ++i) Offer(*live, i % 2 ? one : two);
  EXPECT_THAT(live->status().reloads, ElementsAre(50, 0, 0, 0));
}

TEST(PolicyFiles, TheDigestIsOfPathsAndBytesInAnyOrder) {
  std::vector<PolicyFile> files = SamplePolicyFiles("one");
  const std::string digest = PolicyDigest(files);
  std::reverse(files.begin(), files.end());
  EXPECT_EQ(PolicyDigest(files), digest);
  for (PolicyFile& file : files) {
    const PolicyFile before = file;
    file.text += "\n";
    EXPECT_NE(PolicyDigest(files), digest) << file.path;
    file = before;
    file.path += "x";
    EXPECT_NE(PolicyDigest(files), digest) << file.path;
    file = before;
  }
}

TEST(PolicyFiles, OnlyFilesRightBelowAFolderOfTheSetArePartOfIt) {
  for (const char* path : {"templates/a.toml", "base/node.toml", "prompts/fix.md", "rules/a.toml"})
    EXPECT_TRUE(IsPolicyPath(path)) << path;
  for (const char* path :
       {"", "templates", "templates/", "templates/.toml", "templates/.#a.toml", "a.toml",
        "templates/a.toml~", "templates/sub/a.toml", "prompts/fix.toml", "tests/a.toml",
        "../templates/a.toml", "templates/../a.toml", "/templates/a.toml", "templates/a.md"})
    EXPECT_FALSE(IsPolicyPath(path)) << path;
}

TEST(PolicyFiles, AFolderIsReadByPathAndWhatIsNoPolicyIsLeftOut) {
  const PolicyDisk folder(SamplePolicyFiles("one"));
  folder.Write("templates/.#one.toml", "what an editor left");
  folder.Write("templates/notes.txt", "notes");
  folder.Write("prompts/fix.md", "Mend it.");
  Problems problems;
  std::vector<std::string> paths;
  for (const PolicyFile& file : ReadPolicyFolder(folder.path(), problems))
    paths.push_back(file.path);
  EXPECT_FALSE(problems.has_errors()) << problems.Render();
  EXPECT_THAT(paths, ElementsAre("templates/one.toml", "rules/sample.toml", "guard/sample.toml",
                                 "prompts/fix.md"));
  const Policies policies = LoadPolicyFolder(folder.path(), problems);
  EXPECT_EQ(policies.origin, Cat("folder ", folder.path().string()));
}

TEST(PolicyFiles, ALinkIsFollowedAndAPipeIsNotWaitedFor) {
  const PolicyDisk folder(SamplePolicyFiles("one"));
  folder.Write("data/two.toml", SampleTemplateText("two"));
  std::filesystem::create_symlink("../data/two.toml", folder.path() / "templates/two.toml");
  Problems problems;
  EXPECT_NE(LoadPolicyFolder(folder.path(), problems).templates->Find("two"), nullptr)
      << "a volume of Kubernetes is made of links";
  EXPECT_FALSE(problems.has_errors()) << problems.Render();

  ASSERT_EQ(mkfifo((folder.path() / "templates/pipe.toml").c_str(), 0600), 0);
  std::filesystem::create_symlink("nowhere", folder.path() / "rules/gone.toml");
  LoadPolicyFolder(folder.path(), problems);
  EXPECT_THAT(problems.Render(), HasSubstr("templates/pipe.toml: error: is no file"));
  EXPECT_THAT(problems.Render(), HasSubstr("rules/gone.toml: error: is no file"));
}

TEST(PolicyFiles, AFolderThatIsNotThereIsAProblemAndNotAnEmptySet) {
  Problems problems;
  const Policies policies = LoadPolicyFolder("/nonexistent/policies", problems);
  EXPECT_THAT(problems.Render(), HasSubstr("/nonexistent/policies/guard"));
  EXPECT_TRUE(problems.has_errors());
}

}  // namespace
}  // namespace regreen
