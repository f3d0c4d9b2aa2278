#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "adapters/forge/registry.h"

namespace regreen {
namespace {

// A remote by its branches, each a line of commits from the oldest to the tip.
struct FakeMirror final : Mirror {
  std::map<std::string, std::vector<std::string>> branches;
  std::set<std::string> kept;  // commits that no branch leads to any more

  StatusOr<std::string> Ensure(const GitRemote&, const std::string& commit,
                               std::stop_token) override {
    for (const auto& [name, commits] : branches) {
      if (std::find(commits.begin(), commits.end(), commit) != commits.end())
        return std::string("folder");
    }
    if (kept.count(commit) != 0) return std::string("folder");
    return NotFound("no such commit");
  }
  StatusOr<std::optional<std::string>> RemoteTip(const GitRemote& remote, const std::string& branch,
                                                 std::stop_token) override {
    if (remote.url != "/srv/widget.git") return Unavailable("no such remote");
    const auto found = branches.find(branch);
    if (found == branches.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second.back());
  }
  StatusOr<ResolvedRef> Resolve(const GitRemote&, const std::string&, std::stop_token) override {
    return NotFound("no ref");
  }
  StatusOr<std::string> ReadFileAt(const std::string&, const std::string&, const std::string&,
                                   std::size_t) override {
    return NotFound("no such file");
  }
  StatusOr<std::vector<std::string>> ChangedPaths(const std::string&, const std::string&,
                                                  std::size_t) override {
    return std::vector<std::string>();
  }
  StatusOr<std::vector<std::pair<std::string, std::string>>> ReadFolderAt(
      const std::string&, const std::string&, const std::string&, const FolderLimits&) override {
    return NotFound("no such folder");
  }
  StatusOr<bool> Contains(const std::string&, const std::string& tip,
                          const std::string& commit) override {
    for (const auto& [name, commits] : branches) {
      if (commits.back() == tip)
        return std::find(commits.begin(), commits.end(), commit) != commits.end();
    }
    return NotFound("no such tip");
  }
};

struct Fixture {
  FakeMirror mirror;
  std::unique_ptr<Forge> forge;

  Fixture() {
    ForgeOptions options;
    options.kind = "git";
    options.remotes = {{"acme/widget", "/srv/widget.git"}};
    auto created = CreateForge(options, {nullptr, &mirror, nullptr});
    EXPECT_TRUE(created.ok()) << created.status();
    forge = std::move(created).value();
    mirror.branches = {{"main", {"c1", "c2"}}, {"regreen/x", {"c1", "c2", "fix"}}};
  }

  StatusOr<ChangeState> ReadChange() {
    return forge->ReadChange({"git", "acme/widget", 0}, {"regreen/x", "main", "fix"}, {});
  }
};

RunHint Hint() {
  RunHint hint;
  hint.key = {"git", "acme/widget", "7", 1};
  hint.foreign = true;
  hint.branch = "main";
  hint.commit = "c2";
  hint.workflow = "nightly";
  hint.step = "make";
  return hint;
}

TEST(GitForge, CompletesAForeignRunByItsBranch) {
  Fixture f;
  const auto facts = f.forge->ReadRun(Hint(), {});
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_TRUE(facts->completed && facts->failed && !facts->superseded) << facts->superseded_why;
  EXPECT_EQ(facts->base_branch, "main");
  ASSERT_EQ(facts->jobs.size(), 1u);
  EXPECT_EQ(facts->jobs[0].name, "nightly");
  EXPECT_EQ(facts->jobs[0].failed_step, "make");
  EXPECT_TRUE(facts->jobs[0].failed);
}

TEST(GitForge, SaysWhyARunIsSuperseded) {
  Fixture f;
  f.mirror.branches["main"].push_back("c3");
  auto facts = f.forge->ReadRun(Hint(), {});
  ASSERT_TRUE(facts.ok());
  EXPECT_TRUE(facts->superseded);
  EXPECT_EQ(facts->superseded_why, "the branch main has moved on to c3");
  f.mirror.branches.erase("main");
  facts = f.forge->ReadRun(Hint(), {});
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->superseded_why, "there is no branch main any more");
}

TEST(GitForge, KnowsNoRunsAndNoLogsOfItsOwn) {
  Fixture f;
  RunHint hint = Hint();
  hint.foreign = false;
  EXPECT_EQ(f.forge->ReadRun(hint, {}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(f.forge->ReadLog(Hint(), {}, {}).status().code(), StatusCode::kNotFound);
}

TEST(GitForge, TakesThePushedBranchForTheChange) {
  Fixture f;
  ChangeRequest request;
  request.repo = "acme/widget";
  request.branch = "regreen/x";
  const auto change = f.forge->EnsureChange(request, {});
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->number, 0);
  EXPECT_EQ(change->link, "regreen/x on /srv/widget.git");
}

TEST(GitForge, ReadsWhatBecameOfTheBranch) {
  using Kind = ChangeState::Kind;
  Fixture f;
  EXPECT_EQ(f.ReadChange()->kind, Kind::kOpen);
  EXPECT_EQ(f.ReadChange()->head, "fix");

  f.mirror.branches["regreen/x"].push_back("someone's");
  EXPECT_EQ(f.ReadChange()->head, "someone's");

  f.mirror.branches["main"] = {"c1", "c2", "fix"};
  EXPECT_EQ(f.ReadChange()->kind, Kind::kMerged);

  f.mirror.branches["main"] = {"c1", "c2", "fix", "merge"};
  f.mirror.branches.erase("regreen/x");
  EXPECT_EQ(f.ReadChange()->kind, Kind::kMerged);

  f.mirror.branches["main"] = {"c1", "c2"};
  EXPECT_EQ(f.ReadChange()->kind, Kind::kClosed);
  f.mirror.kept.insert("fix");
  EXPECT_EQ(f.ReadChange()->kind, Kind::kClosed);

  f.mirror.branches.erase("main");
  EXPECT_EQ(f.ReadChange()->kind, Kind::kClosed);
}

TEST(GitForge, RefusesARepositoryThatTheConfigDoesNotName) {
  Fixture f;
  EXPECT_EQ(f.forge->Remote("acme/other").status().code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(f.forge->Remote("acme/widget")->url, "/srv/widget.git");
}

TEST(GitForge, NamesEveryMistakeOfItsRemotes) {
  ForgeOptions options;
  options.kind = "git";
  EXPECT_EQ(CreateForge(options, {}).status().code(), StatusCode::kInvalidArgument);
  options.remotes = {{"a/relative", "srv/x.git"},
                     {"a/ssh", "ssh://git@h/x"},
                     {"a/secret", "https://u:p4ss@h/x"},
                     {"a/good", "https://h/x.git"}};
  const Status status = CreateForge(options, {}).status();
  ASSERT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(Message(status).find("a/relative"), std::string::npos);
  EXPECT_NE(Message(status).find("a/ssh"), std::string::npos);
  EXPECT_NE(Message(status).find("a/secret"), std::string::npos);
  EXPECT_EQ(Message(status).find("a/good"), std::string::npos);
  EXPECT_EQ(Message(status).find("p4ss"), std::string::npos);
}

}  // namespace
}  // namespace regreen
