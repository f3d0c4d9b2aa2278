// What a comment asks of regreen. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regreen {

enum class CommentWord { kFix, kRetry, kStop, kContinue, kExplain, kApprove, kUnknown };
std::string_view ToString(CommentWord word);

struct CommentCommand {
  CommentWord word = CommentWord::kUnknown;
  std::string template_name;  // of fix: [a-z0-9-], as templates are called; "" for none
  bool operator==(const CommentCommand&) const = default;
};

// A line that begins with "/regreen" is a command; at most the first three of a comment. Lines of
// quotes and of code blocks, and what stands in the middle of a line, are none.
std::vector<CommentCommand> ReadCommands(std::string_view comment);

}  // namespace regreen
