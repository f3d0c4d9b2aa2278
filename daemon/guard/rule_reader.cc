#include "daemon/guard/rule_reader.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

// What the guard itself finds; a rule of such a name would be taken for it.
constexpr std::string_view kOwnNames[] = {
    "empty",  "format",       "name",  "git-file",  "mode",      "submodule", "link", "link-target",
    "binary", "known-secret", "paths", "max_files", "max_lines", "max_bytes", "more"};

constexpr std::string_view kArrow = " => ";

std::optional<Regex> CompilePattern(TomlTable& table, std::string_view key, std::string_view text) {
  auto pattern = Regex::Compile(text);
  if (!pattern.ok()) {
    table.Error(key, Cat("pattern ", TomlQuote(text), ": ", Message(pattern.status())));
  } else if (pattern->MatchesEmpty()) {
    table.Error(
        key, Cat("pattern ", TomlQuote(text), " matches the empty text, so it refuses everything"));
  } else {
    return *std::move(pattern);
  }
  return std::nullopt;
}

std::vector<Regex> ReadPatterns(TomlTable& table) {
  std::vector<Regex> patterns;
  const auto texts = table.Strings("patterns");
  if (!texts || texts->empty()) table.Error("patterns", "such a rule needs \"patterns\"");
  for (const std::string& text : texts.value_or(std::vector<std::string>())) {
    if (auto pattern = CompilePattern(table, "patterns", text))
      patterns.push_back(*std::move(pattern));
  }
  return patterns;
}

std::optional<Regex> Alternation(TomlTable& table, const std::vector<Regex>& patterns) {
  std::vector<std::string> branches;
  for (const Regex& pattern : patterns) branches.push_back(Cat("(?:", pattern.pattern(), ")"));
  auto any = Regex::Compile(Join(branches, "|"));
  if (any.ok()) return *std::move(any);
  table.Error("patterns", Cat("the patterns do not go together: ", Message(any.status())));
  return std::nullopt;
}

void CheckArrows(TomlTable& table, const GuardRule& rule) {
  for (const auto& [key, list] : {std::pair("examples", &rule.examples),
                                  std::pair("counter_examples", &rule.counter_examples)}) {
    for (const std::string& text : *list) {
      if (!SplitArrow(text))
        table.Error(key, Cat("the example ", TomlQuote(text), " must read \"old => new\""));
    }
  }
}

}  // namespace

std::optional<std::pair<std::string_view, std::string_view>> SplitArrow(std::string_view text) {
  const std::size_t at = text.find(kArrow);
  if (at == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, at), text.substr(at + kArrow.size()));
}

void RuleReader::ReadSet(TomlTable& table) {
  const std::string name = table.String("name").value_or("");
  if (name.empty()) table.Error("name", "a set needs a \"name\"");
  std::vector<std::string> paths = ReadGlobs(table, "paths", true);
  if (!sets_.emplace(name, std::move(paths)).second)
    table.Error("name", Cat("there are two sets named ", TomlQuote(name)));
  table.Finish();
}

void RuleReader::ReadCommon(TomlTable& table, GuardRule& rule) {
  rule.where = table.where();
  rule.name = table.String("name").value_or("");
  if (rule.name.empty()) {
    table.Error("name", "a rule needs a \"name\"");
  } else if (std::find(std::begin(kOwnNames), std::end(kOwnNames), rule.name) !=
             std::end(kOwnNames)) {
    table.Error("name", Cat("the name ", TomlQuote(rule.name), " is the guard's own"));
  } else if (!taken_.insert(rule.name).second) {
    table.Error("name", Cat("the name ", TomlQuote(rule.name), " is taken"));
  }
  rule.about = table.String("about").value_or("");
  if (rule.about.empty())
    table.Error("about", "a rule needs \"about\", which ends the sentence of a finding");
  const std::string severity = table.String("severity").value_or("refuse");
  if (severity != "refuse" && severity != "draft")
    table.Error("severity", "\"severity\" must be \"refuse\" or \"draft\"");
  rule.severity = severity == "draft" ? Severity::kDraft : Severity::kRefuse;
  rule.examples = table.Strings("examples").value_or(std::vector<std::string>());
  rule.counter_examples = table.Strings("counter_examples").value_or(std::vector<std::string>());
}

std::vector<std::string> RuleReader::ReadGlobs(TomlTable& table, std::string_view key,
                                               bool required) {
  const auto written = table.Strings(key).value_or(std::vector<std::string>());
  const bool missing = required ? written.empty() : table.Has(key) && written.empty();
  if (missing) table.Error(key, Cat("\"", key, "\" must name at least one glob"));
  std::vector<std::string> globs;
  for (const std::string& glob : written) {
    if (glob.empty() || glob.front() == '/')
      table.Error(key, Cat("the glob ", TomlQuote(glob), " matches no path of a repository"));
    if (!glob.starts_with('@')) {
      globs.push_back(glob);
      continue;
    }
    const auto set = sets_.find(glob.substr(1));
    if (set == sets_.end()) {
      std::vector<std::string> names;
      for (const auto& [name, paths] : sets_) names.push_back(name);
      table.Error(key, Cat("there is no [[set]] named ", TomlQuote(glob.substr(1)),
                           DidYouMean(glob.substr(1), names)));
      continue;
    }
    globs.insert(globs.end(), set->second.begin(), set->second.end());
  }
  return globs;
}

FileGlobs RuleReader::ReadFiles(TomlTable& table) {
  return {ReadGlobs(table, "files", false), ReadGlobs(table, "except", false)};
}

ProtectedPaths RuleReader::ReadProtected(TomlTable& table) {
  ProtectedPaths rule;
  ReadCommon(table, rule);
  rule.paths = ReadGlobs(table, "paths", true);
  for (std::string& glob : rule.paths) glob = Lower(glob);
  const std::string lift = table.String("lift").value_or("literal");
  if (lift != "literal" && lift != "glob")
    table.Error("lift", "\"lift\" must be \"literal\" or \"glob\"");
  rule.lift = lift == "glob" ? ProtectedPaths::Lift::kGlob : ProtectedPaths::Lift::kLiteral;
  table.Finish();
  return rule;
}

DeletedFiles RuleReader::ReadDeleted(TomlTable& table) {
  DeletedFiles rule;
  ReadCommon(table, rule);
  rule.paths = ReadGlobs(table, "paths", true);
  table.Finish();
  return rule;
}

LoneFiles RuleReader::ReadLone(TomlTable& table) {
  LoneFiles rule;
  ReadCommon(table, rule);
  rule.paths = ReadGlobs(table, "paths", true);
  rule.beside = ReadGlobs(table, "beside", false);
  table.Finish();
  return rule;
}

AddedText RuleReader::ReadAdded(TomlTable& table) {
  AddedText rule;
  ReadCommon(table, rule);
  rule.patterns = ReadPatterns(table);
  rule.any = Alternation(table, rule.patterns);
  rule.in = ReadFiles(table);
  rule.across = table.Bool("across").value_or(false);
  rule.secret = table.Bool("secret").value_or(false);
  rule.texts = table.Bool("texts").value_or(false);
  table.Finish();
  return rule;
}

FewerLines RuleReader::ReadFewer(TomlTable& table) {
  FewerLines rule;
  ReadCommon(table, rule);
  rule.any = Alternation(table, ReadPatterns(table));
  rule.in = ReadFiles(table);
  table.Finish();
  return rule;
}

LoosenedText RuleReader::ReadLoosened(TomlTable& table) {
  LoosenedText rule;
  ReadCommon(table, rule);
  const auto pairs = table.Strings("pairs").value_or(std::vector<std::string>());
  if (pairs.empty()) table.Error("pairs", "such a rule needs \"pairs\" of \"old => new\"");
  for (const std::string& text : pairs) {
    const auto pair = SplitArrow(text);
    if (!pair) {
      table.Error("pairs", Cat("the pair ", TomlQuote(text), " must read \"old => new\""));
      continue;
    }
    auto from = CompilePattern(table, "pairs", pair->first);
    auto to = CompilePattern(table, "pairs", pair->second);
    if (from && to) rule.pairs.push_back({*std::move(from), *std::move(to)});
  }
  CheckArrows(table, rule);
  rule.in = ReadFiles(table);
  table.Finish();
  return rule;
}

MovedNumber RuleReader::ReadNumber(TomlTable& table) {
  MovedNumber rule;
  ReadCommon(table, rule);
  rule.patterns = ReadPatterns(table);
  for (const Regex& pattern : rule.patterns) {
    const auto names = pattern.GroupNames();
    if (std::find(names.begin(), names.end(), "n") == names.end())
      table.Error("patterns",
                  Cat("pattern ", TomlQuote(pattern.pattern()), " must name its number: (?P<n>…)"));
  }
  const std::string wrong = table.String("wrong").value_or("");
  if (wrong != "up" && wrong != "down")
    table.Error("wrong", "\"wrong\" must be \"up\" or \"down\": which way the number must not go");
  rule.up = wrong == "up";
  rule.and_gone = table.Bool("and_gone").value_or(false);
  CheckArrows(table, rule);
  rule.in = ReadFiles(table);
  table.Finish();
  return rule;
}

LongLines RuleReader::ReadLong(TomlTable& table) {
  LongLines rule;
  ReadCommon(table, rule);
  const std::int64_t longest = table.Int("longest").value_or(0);
  if (longest < 100 || longest > 1'000'000)
    table.Error("longest", "\"longest\" must be between 100 and 1000000 bytes");
  rule.longest = static_cast<int>(longest);
  rule.in = ReadFiles(table);
  table.Finish();
  return rule;
}

RandomText RuleReader::ReadRandom(TomlTable& table) {
  RandomText rule;
  ReadCommon(table, rule);
  const std::int64_t shortest = table.Int("shortest").value_or(0);
  if (shortest < 16 || shortest > 1000)
    table.Error("shortest", "\"shortest\" must be between 16 and 1000 bytes");
  rule.shortest = static_cast<int>(shortest);
  rule.bits = table.Double("bits").value_or(0);
  if (!(rule.bits > 0 && rule.bits <= 6)) table.Error("bits", "\"bits\" must be between 0 and 6");
  if (const auto unless = table.String("unless"))
    rule.unless = CompilePattern(table, "unless", *unless);
  rule.in = ReadFiles(table);
  table.Finish();
  return rule;
}

}  // namespace regreen
