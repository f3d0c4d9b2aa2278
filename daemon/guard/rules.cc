#include "daemon/guard/rules.h"

#include "daemon/base/text.h"
#include "daemon/guard/rule_reader.h"

namespace regreen {
namespace {

template <class Rule>
void ReadAll(TomlTable& root, std::string_view key, RuleReader& reader,
             Rule (RuleReader::*read)(TomlTable&), std::vector<Rule>& out) {
  for (TomlTable& table : root.Tables(key)) out.push_back((reader.*read)(table));
}

void ReadRules(TomlTable& root, RuleReader& reader, GuardRules& out) {
  ReadAll(root, "protected", reader, &RuleReader::ReadProtected, out.protected_paths);
  ReadAll(root, "deleted", reader, &RuleReader::ReadDeleted, out.deleted_files);
  ReadAll(root, "lone", reader, &RuleReader::ReadLone, out.lone_files);
  ReadAll(root, "added", reader, &RuleReader::ReadAdded, out.added_text);
  ReadAll(root, "fewer", reader, &RuleReader::ReadFewer, out.fewer_lines);
  ReadAll(root, "loosened", reader, &RuleReader::ReadLoosened, out.loosened_text);
  ReadAll(root, "number", reader, &RuleReader::ReadNumber, out.moved_numbers);
  ReadAll(root, "long", reader, &RuleReader::ReadLong, out.long_lines);
  ReadAll(root, "random", reader, &RuleReader::ReadRandom, out.random_text);
  root.Finish();
}

}  // namespace

std::shared_ptr<const GuardRules> GuardRules::Load(std::span<const GuardSource> sources,
                                                   Problems& problems) {
  Problems found;
  RuleReader reader;
  auto rules = std::make_shared<GuardRules>();
  std::vector<TomlTable> roots;
  for (const GuardSource& source : sources)
    roots.push_back(TomlTable::Parse(source.text, source.file, found));
  // The sets of all files first: a rule may use one of another file.
  for (TomlTable& root : roots) {
    for (TomlTable& table : root.Tables("set")) reader.ReadSet(table);
  }
  for (TomlTable& root : roots) ReadRules(root, reader, *rules);
  if (!reader.read_any() && !found.has_errors()) {
    found.Error({"policies/guard", 0, 0},
                "there are no guard rules: without them every patch would pass");
  }
  for (const Problem& problem : found.all()) problems.Error(problem.where, problem.message);
  if (found.has_errors()) return nullptr;
  std::vector<std::string> patterns;
  for (const AddedText& rule : rules->added_text) patterns.push_back(rule.any->pattern());
  rules->filter_.emplace(patterns);
  return rules;
}

std::vector<bool> GuardRules::Candidates(std::string_view text) const {
  return filter_ ? filter_->Candidates(text) : std::vector<bool>(added_text.size(), true);
}

std::vector<std::string> GuardRules::AllowableNames() const {
  std::vector<std::string> names{"binary", "link"};
  const auto add = [&](const auto& rules) {
    for (const auto& rule : rules) names.push_back(rule.name);
  };
  add(protected_paths);
  add(deleted_files);
  add(lone_files);
  for (const AddedText& rule : added_text) {
    if (!rule.secret) names.push_back(rule.name);
  }
  add(fewer_lines);
  add(loosened_text);
  add(moved_numbers);
  add(long_lines);
  add(random_text);
  return names;
}

}  // namespace regreen
