#include "daemon/domain/persons_move.h"

#include <gtest/gtest.h>

#include "daemon/domain/transition.h"

namespace regreen {
namespace {

TEST(PersonsMove, LeadsOnlyWhereTheTableAllows) {
  for (const TaskState state : AllTaskStates()) {
    Task task;
    task.id = "0a";
    task.state = state;
    for (const PersonsWord word :
         {PersonsWord::kApprove, PersonsWord::kReject, PersonsWord::kCancel}) {
      const auto to = StateAfter(word, task);
      const bool waits = state == TaskState::kHeld || state == TaskState::kReviewing;
      EXPECT_EQ(to.ok(), word == PersonsWord::kCancel ? !IsTerminal(state) : waits)
          << ToString(state) << " " << ToString(word);
      if (to.ok())
        EXPECT_TRUE(IsAllowed(state, Mover::kPerson, *to)) << ToString(state);
      else
        EXPECT_EQ(to.status().code(), StatusCode::kInvalidArgument);
    }
  }
}

TEST(PersonsMove, SaysWhoAndWhyOnOneLine) {
  EXPECT_EQ(ReasonOf(PersonsWord::kApprove, "", ""), "approved by hand");
  EXPECT_EQ(ReasonOf(PersonsWord::kCancel, "alice", "a\nb"), "cancelled by hand by alice: a\\x0ab");
  EXPECT_LT(ReasonOf(PersonsWord::kReject, "", std::string(100'000, 'x')).size(), 3'000u);
  EXPECT_EQ(ParsePersonsWord("approve"), PersonsWord::kApprove);
  EXPECT_EQ(ParsePersonsWord("approved"), std::nullopt);
}

}  // namespace
}  // namespace regreen
