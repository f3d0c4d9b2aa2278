#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <optional>
#include <unordered_map>

#include "daemon/base/text.h"
#include "daemon/guard/checks.h"

namespace regreen {
namespace {

constexpr std::size_t kMostMatchesOfALine = 64;

std::string_view Extension(std::string_view path) {
  const std::size_t dot = path.rfind('.'), slash = path.rfind('/');
  if (dot == std::string_view::npos || (slash != std::string_view::npos && dot < slash)) return {};
  return path.substr(dot);
}

// Which added files hold what a deleted one held.
class Moves {
 public:
  explicit Moves(std::span<const FileText> files) {
    const bool any = std::any_of(files.begin(), files.end(), [](const FileText& file) {
      return file.kind == FileChange::Kind::kDeleted;
    });
    for (const FileText& file : files) {
      if (!any || file.kind != FileChange::Kind::kAdded) continue;
      for (const ChangedLine& line : file.lines) {
        auto& places = holds_[WithoutBlanks(line.text)];
        const bool known = !places.empty() && places.back() == &file;
        if (!known && places.size() < kMostPlaces) places.push_back(&file);
      }
    }
  }

  bool Moved(const DeletedFiles& rule, const FileText& file) const {
    for (const FileText* to : Places(file)) {
      const bool same_kind =
          std::all_of(rule.paths.begin(), rule.paths.end(), [&](const std::string& glob) {
            return !GlobMatch(glob, file.path) || GlobMatch(glob, to->path);
          });
      if (same_kind && Extension(to->path) == Extension(file.path)) return true;
    }
    return false;
  }

 private:
  // Lines like a brace stand everywhere: of those, the first few files count.
  static constexpr std::size_t kMostPlaces = 4;

  // The files that hold at least four of five of its lines that say something.
  std::vector<const FileText*> Places(const FileText& file) const {
    std::map<const FileText*, std::size_t> kept;
    std::size_t lines = 0;
    for (const ChangedLine& line : file.lines) {
      const std::string text = WithoutBlanks(line.text);
      if (text.size() < 4) continue;
      ++lines;
      const auto found = holds_.find(text);
      if (found == holds_.end()) continue;
      for (const FileText* place : found->second) ++kept[place];
    }
    std::vector<const FileText*> places;
    for (const auto& [place, count] : kept) {
      if (count * 5 >= lines * 4) places.push_back(place);
    }
    return places;
  }

  std::unordered_map<std::string, std::vector<const FileText*>> holds_;
};

// Answers the files that were found, of which nothing more needs to be said.
std::set<const FileText*> CheckDeleted(std::span<const FileText> files, const Plan& plan,
                                       const GuardRules& rules, Findings& out) {
  std::set<const FileText*> gone;
  const Moves moves(files);
  for (const FileText& file : files) {
    if (file.kind != FileChange::Kind::kDeleted) continue;
    for (const DeletedFiles& rule : rules.deleted_files) {
      if (!MatchesAny(rule.paths, file.path) || moves.Moved(rule, file)) continue;
      gone.insert(&file);
      if (Allows(plan, rule.name)) continue;
      out.push_back(Found(rule, file.path, 0, "the patch deletes this file, which"));
    }
  }
  return gone;
}

void CheckLone(std::span<const FileText> files, const Plan& plan, const GuardRules& rules,
               Findings& out) {
  for (const LoneFiles& rule : rules.lone_files) {
    if (Allows(plan, rule.name)) continue;
    const bool alone = std::all_of(files.begin(), files.end(), [&](const FileText& file) {
      return MatchesAny(rule.paths, file.path) || MatchesAny(rule.beside, file.path);
    });
    if (!alone) continue;
    for (const FileText& file : files) {
      if (!MatchesAny(rule.paths, file.path) || MatchesAny(plan.guard_paths, file.path)) continue;
      out.push_back(Found(rule, file.path, 0,
                          "the patch changes this file and nothing that it tells of; it"));
    }
  }
}

// '#' alone begins a comment; attributes and preprocessor lines have something behind it.
bool IsComment(std::string_view line) {
  line = Trim(line);
  if (line == "#" || line.starts_with("# ")) return true;
  for (const std::string_view mark : {"//", "/*", "*", "--", "<!--", ";"}) {
    if (line.starts_with(mark)) return true;
  }
  return false;
}

int CountIn(const FewerLines& rule, std::string_view line) {
  if (IsComment(line)) return 0;
  int count = 0;
  while (count < static_cast<int>(kMostMatchesOfALine)) {
    const auto match = rule.any->Find(line);
    if (!match || match->end == 0) break;
    line.remove_prefix(match->end);
    ++count;
  }
  return count;
}

class FewerCheck {
 public:
  FewerCheck(const FewerLines& rule, std::span<const FileText* const> files) : rule_(rule) {
    for (const FileText* file : files) {
      if (Applies(rule.in, file->path)) Count(*file);
    }
  }

  void Report(Findings& out) {
    // The same text on both sides, perhaps of two files, was moved.
    for (const FileText* file : files_) {
      int fewer = 0, first = 0;
      for (const Line& line : of_[file]) {
        if (line.added) {
          if (removed_[line.text]-- <= 0) fewer -= line.count;
          continue;
        }
        if (added_[line.text]-- > 0) continue;
        if (first == 0) first = line.number;
        fewer += line.count;
      }
      if (fewer <= 0) continue;
      out.push_back(Found(rule_, file->path, first,
                          Cat("the patch takes ", fewer, " more out than it adds: it")));
    }
  }

 private:
  struct Line {
    bool added = false;
    int number = 0, count = 0;
    std::string text;
  };

  void Count(const FileText& file) {
    std::vector<Line> lines;
    for (const ChangedLine& line : file.lines) {
      if (const int count = CountIn(rule_, line.text); count > 0) {
        lines.push_back({line.added, line.number, count, WithoutBlanks(line.text)});
        ++(line.added ? added_ : removed_)[lines.back().text];
      }
    }
    if (lines.empty()) return;
    files_.push_back(&file);
    of_.emplace(&file, std::move(lines));
  }

  const FewerLines& rule_;
  std::vector<const FileText*> files_;
  std::map<const FileText*, std::vector<Line>> of_;
  Balance added_, removed_;
};

// The lines of a block, of each kind.
struct Block {
  std::vector<const ChangedLine*> removed, added;
};

std::vector<Block> BlocksOf(const FileText& file) {
  std::vector<Block> blocks;
  int current = -1;
  for (const ChangedLine& line : file.lines) {
    if (blocks.empty() || line.block != current) blocks.emplace_back();
    current = line.block;
    (line.added ? blocks.back().added : blocks.back().removed).push_back(&line);
  }
  return blocks;
}

std::vector<const ChangedLine*> LinesWith(const Regex& pattern,
                                          const std::vector<const ChangedLine*>& lines) {
  std::vector<const ChangedLine*> found;
  for (const ChangedLine* line : lines) {
    if (pattern.Contains(line->text)) found.push_back(line);
  }
  return found;
}

struct NumberAt {
  const ChangedLine* line = nullptr;
  double value = 0;
  std::string around;  // the line without the number
};

// "1_000", "1e-6", "0.5f".
std::optional<double> ReadNumber(std::string text) {
  std::erase(text, '_');
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::vector<NumberAt> NumbersIn(const Regex& pattern,
                                const std::vector<const ChangedLine*>& lines) {
  std::vector<NumberAt> found;
  for (const ChangedLine* line : lines) {
    const auto match = pattern.Find(line->text);
    if (!match) continue;
    const auto captured = match->captures.find("n");
    if (captured == match->captures.end()) continue;
    const auto value = ReadNumber(captured->second);
    if (!value) continue;
    const std::size_t at = line->text.find(captured->second, match->begin);
    std::string around = WithoutBlanks(line->text.substr(0, at));
    around += WithoutBlanks(line->text.substr(at + captured->second.size()));
    found.push_back({line, *value, std::move(around)});
  }
  return found;
}

// Numbers that are to be compared, in the order of their lines.
struct Numbers {
  std::vector<NumberAt> removed, added;
};

// Pairs what two sides have by one key, each once, and keeps what has no partner.
template <class KeyOf, class Pair>
void PairUp(Numbers& numbers, const KeyOf& key_of, const Pair& pair) {
  std::map<std::string, std::deque<std::size_t>> waiting;
  for (std::size_t i = 0; i < numbers.added.size(); ++i)
    waiting[key_of(numbers.added[i])].push_back(i);
  std::vector<bool> taken(numbers.added.size());
  std::vector<NumberAt> removed, added;
  for (NumberAt& old_one : numbers.removed) {
    const auto found = waiting.find(key_of(old_one));
    if (found == waiting.end() || found->second.empty()) {
      removed.push_back(std::move(old_one));
      continue;
    }
    pair(old_one, numbers.added[found->second.front()]);
    taken[found->second.front()] = true;
    found->second.pop_front();
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (!taken[i]) added.push_back(std::move(numbers.added[i]));
  }
  numbers = {std::move(removed), std::move(added)};
}

// First the same lines, wherever they stand now; then what stands side by side.
void CompareNumbers(const MovedNumber& rule, const FileText& file, Numbers numbers, Findings& out) {
  const auto compare = [&](const NumberAt& before, const NumberAt& now) {
    if (rule.up ? now.value <= before.value : now.value >= before.value) return;
    out.push_back(Found(rule, file.path, now.line->number,
                        Cat("the patch changes ", before.value, " to ", now.value, ", which")));
  };
  PairUp(numbers, [](const NumberAt& number) { return number.around; }, compare);
  PairUp(numbers, [](const NumberAt& number) { return Cat(number.line->block); }, compare);
  if (!rule.and_gone) return;
  for (const NumberAt& gone : numbers.removed) {
    out.push_back(Found(rule, file.path, gone.line->number,
                        Cat("the patch takes out \"",
                            Truncate(EscapeControl(Trim(gone.line->text)), 60), "\", which")));
  }
}

}  // namespace

bool Counts(const FewerLines& rule, std::string_view line) {
  return CountIn(rule, line) > 0;
}

void CheckLoosened(const LoosenedText& rule, const FileText& file, Findings& out) {
  for (const Block& block : BlocksOf(file)) {
    if (block.removed.empty() || block.added.empty()) continue;
    for (const LoosenedText::Pair& pair : rule.pairs) {
      const auto weak = LinesWith(pair.to, block.added);
      if (weak.empty() || weak.size() <= LinesWith(pair.to, block.removed).size()) continue;
      if (LinesWith(pair.from, block.removed).size() <= LinesWith(pair.from, block.added).size())
        continue;
      out.push_back(
          Found(rule, file.path, weak.front()->number,
                Cat("the patch puts \"", Truncate(EscapeControl(Trim(weak.front()->text)), 60),
                    "\" in the place of more, which")));
      break;
    }
  }
}

void CheckNumbers(const MovedNumber& rule, const FileText& file, Findings& out) {
  std::vector<const ChangedLine*> removed, added;
  for (const ChangedLine& line : file.lines) (line.added ? added : removed).push_back(&line);
  if (removed.empty()) return;
  for (const Regex& pattern : rule.patterns)
    CompareNumbers(rule, file, {NumbersIn(pattern, removed), NumbersIn(pattern, added)}, out);
}

void CheckTests(std::span<const FileText> files, const Plan& plan, const GuardRules& rules,
                Findings& out) {
  const auto gone = CheckDeleted(files, plan, rules, out);
  CheckLone(files, plan, rules, out);
  std::vector<const FileText*> left;
  for (const FileText& file : files) {
    if (!gone.contains(&file)) left.push_back(&file);
  }
  for (const FewerLines& rule : rules.fewer_lines) {
    if (!Allows(plan, rule.name)) FewerCheck(rule, left).Report(out);
  }
  for (const FileText* file : left) {
    for (const LoosenedText& rule : rules.loosened_text) {
      if (Applies(rule.in, file->path) && !Allows(plan, rule.name)) CheckLoosened(rule, *file, out);
    }
    for (const MovedNumber& rule : rules.moved_numbers) {
      if (Applies(rule.in, file->path) && !Allows(plan, rule.name)) CheckNumbers(rule, *file, out);
    }
  }
}

}  // namespace regreen
