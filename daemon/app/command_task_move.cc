// What a person decides of a task.
#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/with_store.h"
#include "daemon/base/text.h"
#include "daemon/domain/persons_move.h"

namespace regreen {
namespace {

int MoveByHand(const TaskArguments& arguments, PersonsWord word) {
  return WithStore(arguments.config, [&](Store& store) -> Status {
    ASSIGN_OR_RETURN(const Task task, store.ReadTask(arguments.id));
    ASSIGN_OR_RETURN(const TaskState to, StateAfter(word, task));
    RETURN_IF_ERROR(store.Move(task.id, to, ReasonOf(word, OwnUserName(), arguments.reason)));
    PrintOut(Cat("task ", task.id, " is ", ToString(to), " now\n"));
    return OkStatus();
  });
}

}  // namespace

int TaskApprove(const TaskArguments& arguments) {
  return MoveByHand(arguments, PersonsWord::kApprove);
}

int TaskReject(const TaskArguments& arguments) {
  return MoveByHand(arguments, PersonsWord::kReject);
}

int TaskCancel(const TaskArguments& arguments) {
  return MoveByHand(arguments, PersonsWord::kCancel);
}

}  // namespace regreen
