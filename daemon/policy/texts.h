// The texts of a template that hold Mustache. Every one may name the template's inputs, and
//   signature class repo branch job command exit_code tool template
// and prompts and reports also
//   evidence  failed_tests  diagnostics   blocks of lines, each put on lines of its own
//   history                               a sentence of what came before
// A section is shown when its value is neither empty nor "false".
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/incident.h"
#include "daemon/policy/template.h"

namespace regreen {

// Where a text goes, and so what values become in it.
enum class TextKind {
  kTitle,    // of a change: one line; values defused
  kBody,     // of a change, Markdown: values defused
  kReport,   // Markdown: values defused, blocks fenced
  kPrompt,   // of an agent: what strangers wrote as code spans, blocks fenced and marked as data
  kCommand,  // shell: values quoted, so they stand outside of quotes; only trusted ones
  kInput,    // of a template that is used: values as they are
};

struct TextValue {
  std::string text;
  bool trusted = false;
};
using TextValues = std::map<std::string, TextValue>;

// Whether texts have a variable of this name by themselves.
bool IsTextVariable(std::string_view name);
// The same, and no stranger writes it.
bool IsTrustedVariable(std::string_view name);

struct TextMistake {
  std::string message;
  std::size_t at = 0;  // byte in the text
};
// Everything that is wrong with a text of a template with these inputs.
std::vector<TextMistake> TextMistakes(TextKind kind, std::string_view text,
                                      std::span<const InputSpec> inputs);

// The variables that a text names; it must have no mistake.
std::vector<std::string> NamesIn(std::string_view text);

// What texts have by themselves. Whatever strangers wrote in it is made harmless by RenderText.
TextValues CommonValues(const Incident& incident, const std::string& template_name,
                        const std::string& command);

// FailedPrecondition, with `what` as its subject ("the title"): it renders to nothing or beyond its
// cap, or a value that is not trusted would stand in a command.
StatusOr<std::string> RenderText(TextKind kind, std::string_view text, const TextValues& values,
                                 std::string_view what);

// "REGREEN_INPUT_CAUSE" for "cause".
std::string InputVariable(std::string_view name);

}  // namespace regreen
