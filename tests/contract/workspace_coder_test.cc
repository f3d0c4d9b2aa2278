// What is left of workspaces on a Coder server when a daemon is killed, or the server goes away.
#include "daemon/base/file.h"
#include "tests/contract/workspace_contract.h"

namespace regreen {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const ContractKind& TheKind() {
  static const std::vector<ContractKind> kinds = ContractKinds();
  for (const ContractKind& kind : kinds)
    if (std::string_view(kind.name) == "coder") return kind;
  return kinds.front();
}

class CoderLeftovers : public testing::Test {
 protected:
  void SetUp() override {
    options_.directory = git_.NewFolder("workspaces");
    if (const Status set_up = TheKind().set_up(options_, git_); !set_up.ok())
      GTEST_SKIP() << Message(set_up);
    git_.Write("a.txt", "one\n");
    commit_ = git_.Commit("the base");
    mirror_ = git_.CloneBare();
    auto factory = CreateWorkspaceFactory(options_);
    ASSERT_TRUE(factory.ok()) << factory.status();
    factory_ = *std::move(factory);
    CoderOptions own = options_.coder;
    own.client = git_.NewFolder("client");
    engine_ = NewCoderEngine(own);
  }
  StatusOr<std::unique_ptr<Workspace>> Open() {
    return factory_->Open({"task-1", mirror_, commit_}, {});
  }
  std::string Prefix() const {
    return Cat("regreen-", *ReadFile(options_.directory + ".instance", 64), "-");
  }
  // As a daemon that was killed leaves it: made, and held by nobody.
  void Leave(const std::string& name) {
    const WorkspaceSpec spec;
    ASSERT_TRUE(engine_->Create({name, &spec}, {}).ok());
  }

  GitFixture git_;
  WorkspaceOptions options_;
  std::string commit_, mirror_;
  std::unique_ptr<WorkspaceFactory> factory_;
  std::unique_ptr<RemoteEngine> engine_;
};

TEST_F(CoderLeftovers, OfOneDaemonAreEndedAndThoseOfAnotherAreNot) {
  auto living = Open();
  ASSERT_TRUE(living.ok()) << living.status();
  const std::string left = Prefix() + "task1-00000001";
  Leave(left);
  Leave("regreen-zzzzzz-task1-00000001");
  ASSERT_TRUE(factory_->Reap().ok());
  const auto names = *engine_->List("regreen-");
  EXPECT_EQ(names.size(), 2u);
  EXPECT_THAT(names, Contains("regreen-zzzzzz-task1-00000001"));
  EXPECT_THAT(names, Not(Contains(left)));
  ExecSpec spec;
  spec.command = "cat a.txt";
  EXPECT_EQ((*living)->Exec(spec, {})->output, "one\n") << "the one in use is as it was";
  living->reset();
  EXPECT_THAT(*engine_->List("regreen-"), ElementsAre("regreen-zzzzzz-task1-00000001"));
  EXPECT_TRUE(engine_->Destroy("regreen-zzzzzz-task1-00000001").ok());
  EXPECT_THAT(TheKind().problems(), IsEmpty());
}

TEST_F(CoderLeftovers, AreEndedLaterWhenTheServerCannotBeReached) {
  ASSERT_TRUE(factory_->Reap().ok());
  const std::string left = Prefix() + "task1-00000001";
  Leave(left);
  WorkspaceOptions away = options_;
  away.coder.url = "http://127.0.0.1:1";
  const auto cut_off = *CreateWorkspaceFactory(away);
  EXPECT_TRUE(cut_off->Reap().ok()) << "a daemon starts all the same";
  const auto none = cut_off->Open({"task-1", mirror_, commit_}, {});
  EXPECT_TRUE(IsRetryable(none.status())) << none.status();
  EXPECT_THAT(*engine_->List(Prefix()), ElementsAre(left));
  ASSERT_TRUE(factory_->Reap().ok());
  EXPECT_THAT(*engine_->List(Prefix()), IsEmpty());
}

TEST_F(CoderLeftovers, AWorkspaceThatVanishesIsARetry) {
  auto workspace = Open();
  ASSERT_TRUE(workspace.ok()) << workspace.status();
  const auto names = *engine_->List(Prefix());
  ASSERT_EQ(names.size(), 1u);
  EXPECT_THAT(names[0], StartsWith(Prefix() + "task1-"));
  ASSERT_TRUE(engine_->Destroy(names[0]).ok());
  ExecSpec spec;
  spec.command = "true";
  EXPECT_TRUE(IsRetryable((*workspace)->Exec(spec, {}).status()));
  EXPECT_TRUE(IsRetryable((*workspace)->Capture({}).status()));
}

}  // namespace
}  // namespace regreen
