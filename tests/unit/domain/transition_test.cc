#include "daemon/domain/transition.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace regreen {
namespace {

TEST(Transition, NothingLeavesATerminalState) {
  for (const Transition& t : kTransitions) {
    EXPECT_FALSE(IsTerminal(t.from)) << ToString(t.from) << " → " << ToString(t.to);
  }
}

TEST(Transition, EveryStateButTheFirstIsReached) {
  for (const TaskState state : AllTaskStates()) {
    if (state == TaskState::kHeld) continue;
    EXPECT_TRUE(std::any_of(std::begin(kTransitions), std::end(kTransitions),
                            [&](const Transition& t) { return t.to == state; }))
        << ToString(state);
  }
}

TEST(Transition, AWorkerNeverApproves) {
  static_assert(!IsAllowed(TaskState::kHeld, Mover::kWorker, TaskState::kQueued));
  static_assert(!IsAllowed(TaskState::kReviewing, Mover::kWorker, TaskState::kPublishing));
  static_assert(IsAllowed(TaskState::kReviewing, Mover::kPerson, TaskState::kPublishing));
  static_assert(!IsAllowed(TaskState::kQueued, Mover::kWorker, TaskState::kWatching));
}

TEST(Transition, ClaimableStatesAreThoseAWorkerMoves) {
  for (const TaskState state : AllTaskStates()) {
    const bool moved =
        std::any_of(std::begin(kTransitions), std::end(kTransitions),
                    [&](const Transition& t) { return t.from == state && t.by == Mover::kWorker; });
    const auto claimable = ClaimableStates();
    EXPECT_EQ(moved, std::find(claimable.begin(), claimable.end(), state) != claimable.end())
        << ToString(state);
  }
}

TEST(TaskState, NamesParseBack) {
  for (const TaskState state : AllTaskStates()) EXPECT_EQ(ParseTaskState(ToString(state)), state);
  EXPECT_EQ(ParseTaskState("running"), std::nullopt)
      << "running is not a state: holding a lease is";
}

TEST(RetryBackoff, DoublesFromFiveSecondsToHalfAnHourWithJitter) {
  EXPECT_EQ(RetryBackoff(2, 0), absl::Seconds(5));
  EXPECT_EQ(RetryBackoff(3, 0), absl::Seconds(10));
  EXPECT_EQ(RetryBackoff(30, 0), absl::Minutes(30));
  EXPECT_EQ(RetryBackoff(2, 0.5), absl::Seconds(5.5));
}

}  // namespace
}  // namespace regreen
