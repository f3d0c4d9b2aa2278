// The policies that are shipped, as a folder: they load without a warning, and their own cases
// pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/fixtures.h"
#include "tests/support/paths.h"

namespace regreen {
namespace {

using ::testing::IsEmpty;

std::filesystem::path Folder() {
  return std::filesystem::path(SourceFolder()) / "policies";
}

Policies Shipped() {
  Problems problems;
  Policies policies = LoadPolicyFolder(Folder(), problems);
  EXPECT_EQ(problems.Render(), "");
  return policies;
}

std::vector<Fixture> Cases() {
  Problems problems;
  std::vector<Fixture> cases = LoadFixtures(Folder(), problems);
  EXPECT_EQ(problems.Render(), "");
  return cases;
}

// Of the template whose file of cases it stands in.
std::string OwnerOf(const Fixture& fixture) {
  return std::filesystem::path(fixture.where.file).stem().string();
}

TEST(ShippedPolicies, PassTheirOwnCases) {
  const Policies policies = Shipped();
  for (const Fixture& fixture : Cases()) {
    const FixtureResult result = RunFixture(fixture, policies);
    EXPECT_THAT(result.mistakes, IsEmpty())
        << fixture.where.file << ":" << fixture.where.line << ": " << fixture.name << "\n"
        << result.conditions;
  }
}

TEST(ShippedPolicies, HaveTwoCasesForEachTemplateAndANearMiss) {
  const Policies policies = Shipped();
  std::map<std::string, int> chosen, near;
  for (const Fixture& fixture : Cases()) {
    const std::string owner = OwnerOf(fixture);
    const Template* const t = policies.templates->Find(owner);
    ASSERT_NE(t, nullptr) << fixture.where.file << " is named after no template";
    // A draft is never chosen: its cases say that it would have been.
    const bool draft =
        t->stage == Stage::kDraft && fixture.expected.decision.find("draft") != std::string::npos;
    ++(draft || fixture.expected.template_name == owner ? chosen : near)[owner];
  }
  for (const Template& t : policies.templates->templates()) {
    EXPECT_GE(chosen[t.name], 2) << t.name;
    EXPECT_GE(near[t.name], 1) << t.name;
  }
}

TEST(ShippedPolicies, HaveNoLogThatNoCaseReads) {
  std::string cases;
  for (const auto& entry : std::filesystem::directory_iterator(Folder() / "tests")) {
    if (entry.path().extension() != ".toml") continue;
    const auto text = ReadFile(entry.path(), 1 << 20);
    ASSERT_TRUE(text.ok());
    cases += *text;
  }
  for (const auto& entry : std::filesystem::directory_iterator(Folder() / "tests/logs")) {
    const std::string name = Cat("\"logs/", entry.path().filename().string(), "\"");
    EXPECT_NE(cases.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace regreen
