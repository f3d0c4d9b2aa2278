// What a person decides of a task.
#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/with_store.h"
#include "daemon/base/text.h"
#include "daemon/domain/transition.h"

namespace regreen {
namespace {

int MoveByHand(const TaskArguments& arguments, std::string_view word,
               StatusOr<TaskState> (*target)(const Task&)) {
  return WithStore(arguments.config, [&](Store& store) -> Status {
    ASSIGN_OR_RETURN(const Task task, store.ReadTask(arguments.id));
    ASSIGN_OR_RETURN(const TaskState to, target(task));
    const std::string reason = arguments.reason.empty()
                                   ? Cat(word, " by hand")
                                   : Cat(word, " by hand: ", EscapeControl(arguments.reason));
    RETURN_IF_ERROR(store.Move(task.id, to, reason));
    PrintOut(Cat("task ", task.id, " is ", ToString(to), " now\n"));
    return OkStatus();
  });
}

StatusOr<TaskState> Approved(const Task& task) {
  if (task.state == TaskState::kHeld) return TaskState::kQueued;
  if (task.state == TaskState::kReviewing) return TaskState::kPublishing;
  return InvalidArgument(
      Cat("task ", task.id, " is ", ToString(task.state), ": there is nothing to approve"));
}

StatusOr<TaskState> Rejected(const Task& task) {
  if (task.state == TaskState::kHeld || task.state == TaskState::kReviewing)
    return TaskState::kCancelled;
  return InvalidArgument(Cat("task ", task.id, " is ", ToString(task.state),
                             ": there is nothing to reject; regreen task cancel ends it"));
}

StatusOr<TaskState> ToBeCancelled(const Task& task) {
  if (!IsTerminal(task.state)) return TaskState::kCancelled;
  return InvalidArgument(Cat("task ", task.id, " is over: it is ", ToString(task.state)));
}

}  // namespace

int TaskApprove(const TaskArguments& arguments) {
  return MoveByHand(arguments, "approved", Approved);
}

int TaskReject(const TaskArguments& arguments) {
  return MoveByHand(arguments, "rejected", Rejected);
}

int TaskCancel(const TaskArguments& arguments) {
  return MoveByHand(arguments, "cancelled", ToBeCancelled);
}

}  // namespace regreen
