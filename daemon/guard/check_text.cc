#include <algorithm>
#include <deque>

#include "daemon/base/text.h"
#include "daemon/guard/checks.h"

namespace regreen {
namespace {

constexpr std::size_t kMostMatchesOfALine = 64;

// A line, or lines that follow each other.
struct Passage {
  std::string_view text;
  int number = 0;
};

// The file's lines of one kind, as a rule looks at them. Joined texts are kept in `joined`.
std::vector<Passage> Passages(const AddedText& rule, const FileText& file, bool added,
                              std::deque<std::string>& joined) {
  std::vector<Passage> out;
  int block = -1, next = -1;
  for (const ChangedLine& line : file.lines) {
    if (line.added != added) continue;
    if (!rule.across) {
      out.push_back({line.text, line.number});
      continue;
    }
    if (line.block != block || line.number != next) {
      joined.emplace_back();
      out.push_back({"", line.number});
    }
    block = line.block;
    next = line.number + 1;
    Append(joined.back(), line.text, "\n");
    out.back().text = joined.back();
  }
  return out;
}

// Every match, not only the first: an old one must not hide a new one.
std::vector<std::string_view> Matches(const AddedText& rule, std::string_view text) {
  std::vector<std::string_view> found;
  if (!rule.any->Contains(text)) return found;
  for (const Regex& pattern : rule.patterns) {
    std::string_view rest = text;
    while (found.size() < kMostMatchesOfALine) {
      const auto match = pattern.Find(rest);
      if (!match) break;
      found.push_back(rest.substr(match->begin, match->end - match->begin));
      rest.remove_prefix(match->end);
    }
  }
  return found;
}

void CountLost(const AddedText& rule, const FileText& file, Balance& lost) {
  std::deque<std::string> joined;
  for (const Passage& passage : Passages(rule, file, false, joined)) {
    for (const std::string_view text : Matches(rule, passage.text)) ++lost[WithoutBlanks(text)];
  }
}

bool TakeOne(Balance& lost, const std::string& text) {
  const auto found = lost.find(text);
  return found != lost.end() && found->second-- > 0;
}

int LineOf(const Passage& passage, std::string_view match) {
  const auto before =
      passage.text.substr(0, static_cast<std::size_t>(match.data() - passage.text.data()));
  return passage.number + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
}

std::string SentenceOf(const AddedText& rule, std::string_view text) {
  if (rule.secret) return "the patch adds what";
  return Cat("the patch adds \"", Truncate(EscapeControl(Trim(text)), 60), "\", which");
}

}  // namespace

std::string WithoutBlanks(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return out;
}

Balance& DeletedText::Of(const AddedText& rule) {
  if (balance_) return *balance_;
  balance_.emplace();
  for (const FileText& file : files_) {
    if (file.kind == FileChange::Kind::kDeleted && Applies(rule.in, file.path))
      CountLost(rule, file, *balance_);
  }
  return *balance_;
}

void CheckAdded(const AddedText& rule, const FileText& file, DeletedText& deleted, Findings& out) {
  std::optional<Balance> lost;
  std::deque<std::string> joined;
  for (const Passage& passage : Passages(rule, file, true, joined)) {
    for (const std::string_view text : Matches(rule, passage.text)) {
      if (!lost) CountLost(rule, file, lost.emplace());
      const std::string same = WithoutBlanks(text);
      if (TakeOne(*lost, same) || TakeOne(deleted.Of(rule), same)) continue;
      out.push_back(Found(rule, file.path, LineOf(passage, text), SentenceOf(rule, text)));
      break;
    }
  }
}

void CheckAddedText(const FileText& file, const Plan& plan, const GuardRules& rules,
                    std::span<DeletedText> deleted, Findings& out) {
  std::string added;
  for (const ChangedLine& line : file.lines) {
    if (line.added) Append(added, line.text, "\n");
  }
  if (added.empty()) return;
  const std::vector<bool> candidates = rules.Candidates(added);
  for (std::size_t i = 0; i < rules.added_text.size(); ++i) {
    const AddedText& rule = rules.added_text[i];
    const bool allowed = !rule.secret && Allows(plan, rule.name);
    if (!candidates[i] || !Applies(rule.in, file.path) || allowed) continue;
    CheckAdded(rule, file, deleted[i], out);
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
