#include "daemon/domain/persons_move.h"

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestName = 100, kLongestReason = 2'000;

struct Word {
  PersonsWord word;
  std::string_view name, done;
};
constexpr Word kWords[] = {
    {PersonsWord::kApprove, "approve", "approved"},
    {PersonsWord::kReject, "reject", "rejected"},
    {PersonsWord::kCancel, "cancel", "cancelled"},
};

Status Nothing(const Task& task, std::string_view what) {
  return InvalidArgument(Cat("task ", task.id, " is ", ToString(task.state), ": ", what));
}

}  // namespace

std::string_view ToString(PersonsWord word) {
  return kWords[static_cast<std::size_t>(word)].name;
}

std::optional<PersonsWord> ParsePersonsWord(std::string_view name) {
  for (const Word& word : kWords) {
    if (word.name == name) return word.word;
  }
  return std::nullopt;
}

StatusOr<TaskState> StateAfter(PersonsWord word, const Task& task) {
  const bool waits = task.state == TaskState::kHeld || task.state == TaskState::kReviewing;
  switch (word) {
    case PersonsWord::kApprove:
      if (!waits) return Nothing(task, "there is nothing to approve");
      return task.state == TaskState::kHeld ? TaskState::kQueued : TaskState::kPublishing;
    case PersonsWord::kReject:
      if (!waits) return Nothing(task, "there is nothing to reject; regreen task cancel ends it");
      return TaskState::kCancelled;
    case PersonsWord::kCancel:
      if (IsTerminal(task.state)) return Nothing(task, "it is over");
      return TaskState::kCancelled;
  }
  return Internal("a person said nothing that is known");
}

std::string ReasonOf(PersonsWord word, std::string_view by, std::string_view reason) {
  std::string out = Cat(kWords[static_cast<std::size_t>(word)].done, " by hand");
  if (!by.empty()) Append(out, " by ", EscapeControl(Truncate(by, kLongestName)));
  if (!reason.empty()) Append(out, ": ", EscapeControl(Truncate(reason, kLongestReason)));
  return out;
}

}  // namespace regreen
