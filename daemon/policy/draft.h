// A task that was done once, as a template that may do it again. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/task.h"
#include "daemon/policy/source.h"

namespace regreen {

struct DraftOptions {
  std::string name;                        // of the template
  std::vector<std::string> changed_files;  // of the task's patch: guard paths, when it had none
  std::set<std::string> templates;         // those that there are, for `then`
};

struct Draft {
  PolicySource source;                // TOML, with comments for the person who goes on with it
  std::vector<PolicySource> prompts;  // of its agents' steps, by the names that it calls them
};

// Its stage is draft. [match] asks for what the incident shows, never for the repository: class,
// rule or tool, and the failing command or else the line of the log that named the failure, whose
// text is escaped as RE2. Steps, setup, verification, bounds and inputs are the plan's; a value
// that a stranger may have written is taken from its source again, and never becomes a default.
// What the plan holds as text that was rendered stays as it is, with "{{" taken apart, so that it
// says nothing new. FailedPrecondition: a command of the plan holds "{{", which no template can
// say.
StatusOr<Draft> DraftTemplate(const Task& task, const DraftOptions& options);

// A pattern that matches the text and nothing else where it stands, whatever the repository is
// called: its name, and the parts of it, match any word. "" for a text that no pattern can match.
std::string PatternFor(std::string_view text, std::string_view repo);

}  // namespace regreen
