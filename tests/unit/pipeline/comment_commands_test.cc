#include "daemon/pipeline/comment_commands.h"

#include <gmock/gmock.h>

namespace regreen {
namespace {

std::string Read(std::string_view comment) {
  std::string text;
  for (const CommentCommand& command : ReadCommands(comment)) {
    if (!text.empty()) text += ", ";
    text += ToString(command.word);
    if (!command.template_name.empty()) text += ":" + command.template_name;
  }
  return text;
}

struct Case {
  const char* name;
  const char* comment;
  const char* commands;
};

TEST(CommentCommands, AreLinesThatBeginWithTheName) {
  const Case cases[] = {
      {"each word", "/regreen fix\n/regreen retry\n/regreen stop", "fix, retry, stop"},
      {"the others", "/regreen continue\r\n/regreen explain\r\n/regreen approve\r\n",
       "continue, explain, approve"},
      {"a template", "  /regreen   FIX  stale-table ", "fix:stale-table"},
      {"beside text", "Please:\n/regreen retry\nThanks!", "retry"},
      {"at most three", "/regreen stop\n/regreen stop\n/regreen stop\n/regreen fix",
       "stop, stop, stop"},
      {"nothing", "", ""},
      {"the middle of a line", "I said /regreen stop", ""},
      {"another word", "/regreener stop\n/regreens", ""},
      {"a quote", "> /regreen stop", ""},
      {"a quote without a space", ">/regreen stop\n>> /regreen fix", ""},
      {"a quote's lazy line", "> somebody said\n/regreen stop", ""},
      {"after a quote", "> somebody said\n\n/regreen stop", "stop"},
      {"a fence", "```\n/regreen stop\n```", ""},
      {"a fence of tildes", "~~~sh\n/regreen stop\n```\n/regreen stop\n~~~\n/regreen fix", "fix"},
      {"a longer fence", "````\n```\n/regreen stop\n````\n", ""},
      {"a fence that never ends", "```\n/regreen stop", ""},
      {"a fence that is none", "```x``` y\n/regreen stop", "stop"},
      {"an indented block", "    /regreen stop", ""},
      {"a tab", "\t/regreen stop", ""},
      {"a span of code", "`/regreen stop`", ""},
      {"a hidden comment", "<!-- \n/regreen stop\n-->\n/regreen fix", "fix"},
      {"preformatted", "<pre>\n/regreen stop\n</pre>", ""},
      {"a list", "- /regreen stop", ""},
      {"too many words", "/regreen stop now", "unknown"},
      {"an unknown word", "/regreen dance", "unknown"},
      {"none", "/regreen", "unknown"},
      {"no template's name", "/regreen fix ../../etc", "unknown"},
      {"bytes", "/regreen \xff\xfe\n/regreen fix \x01", "unknown, unknown"},
  };
  for (const Case& c : cases) EXPECT_EQ(Read(c.comment), c.commands) << c.name;
}

}  // namespace
}  // namespace regreen
