#include "adapters/workspace/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"

namespace regreen {
namespace {

using testing::ElementsAre;

struct Asked {
  std::vector<std::string> opened, reaped;
};

// Opens nothing: says who was asked.
struct FakeFactory final : WorkspaceFactory {
  FakeFactory(std::string own, Asked& all) : name(std::move(own)), asked(all) {}
  Status Probe() override { return probe; }
  StatusOr<std::unique_ptr<Workspace>> Open(const WorkspaceSpec&, std::stop_token) override {
    asked.opened.push_back(name);
    return std::unique_ptr<Workspace>();
  }
  StatusOr<std::unique_ptr<Workspace>> Reopen(const WorkspaceSpec&, std::stop_token) override {
    if (reopen.ok()) return std::unique_ptr<Workspace>();
    return reopen;
  }
  Status Reap() override {
    asked.reaped.push_back(name);
    return reap;
  }
  std::string name;
  Asked& asked;
  Status probe, reap, reopen = NotFound("none of the task");
};

class WorkspaceChoiceTest : public testing::Test {
 protected:
  WorkspaceChoiceTest() {
    auto first = std::make_unique<FakeFactory>("first", asked_);
    auto second = std::make_unique<FakeFactory>("second", asked_);
    first_ = first.get();
    second_ = second.get();
    std::vector<NamedWorkspaces> all;
    all.push_back({"sandbox", std::move(first)});
    all.push_back({"farm", std::move(second)});
    choice_ = NewWorkspaceChoice(std::move(all));
  }
  Status Open(const std::string& name) {
    WorkspaceSpec spec;
    spec.workspace = name;
    return choice_->Open(spec, {}).status();
  }

  Asked asked_;
  FakeFactory *first_, *second_;
  std::unique_ptr<WorkspaceFactory> choice_;
};

TEST_F(WorkspaceChoiceTest, OpensTheOneThatATaskWasPlannedFor) {
  EXPECT_TRUE(Open("farm").ok());
  EXPECT_TRUE(Open("sandbox").ok());
  EXPECT_TRUE(Open("").ok());
  EXPECT_THAT(asked_.opened, ElementsAre("second", "first", "first"));
}

TEST_F(WorkspaceChoiceTest, OpensNoOtherInsteadOfOneThatIsGone) {
  EXPECT_EQ(Open("removed").code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(asked_.opened.empty());
}

TEST_F(WorkspaceChoiceTest, ServesAsLongAsOneOfThemCan) {
  EXPECT_TRUE(choice_->Probe().ok());
  second_->probe = FailedPrecondition("no ssh");
  EXPECT_TRUE(choice_->Probe().ok());
  first_->probe = FailedPrecondition("no bwrap");
  EXPECT_EQ(Message(choice_->Probe()), "no bwrap");
}

TEST_F(WorkspaceChoiceTest, ReapsAllAlsoAfterOneFailed) {
  first_->reap = Unavailable("the disk is away");
  const Status status = choice_->Reap();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(Message(status), testing::HasSubstr("sandbox"));
  EXPECT_THAT(asked_.reaped, ElementsAre("first", "second"));
}

TEST_F(WorkspaceChoiceTest, OpensAgainWhereverItWasKept) {
  EXPECT_EQ(choice_->Reopen({}, {}).status().code(), StatusCode::kNotFound);
  first_->reopen = FailedPrecondition("this kind keeps nothing");
  EXPECT_EQ(choice_->Reopen({}, {}).status().code(), StatusCode::kNotFound);
  second_->reopen = OkStatus();
  EXPECT_TRUE(choice_->Reopen({}, {}).ok());
  first_->reopen = Unavailable("somebody has it open");
  EXPECT_EQ(choice_->Reopen({}, {}).status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace regreen
