#include <algorithm>
#include <map>

#include "daemon/base/text.h"
#include "daemon/guard/checks.h"

namespace regreen {
namespace {

constexpr std::size_t kMostMatchesOfALine = 64;

bool Applies(const AddedText& rule, std::string_view path) {
  const auto fits = [&](const std::string& glob) { return GlobMatch(glob, path); };
  if (!rule.files.empty() && std::none_of(rule.files.begin(), rule.files.end(), fits)) return false;
  return std::none_of(rule.except.begin(), rule.except.end(), fits);
}

// A formatter moves blanks about; what is the same without them is the same.
std::string WithoutBlanks(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
  return out;
}

// Every match on the line, not only the first: an old one must not hide a new one.
std::vector<std::string_view> Matches(const AddedText& rule, std::string_view line) {
  std::vector<std::string_view> found;
  if (!rule.any->Contains(line)) return found;
  for (const Regex& pattern : rule.patterns) {
    std::string_view rest = line;
    while (found.size() < kMostMatchesOfALine) {
      const auto match = pattern.Find(rest);
      if (!match) break;
      found.push_back(rest.substr(match->begin, match->end - match->begin));
      rest.remove_prefix(match->end);
    }
  }
  return found;
}

void Report(const AddedText& rule, const FileText& file, const ChangedLine& line,
            std::string_view text, Findings& out) {
  const std::string shown = Truncate(EscapeControl(text), 60);
  out.push_back({rule.name, ShownPath(file.path), line.number,
                 rule.secret ? Cat("the patch adds what ", rule.about, ".")
                             : Cat("the patch adds \"", shown, "\", which ", rule.about, ".")});
}

void CheckRule(const AddedText& rule, const FileText& file, Findings& out) {
  std::map<std::string, int> lost;  // matches that the file had before, by text
  bool counted = false;
  const auto count_lost = [&] {
    counted = true;
    for (const ChangedLine& line : file.lines) {
      if (line.added) continue;
      for (const std::string_view text : Matches(rule, line.text)) ++lost[WithoutBlanks(text)];
    }
  };
  for (const ChangedLine& line : file.lines) {
    if (!line.added) continue;
    for (const std::string_view text : Matches(rule, line.text)) {
      if (!counted) count_lost();
      const auto before = lost.find(WithoutBlanks(text));
      if (before != lost.end() && before->second-- > 0) continue;
      Report(rule, file, line, text, out);
      break;
    }
  }
}

}  // namespace

void CheckAddedText(const FileText& file, const GuardRules& rules, Findings& out) {
  for (const AddedText& rule : rules.added_text()) {
    if (Applies(rule, file.path)) CheckRule(rule, file, out);
  }
}

void CheckSize(std::span<const FileText> files, const Plan& plan, Findings& out) {
  std::size_t lines = 0;
  for (const FileText& file : files) lines += file.lines.size();
  const auto too_many = [&](std::string_view rule, std::size_t found, int most,
                            std::string_view what) {
    if (found <= static_cast<std::size_t>(std::max(most, 0))) return;
    out.push_back(
        {std::string(rule), "", 0,
         Cat("the patch changes ", found, " ", what, ", and the template allows ", most, ".")});
  };
  too_many("max_files", files.size(), plan.guard_max_files, "files");
  too_many("max_lines", lines, plan.guard_max_lines, "lines");
}

}  // namespace regreen
