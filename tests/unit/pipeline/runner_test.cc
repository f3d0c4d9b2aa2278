#include "daemon/pipeline/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/domain/transition.h"
#include "tests/support/samples.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

TEST(AfterError, ARetryableErrorIsTriedAgainWithBackoff) {
  const TaskUpdate update = AfterError(SampleTask(), Unavailable("the forge is away"), 0);
  EXPECT_EQ(update.to, TaskState::kRepairing);
  EXPECT_TRUE(update.retry);
  EXPECT_EQ(update.delay, absl::Seconds(5));
  EXPECT_THAT(update.reason, HasSubstr("the forge is away"));
}

TEST(AfterError, WaitsAsLongAsTheServerAskedAndCountsNoAttempt) {
  Task task = SampleTask();
  task.attempt = kMaxAttempts;
  const TaskUpdate update = AfterError(task, ResourceExhausted("slow down", absl::Minutes(9)), 0);
  EXPECT_EQ(update.to, TaskState::kRepairing);
  EXPECT_EQ(update.delay, absl::Minutes(9));
  EXPECT_TRUE(update.put_off);
  EXPECT_FALSE(update.retry);
  EXPECT_THAT(update.reason, HasSubstr("slow down"));
}

TEST(AfterError, APermanentErrorFailsTheTaskVisibly) {
  const TaskUpdate update = AfterError(SampleTask(), NotFound("the repository is gone"), 0);
  EXPECT_EQ(update.to, TaskState::kFailed);
  EXPECT_EQ(update.reason, "the repository is gone");
}

TEST(AfterError, AttemptsAreSpentInTheEnd) {
  Task task = SampleTask();
  task.attempt = kMaxAttempts;
  EXPECT_EQ(AfterError(task, Unavailable("away"), 0).to, TaskState::kFailed);
  task.state = TaskState::kWatching;
  EXPECT_EQ(AfterError(task, Unavailable("away"), 0).to, TaskState::kWatching)
      << "an open change is not given up";
}

TEST(AfterError, AMissingSandboxIsWaitedFor) {
  EXPECT_TRUE(AfterError(SampleTask(), FailedPrecondition("no user namespaces"), 0).retry);
}

TEST(ProofJson, ReadsBackAndChecksTheDigest) {
  Proof proof{SamplePatch(), "step", 2, "cheap", 3};
  const auto read = ProofFromJson(ProofToJson(proof), proof.patch.bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->step, "step");
  EXPECT_EQ(read->red_exit_code, 2);
  EXPECT_EQ(read->agent, "cheap");
  EXPECT_EQ(read->rounds, 3);
  EXPECT_EQ(read->patch.files[0].path, "table.txt");
  EXPECT_EQ(ProofFromJson(ProofToJson(proof), proof.patch.bytes + " ").status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace regreen
