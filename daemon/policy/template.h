// A remediation task template, as read from its TOML file and what that file extends. A value: what
// is wrong with a file is noted as it is read, and nothing of it is used then.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/toml.h"
#include "daemon/domain/plan.h"
#include "daemon/domain/template_record.h"
#include "daemon/policy/predicate.h"

namespace regreen {

// One of [inputs].
struct InputSpec {
  ValueSpec value;
  std::string about;                    // for people
  std::optional<std::string> fallback;  // its default
  std::string from;                     // a source (daemon/policy/input_sources.h); "" for none
  bool required = false;
  bool trusted = true;  // false: a stranger may have written what the source gives
  Position where;
};

// A step as it is written. `run` and `text` are text templates (daemon/policy/texts.h), and a step
// whose `use` is set has only a name and a `when`.
struct TemplateStep : Step {
  std::string use;                                // a template whose steps come here
  std::map<std::string, std::string> use_inputs;  // its inputs → text templates
  std::string prompt;             // kAgent: a file of the policy folder, "prompts/compile.md"
  std::string prompt_file;        // the same, for messages
  std::vector<TomlValue> values;  // as written
  std::size_t scope = 0;          // whose inputs it has: InputScope, 0: the own ones
  Position where, when_where, text_where;  // of the step, its `when`, its command or text
};

// The inputs of a template at the place where it is used.
struct InputScope {
  std::string template_name;
  std::vector<InputSpec> inputs;
  std::size_t parent = 0;                    // the scope that `given` speaks of
  std::map<std::string, std::string> given;  // input → text template
};

// Steps with all that they need, when each step of kind `use` has become those that it names.
struct Ladder {
  std::string template_name;
  std::vector<std::string> setup;
  std::vector<TemplateStep> steps;
  std::vector<InputScope> scopes;  // the first is the template's own
};

struct Template {
  std::string name;   // [a-z0-9-]+, at most 60: a part of a branch name
  std::string title;  // for people; the name when the file has none
  Stage stage = Stage::kSuggest;
  int priority = 0;  // -1000 to 1000; the higher goes first
  bool hold = false, review = false;
  std::vector<std::string> then;  // names of the templates that go on from the proven patch
  Position where;                 // of the name

  std::vector<Condition> match;   // all must hold; each is any of its list
  std::vector<Condition> unless;  // none may hold

  std::vector<InputSpec> inputs;
  std::vector<ValueSpec> outputs;    // that steps may write, in the order of their names; no patch
  std::int64_t patch_max_bytes = 0;  // of the output of type patch; 0: no cap of its own

  std::string workspace;  // kind by config name; empty: the default
  Needs needs;
  std::vector<std::string> setup;
  absl::Duration setup_timeout = absl::Minutes(10);
  std::vector<TemplateStep> steps;  // at least one; with those of used templates once it is loaded
  std::vector<InputScope> scopes;   // of `steps`; of a loaded template only
  std::vector<std::shared_ptr<const Ladder>> chain;  // what `then` means; likewise

  std::string verify_command = "auto";  // or a shell command
  std::string verify_directory;  // below the tree; empty: that of the failing command, or the root
  int verify_runs = 1;           // 1 to 20
  absl::Duration verify_timeout = absl::Minutes(10);

  std::vector<std::string> guard_paths;  // globs; empty: any path not protected
  int guard_max_files = 20;
  int guard_max_lines = 1000;
  std::vector<std::string> guard_allow;  // names of guard rules that do not hold for it

  // Title and body are text templates.
  std::string change_title;  // the template's title when the file has none
  std::string change_body;
  std::vector<std::string> change_labels;
  std::string change_target;  // a branch; empty for "auto"
  bool auto_merge = false;

  Limits limits;
  PromoteGate promote;

  std::vector<TomlValue> values;  // as written, here or in a base; without those of steps
};

// How much a template asks for: the number of its match keys.
inline std::size_t Specificity(const Template& t) {
  return t.match.size();
}

// Where a value was written, by its key path ("change.title"); the name's place for one that was
// not written.
Position PlaceOf(const Template& t, std::string_view path);

// Whether a failing command must be known: something is to be verified, and the template itself
// does not say by what.
bool NeedsFailingCommand(const Template& t);

// Reads one template. Every mistake is noted in `problems` with its place; the value is only good
// when there was none. What it extends, uses or goes on with, and its prompts, are left to the
// loader.
Template ReadTemplate(std::string_view text, const std::string& file, Problems& problems);

// The same for a document that was parsed, and combined with what it extends; its text templates
// are not checked.
Template ReadTemplate(TomlTable root);

// Reads a base: any part of a template but its name. Its values are not needed, its mistakes are.
void CheckBase(TomlTable root);

}  // namespace regreen
