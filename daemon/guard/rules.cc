#include "daemon/guard/rules.h"

#include <set>

#include "daemon/base/text.h"

namespace regreen {
namespace {

std::string ReadName(TomlTable& table, std::set<std::string>& taken) {
  const auto name = table.String("name");
  if (!name || name->empty()) {
    if (!table.Has("name") || name) table.Error("name", "a rule needs a \"name\"");
    return {};
  }
  if (!taken.insert(*name).second)
    table.Error("name", Cat("the name ", TomlQuote(*name), " is taken"));
  return *name;
}

std::string ReadAbout(TomlTable& table) {
  const auto about = table.String("about");
  if (!table.Has("about"))
    table.Error("about", "a rule needs \"about\", which ends the sentence of a finding");
  return about.value_or("");
}

std::vector<std::string> ReadGlobs(TomlTable& table, std::string_view key, bool required) {
  std::vector<std::string> globs = table.Strings(key).value_or(std::vector<std::string>());
  const bool missing = required ? globs.empty() : table.Has(key) && globs.empty();
  if (missing) table.Error(key, Cat("\"", key, "\" must name at least one glob"));
  for (const std::string& glob : globs) {
    if (glob.empty() || glob.front() == '/') {
      table.Error(key, Cat("the glob ", TomlQuote(glob), " matches no path of a repository"));
    }
  }
  return globs;
}

std::vector<Regex> ReadPatterns(TomlTable& table) {
  std::vector<Regex> patterns;
  const auto texts = table.Strings("patterns");
  if (!texts || texts->empty()) table.Error("patterns", "a rule on added text needs \"patterns\"");
  for (const std::string& text : texts.value_or(std::vector<std::string>())) {
    auto pattern = Regex::Compile(text);
    if (!pattern.ok()) {
      table.Error("patterns", Cat("pattern ", TomlQuote(text), ": ", Message(pattern.status())));
    } else if (pattern->MatchesEmpty()) {
      table.Error("patterns", Cat("pattern ", TomlQuote(text),
                                  " matches the empty text, so it refuses everything"));
    } else {
      patterns.push_back(*std::move(pattern));
    }
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

ProtectedPaths ReadProtected(TomlTable& table, std::set<std::string>& taken) {
  ProtectedPaths rule{ReadName(table, taken), ReadAbout(table), ReadGlobs(table, "paths", true)};
  for (std::string& glob : rule.paths) glob = Lower(glob);
  const std::string lift = table.String("lift").value_or("literal");
  if (lift != "literal" && lift != "glob")
    table.Error("lift", "\"lift\" must be \"literal\" or \"glob\"");
  rule.lift = lift == "glob" ? ProtectedPaths::Lift::kGlob : ProtectedPaths::Lift::kLiteral;
  table.Finish();
  return rule;
}

AddedText ReadAdded(TomlTable& table, std::set<std::string>& taken) {
  AddedText rule;
  rule.name = ReadName(table, taken);
  rule.about = ReadAbout(table);
  rule.patterns = ReadPatterns(table);
  rule.any = Alternation(table, rule.patterns);
  rule.files = ReadGlobs(table, "files", false);
  rule.except = ReadGlobs(table, "except", false);
  rule.secret = table.Bool("secret").value_or(false);
  table.Finish();
  return rule;
}

DeletedFiles ReadDeleted(TomlTable& table, std::set<std::string>& taken) {
  DeletedFiles rule{ReadName(table, taken), ReadAbout(table), ReadGlobs(table, "paths", true)};
  table.Finish();
  return rule;
}

}  // namespace

std::shared_ptr<const GuardRules> GuardRules::Load(std::span<const GuardSource> sources,
                                                   Problems& problems) {
  Problems found;
  std::set<std::string> taken;
  auto rules = std::make_shared<GuardRules>();
  for (const GuardSource& source : sources) {
    TomlTable root = TomlTable::Parse(source.text, source.file, found);
    for (TomlTable& table : root.Tables("protected"))
      rules->protected_.push_back(ReadProtected(table, taken));
    for (TomlTable& table : root.Tables("added")) rules->added_.push_back(ReadAdded(table, taken));
    for (TomlTable& table : root.Tables("deleted"))
      rules->deleted_.push_back(ReadDeleted(table, taken));
    root.Finish();
  }
  if (taken.empty() && !found.has_errors()) {
    found.Error({"policies/guard", 0, 0},
                "there are no guard rules: without them every patch would pass");
  }
  for (const Problem& problem : found.all()) problems.Error(problem.where, problem.message);
  return found.has_errors() ? nullptr : rules;
}

}  // namespace regreen
