#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "daemon/pipeline/policy_origin.h"
#include "tests/support/fake_policy_repository.h"
#include "tests/support/policy_files.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GitPolicies : public testing::Test {
 protected:
  void Push(const std::string& commit, const std::vector<PolicyFile>& files) {
    for (const PolicyFile& file : files)
      mirror.commits[commit][Cat(options.path, options.path.empty() ? "" : "/", file.path)] =
          file.text;
    mirror.tip = commit;
  }
  void PushBad(const std::string& commit) {
    std::vector<PolicyFile> files = SamplePolicyFiles("bad");
    files[0].text.insert(0, "prioriy = 1\n");
    Push(commit, files);
  }
  std::unique_ptr<PolicyOrigin> Origin() { return NewGitOrigin(options, mirror, clock); }
  // As a daemon that starts.
  void Start() {
    origin = Origin();
    auto loaded = origin->Load({});
    ASSERT_TRUE(loaded.ok()) << Message(loaded.status());
    live = *std::move(loaded);
  }
  std::string InForce() const { return live->Current()->templates->templates()[0].name; }

  TempDir folder = *TempDir::Create(testing::TempDir(), "policy-git-");
  ManualClock clock;
  FakePolicyRepository mirror;
  GitPolicyOptions options{"acme/policies",
                           [] {
                             return GitRemote{"/srv/policies.git", "", Secret()};
                           },
                           "main", "ci/policies", folder.path() / "last-good"};
  std::unique_ptr<PolicyOrigin> origin;
  std::unique_ptr<LivePolicies> live;
};

TEST_F(GitPolicies, AreThoseOfTheTip) {
  Push("c1", SamplePolicyFiles("one"));
  mirror.commits["c1"]["ci/policies/tests/one.toml"] = "not a policy";
  mirror.commits["c1"]["ci/policies/templates/README.md"] = "not a policy";
  mirror.commits["c1"]["templates/other.toml"] = "not below the path";
  Start();
  EXPECT_EQ(InForce(), "one");
  EXPECT_EQ(live->Current()->origin, "git acme/policies main at c1");
  EXPECT_EQ(live->Current()->digest, PolicyDigest(SamplePolicyFiles("one")))
      << "the same files have the same digest wherever they come from";
  Push("c2", SamplePolicyFiles("two"));
  clock.Advance(absl::Minutes(1));
  origin->Refresh(*live, {});
  EXPECT_EQ(InForce(), "two");
  EXPECT_EQ(live->status().origin, "git acme/policies main at c2");
  EXPECT_EQ(live->status().loaded_at, clock.Now());
}

TEST_F(GitPolicies, MayBeTheRootOfARepository) {
  options.path = "";
  Push("c1", SamplePolicyFiles("one"));
  Start();
  EXPECT_EQ(InForce(), "one");
}

TEST_F(GitPolicies, ATipThatWasReadIsNotReadAgain) {
  Push("c1", SamplePolicyFiles("one"));
  Start();
  origin->Refresh(*live, {});
  origin->Refresh(*live, {});
  EXPECT_THAT(live->status().reloads, ElementsAre(0, 0, 0, 0));
  PushBad("c2");
  origin->Refresh(*live, {});
  origin->Refresh(*live, {});
  EXPECT_THAT(live->status().reloads, ElementsAre(0, 0, 1, 0));
}

TEST_F(GitPolicies, ABadTipKeepsTheLastGoodSetAndNamesItsCommit) {
  Push("c1", SamplePolicyFiles("one"));
  Start();
  PushBad("c2");
  origin->Refresh(*live, {});
  EXPECT_EQ(InForce(), "one");
  const PolicyStatus status = live->status();
  EXPECT_FALSE(status.valid);
  EXPECT_EQ(status.refused_origin, "git acme/policies main at c2");
  EXPECT_EQ(status.problems[0].where.file, "ci/policies/templates/bad.toml");
  Push("c3", SamplePolicyFiles("three"));
  origin->Refresh(*live, {});
  EXPECT_EQ(InForce(), "three");
  EXPECT_TRUE(live->status().valid);
}

TEST_F(GitPolicies, ARemoteThatIsAwayChangesNothing) {
  Push("c1", SamplePolicyFiles("one"));
  Start();
  mirror.away = true;
  origin->Refresh(*live, {});
  EXPECT_EQ(InForce(), "one");
  EXPECT_TRUE(live->status().valid);
  EXPECT_THAT(live->status().unread_why, HasSubstr("the remote is away"));
  mirror.away = false;
  origin->Refresh(*live, {});
  EXPECT_EQ(live->status().unread_why, "");
  EXPECT_THAT(live->status().reloads, ElementsAre(0, 0, 0, 1));
}

TEST_F(GitPolicies, TheLastGoodSetSurvivesARestartWhileTheRemoteIsAway) {
  Push("c1", SamplePolicyFiles("one"));
  Start();
  mirror.away = true;
  Start();
  EXPECT_EQ(InForce(), "one");
}

TEST_F(GitPolicies, TheLastGoodSetSurvivesARestartWhileTheTipIsBad) {
  Push("c1", SamplePolicyFiles("one"));
  Start();
  PushBad("c2");
  Start();
  EXPECT_EQ(InForce(), "one");
  origin->Refresh(*live, {});
  EXPECT_EQ(InForce(), "one");
  EXPECT_FALSE(live->status().valid);
  Push("c3", SamplePolicyFiles("three"));
  origin->Refresh(*live, {});
  Start();
  EXPECT_EQ(InForce(), "three");
}

TEST_F(GitPolicies, WhatWasGoodElsewhereIsNotTaken) {
  Push("c1", SamplePolicyFiles("one"));
  Start();
  mirror.away = true;
  options.path = "other";
  const auto loaded = Origin()->Load({});
  EXPECT_EQ(loaded.status().code(), StatusCode::kUnavailable);
}

TEST_F(GitPolicies, ANoteThatIsDamagedIsNoNote) {
  Push("c1", SamplePolicyFiles("one"));
  ASSERT_TRUE(WriteFileAtomic(options.last_good_file, "{\"remote\":[").ok());
  Start();
  EXPECT_EQ(InForce(), "one");
}

TEST_F(GitPolicies, WithoutAGoodSetThereIsNoStart) {
  PushBad("c1");
  const auto bad = Origin()->Load({});
  EXPECT_EQ(bad.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(bad.status()), HasSubstr("git acme/policies main at c1"));
  EXPECT_THAT(Message(bad.status()), HasSubstr("did you mean \"priority\"?"));

  options.path = "wrong";
  EXPECT_THAT(Message(Origin()->Load({}).status()), HasSubstr("is the path right?"));

  options.branch = "gone";
  EXPECT_THAT(Message(Origin()->Load({}).status()), HasSubstr("there is no branch gone"));
}

}  // namespace
}  // namespace regreen
