// Commands in comments: who may give them, which task they mean, what is answered.
#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "daemon/domain/persons_move.h"
#include "daemon/pipeline/change_text.h"
#include "daemon/pipeline/collect.h"
#include "daemon/pipeline/comment_commands.h"
#include "daemon/ports/forge_comments.h"

namespace regreen {
namespace {

constexpr int kTasksRead = 200;
constexpr std::size_t kMostReason = 3000;
constexpr std::string_view kHint =
    "The commands are `/regreen fix [template]`, `retry`, `stop`, `continue`, `explain` and "
    "`approve`, each at the beginning of a line.";
constexpr std::string_view kNoTask =
    "No task of regreen belongs to this, so there is nothing to be done with it.";

struct Answer {
  bool done = false;
  std::string sentence;  // Markdown, safe; "": the reaction says it
  std::string recorded;  // for the decision, where it is not the sentence
};

Answer Refused(std::string sentence) {
  return {false, std::move(sentence), ""};
}

std::string TaskName(const Task& task) {
  return Cat("Task `", task.id, "`");
}

// One comment, while it is answered. Everything it does is found again when it is done again.
class Commented {
 public:
  Commented(const Collector& collector, const CollectDependencies& deps,
            const CommentEvent& comment, const CommentedChange& change, std::stop_token stop)
      : collector_(collector),
        deps_(deps),
        comment_(comment),
        change_(change),
        stop_(std::move(stop)),
        by_(Cat(comment.author, " at ", comment.forge)),
        mark_(Cat("comment ", comment.id)) {}

  // The change's own task, or else the newest of its pull request or head.
  Status FindTask() {
    TaskFilter filter;
    filter.repo = comment_.repo;
    filter.limit = kTasksRead;
    ASSIGN_OR_RETURN(const std::vector<Task> tasks, deps_.records->ListTasks(filter));
    if (!comment_.on_change) return OkStatus();
    const auto is_own = [&](const Task& task) {
      return task.change && task.change->number == comment_.number;
    };
    const auto is_of_head = [&](const Task& task) {
      const RunFacts& run = task.incident.run;
      return run.pull_request == comment_.number || run.commit == change_.head_commit;
    };
    ASSIGN_OR_RETURN(task_, Newest(tasks, is_own));
    own_ = task_.has_value();
    if (own_) return OkStatus();
    ASSIGN_OR_RETURN(task_, Newest(tasks, is_of_head));
    return OkStatus();
  }

  StatusOr<Answer> Follow(const CommentCommand& command, std::size_t index) {
    // The command before may have moved it.
    if (task_) {
      ASSIGN_OR_RETURN(task_, deps_.records->ReadTask(task_->id));
    }
    switch (command.word) {
      case CommentWord::kFix:
        return Fix(command.template_name, index);
      case CommentWord::kRetry:
        return Retry(index);
      case CommentWord::kStop:
        return Move(PersonsWord::kCancel);
      case CommentWord::kContinue:
        return Continue(index);
      case CommentWord::kExplain:
        return Explain();
      case CommentWord::kApprove:
        return Move(PersonsWord::kApprove);
      case CommentWord::kUnknown:
        return Refused(std::string(kHint));
    }
    return Internal("a comment said nothing that is known");
  }

  std::string task_id() const { return task_ ? task_->id : ""; }

 private:
  // What this very comment made before a crash is not what it is about.
  template <class Fits>
  StatusOr<std::optional<Task>> Newest(const std::vector<Task>& tasks, Fits fits) const {
    for (const Task& task : tasks) {
      if (task.incident.run.key.forge != comment_.forge || !fits(task)) continue;
      ASSIGN_OR_RETURN(const auto first, deps_.records->ReadTimelineAfter(task.id, 0, 1));
      if (first.empty() || !first.front().message.ends_with(MadeBy())) return std::optional(task);
    }
    return std::optional<Task>();
  }
  std::string MadeBy() const { return Cat(", by ", mark_); }

  StatusOr<Answer> Move(PersonsWord word) {
    if (!task_) return Refused(std::string(kNoTask));
    const Task& task = *task_;
    const auto to = StateAfter(word, task);
    Status moved = to.status();
    if (to.ok()) moved = deps_.tasks->Move(task.id, *to, ReasonOf(word, by_, mark_));
    if (moved.ok()) return Answer{true, "", ""};
    if (moved.code() != StatusCode::kInvalidArgument) return moved;
    // What this very comment did before a crash is no refusal.
    ASSIGN_OR_RETURN(const auto timeline, deps_.records->ReadTimeline(task.id));
    for (const TimelineEntry& entry : timeline) {
      if (entry.message.ends_with(ReasonOf(word, by_, mark_))) return Answer{true, "", ""};
    }
    return Refused(
        Cat(TaskName(task), " is ", ToString(task.state), ": ",
            word == PersonsWord::kApprove ? "there is nothing to approve." : "it is over."));
  }

  StatusOr<Answer> Retry(std::size_t index) {
    if (!task_) return Refused(std::string(kNoTask));
    const TaskState state = task_->state;
    const bool again = state == TaskState::kFailed || state == TaskState::kUnreproducible ||
                       state == TaskState::kCancelled || state == TaskState::kDeclined ||
                       state == TaskState::kReported;
    if (!again) {
      return Refused(Cat(TaskName(*task_), " is ", ToString(state), ": ",
                         state == TaskState::kYielded ? "`continue` goes on from what is there now."
                         : IsTerminal(state)          ? "there is nothing to be tried again."
                                                      : "it is at work already."));
    }
    HandTask task;
    task.incident = task_->incident;
    task.incident.id.clear();
    task.plan = task_->plan;
    task.plan.limits.cooldown = absl::ZeroDuration();  // a person asks
    task.hold = task.plan.hold || task.incident.run.from_fork;
    task.reason = Cat("by hand by ", by_, ": task ", task_->id, " again", MadeBy());
    return Create(std::move(task), index);
  }

  StatusOr<Answer> Fix(const std::string& template_name, std::size_t index) {
    ByHand asked;
    if (auto refused = PlaceIt(asked)) return *std::move(refused);
    asked.template_name = template_name;
    if (task_) {
      const Evidence& evidence = task_->incident.evidence;
      asked.command = evidence.command;
      asked.directory = evidence.directory;
      for (const EvidenceLine& line : evidence.lines) Append(asked.log, line.text, "\n");
    }
    if (template_name.empty() && asked.log.empty())
      return Refused("No failure of this is known: name the template that is to be used.");
    if (!template_name.empty() &&
        deps_.policies->Current()->templates->Find(template_name) == nullptr)
      return Refused("There is no template of that name.");
    return Prepare(asked, index);
  }

  // A person has pushed to our branch; what is there now is worked on, and what comes of it goes
  // into that branch by a change of its own.
  StatusOr<Answer> Continue(std::size_t index) {
    if (!task_) return Refused(std::string(kNoTask));
    ByHand asked;
    if (auto refused = PlaceIt(asked)) return *std::move(refused);
    if (!own_ || task_->state != TaskState::kYielded) {
      return Refused(Cat(TaskName(*task_), " is ", ToString(task_->state),
                         ": only a task that left its change to a person can go on from there."));
    }
    asked.template_name = task_->plan.template_name;
    if (deps_.policies->Current()->templates->Find(asked.template_name) == nullptr)
      return Refused("The template of its task is not there any more.");
    asked.command = task_->incident.evidence.command;
    asked.directory = task_->incident.evidence.directory;
    for (const EvidenceLine& line : task_->incident.evidence.lines)
      Append(asked.log, line.text, "\n");
    return Prepare(asked, index);
  }

  StatusOr<Answer> Explain() {
    if (!task_) return Refused(std::string(kNoTask));
    ASSIGN_OR_RETURN(const auto timeline, deps_.records->ReadTimelineAfter(task_->id, 0, 1));
    std::string text = Cat(TaskName(*task_), " is ", ToString(task_->state),
                           ". It works by template ", CodeSpan(task_->plan.template_name), " on ",
                           CodeSpan(task_->incident.evidence.signature), ".");
    if (!timeline.empty())
      Append(text, " Why this one, and why not others:\n\n",
             FencedBlock(timeline.front().message, kMostReason));
    return Answer{true, std::move(text), "explained"};
  }

  // Where a new task works: the head of the change as it is now. A refusal where it cannot.
  std::optional<Answer> PlaceIt(ByHand& asked) const {
    if (!comment_.on_change)
      return Refused("An issue has no code: give this command on a pull or merge request.");
    if (!change_.open) return Refused("It is closed: there is nothing to be repaired.");
    if (change_.from_fork)
      return Refused("It comes from a fork, and forks are not worked on by command.");
    asked.by = by_;
    asked.forge = comment_.forge;
    asked.repo = comment_.repo;
    asked.ref = Cat("refs/heads/", change_.head_branch);
    return std::nullopt;
  }

  StatusOr<Answer> Prepare(const ByHand& asked, std::size_t index) {
    auto prepared = collector_.PrepareByHand(asked, stop_);
    if (!prepared.ok() &&
        (IsRetryable(prepared.status()) || prepared.status().code() == StatusCode::kCancelled))
      return prepared.status();
    if (!prepared.ok()) {
      return Answer{false, "No task could be made of it; its decision in regreen says why.",
                    Message(prepared.status())};
    }
    HandTask task = ToHandTask(*std::move(prepared), by_);
    task.reason += MadeBy();
    return Create(std::move(task), index);
  }

  std::string KeyOf(std::size_t index) const {
    return Cat("comment-", comment_.forge, "-", comment_.id, "-", index);
  }

  StatusOr<Answer> Create(HandTask task, std::size_t index) {
    task.by = by_;
    task.idempotency_key = KeyOf(index);
    task.request_digest = Sha256Hex(task.idempotency_key);
    const bool held = task.hold;
    ASSIGN_OR_RETURN(const CreatedTask made, deps_.tasks->CreateByHand(task));
    return Answer{
        true, Cat("Task `", made.id, "` begins", held ? " once a person approves it." : "."), ""};
  }

  const Collector& collector_;
  const CollectDependencies& deps_;
  const CommentEvent& comment_;
  const CommentedChange& change_;
  const std::stop_token stop_;
  const std::string by_, mark_;
  std::optional<Task> task_;
  bool own_ = false;  // the comment is on the change of the task
};

// A refusal to be told is no reason to do it all again.
Status Unless(const Status& status, std::string& trouble) {
  if (status.ok() || IsRetryable(status) || status.code() == StatusCode::kCancelled) return status;
  Append(trouble, "; it could not be answered: ", Message(status));
  return OkStatus();
}

}  // namespace

StatusOr<DeliveryOutcome> Collector::CollectComment(const Delivery& delivery,
                                                    const CommentEvent& comment,
                                                    std::stop_token stop) const {
  DeliveryOutcome outcome;
  const std::string where = Cat("comment ", comment.id, " on ", comment.repo, " ", comment.number,
                                " by ", EscapeControl(Truncate(comment.author, 100)));
  const auto decide = [&](std::string kind, const std::string& text, const std::string& task) {
    Decision decision = DecideOn(delivery, "", std::move(kind), Cat(where, ": ", text));
    decision.task_id = task;
    outcome.decisions.push_back(std::move(decision));
  };
  const auto forge = deps_.adapters->forges.find(comment.forge);
  ForgeComments* const comments =
      forge == deps_.adapters->forges.end() ? nullptr : forge->second->comments();
  const std::vector<CommentCommand> commands = ReadCommands(comment.body);
  if (comments == nullptr || deps_.tasks == nullptr || commands.empty()) {
    decide("ignored", "commands are not followed there, or it holds none", "");
    return outcome;
  }
  ASSIGN_OR_RETURN(const bool may, comments->MayWrite(comment, stop));
  if (!may) {
    decide("ignored", "who may not write to the repository gives no commands", "");
    return outcome;
  }
  CommentedChange change;
  if (comment.on_change) {
    ASSIGN_OR_RETURN(change, comments->ReadCommented(comment, stop));
  }
  Commented answering(*this, deps_, comment, change, stop);
  RETURN_IF_ERROR(answering.FindTask());
  bool done = true, hinted = false;
  std::string body, trouble;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    ASSIGN_OR_RETURN(const Answer answer, answering.Follow(commands[i], i));
    done = done && answer.done;
    const std::string word(ToString(commands[i].word));
    const bool again = commands[i].word == CommentWord::kUnknown && std::exchange(hinted, true);
    if (!answer.sentence.empty() && !again)
      Append(body, body.empty() ? "" : "\n\n", answer.sentence);
    const std::string& said = answer.recorded.empty() ? answer.sentence : answer.recorded;
    decide("command",
           Cat(word, answer.done ? " is done" : " is refused", said.empty() ? "" : Cat(": ", said)),
           answering.task_id());
  }
  RETURN_IF_ERROR(
      Unless(comments->React(comment, done ? Reaction::kDone : Reaction::kRefused, stop), trouble));
  if (!body.empty()) {
    const Status told = comments->Reply(comment, body, Cat("comment-", comment.id), stop).status();
    RETURN_IF_ERROR(Unless(told, trouble));
  }
  if (!trouble.empty()) outcome.decisions.back().reason += trouble;
  return outcome;
}

}  // namespace regreen
