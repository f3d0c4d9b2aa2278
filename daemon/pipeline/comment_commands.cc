#include "daemon/pipeline/comment_commands.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostCommands = 3, kLongestName = 100;
constexpr std::string_view kPrefix = "/regreen";

struct Named {
  std::string_view name;
  CommentWord word;
};
constexpr Named kWords[] = {
    {"fix", CommentWord::kFix},         {"retry", CommentWord::kRetry},
    {"stop", CommentWord::kStop},       {"continue", CommentWord::kContinue},
    {"explain", CommentWord::kExplain}, {"approve", CommentWord::kApprove},
    {"unknown", CommentWord::kUnknown},
};

bool IsTemplateName(std::string_view name) {
  return name.size() <= kLongestName &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t begin = line.find_first_not_of(" \t\r", at);
    if (begin == std::string_view::npos) break;
    at = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.push_back(line.substr(begin, at - begin));
  }
  return words;
}

CommentCommand Read(const std::vector<std::string_view>& words) {
  CommentCommand command;
  if (words.size() < 2) return command;
  for (const Named& named : kWords) {
    if (named.name == Lower(words[1])) command.word = named.word;
  }
  const bool takes_name = command.word == CommentWord::kFix;
  if (words.size() > (takes_name ? 3u : 2u)) return {};
  if (words.size() == 3) {
    if (!IsTemplateName(words[2])) return {};
    command.template_name = std::string(words[2]);
  }
  return command;
}

// By CommonMark: a fence is three or more of ` or ~, indented by at most three spaces; it ends at a
// line of as many of the same and nothing else.
class Fences {
 public:
  // Whether the line is a fence, or inside of one.
  bool Hold(std::string_view line) {
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    const std::string_view text = line.substr(indent);
    const char c = text.empty() ? '\0' : text[0];
    const std::size_t run =
        c == '`' || c == '~' ? std::min(text.find_first_not_of(c), text.size()) : 0;
    const bool fence = indent <= 3 && run >= 3;
    if (length_ == 0) {
      // A backtick in the rest makes it a span of code, which is no block.
      if (!fence || (c == '`' && text.find('`', run) != std::string_view::npos)) return false;
      length_ = run;
      char_ = c;
      return true;
    }
    if (fence && c == char_ && run >= length_ && Trim(text.substr(run)).empty()) length_ = 0;
    return true;
  }

 private:
  std::size_t length_ = 0;  // of the open fence; 0: none is open
  char char_ = '\0';
};

// Hidden comments and preformatted HTML are nothing that a reader sees as a command.
class HtmlBlocks {
 public:
  bool Hold(std::string_view line) {
    const std::string text = Lower(Trim(line));
    if (!end_.empty()) {
      if (text.find(end_) != std::string::npos) end_ = {};
      return true;
    }
    for (const auto& [begin, end] : {std::pair<std::string_view, std::string_view>{"<!--", "-->"},
                                     {"<pre", "</pre>"},
                                     {"<code", "</code>"},
                                     {"<blockquote", "</blockquote>"}}) {
      const std::size_t at = text.find(begin);
      if (at == std::string::npos) continue;
      if (text.find(end, at) == std::string::npos) end_ = end;
      return true;
    }
    return false;
  }

 private:
  std::string_view end_;  // of the open block; "": none is open
};

}  // namespace

std::string_view ToString(CommentWord word) {
  return std::find_if(std::begin(kWords), std::end(kWords),
                      [&](const Named& named) { return named.word == word; })
      ->name;
}

std::vector<CommentCommand> ReadCommands(std::string_view comment) {
  std::vector<CommentCommand> commands;
  Fences fences;
  HtmlBlocks html;
  bool quoted = false;  // a quote's paragraph goes on without its mark until an empty line
  for (const std::string_view line : SplitLines(comment)) {
    const std::string_view text = Trim(line);
    if (fences.Hold(line) || html.Hold(line)) continue;
    if (text.empty()) quoted = false;
    if (text.starts_with('>')) quoted = true;
    // Four spaces or a tab are a code block.
    if (quoted || line.starts_with("    ") ||
        line.substr(0, 4).find('\t') != std::string_view::npos)
      continue;
    const auto words = Words(line);
    if (words.empty() || words[0] != kPrefix) continue;
    commands.push_back(Read(words));
    if (commands.size() == kMostCommands) break;
  }
  return commands;
}

}  // namespace regreen
