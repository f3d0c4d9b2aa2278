// What a change says of itself. Everything that comes from logs, jobs, branches and commands is
// hostile: it stands in fenced blocks or as plain words, without mentions, HTML, links or closing
// keywords. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "daemon/domain/task.h"

namespace regreen {

// One line of plain words for a title or a commit message.
std::string PlainWords(std::string_view untrusted, std::size_t max_bytes);
// A Markdown code block whose fence no line of the text can close.
std::string FencedBlock(std::string_view untrusted, std::size_t max_bytes);

// A code span that nothing in the text can end.
std::string CodeSpan(std::string_view untrusted);
// What failed, where, and the lines of the log that say so.
std::string FailureText(const Task& task);

struct ProofText {
  std::string command;  // that was red and is green
  int red_exit_code = 0;
  int runs = 1;
  std::string step;   // the rung that did it
  std::string agent;  // which made the patch; "" for none
  int rounds = 0;     // in how many
  double usd = 0;     // what the task's model calls cost; 0: nothing
};

std::string ChangeTitle(const Task& task);
std::string ChangeBody(const Task& task, const Patch& patch, const ProofText& proof);
std::string CommitMessage(const Task& task, const ProofText& proof);
// The branch that the change is to be merged into: the template's, or the one that was red.
std::string TargetOf(const Task& task);
// regreen/<template>-<8 digits of fingerprint and target>: one branch for a failure, a template and
// a target, so that the repair of a pull request and that of its base do not overwrite each other.
std::string BranchName(const Task& task);

}  // namespace regreen
