#include <algorithm>
#include <set>

#include "daemon/base/text.h"
#include "daemon/triage/failed_test.h"
#include "daemon/triage/rule.h"

namespace regreen {
namespace {

constexpr int kMaxContext = 50;
constexpr int kMaxWithin = 100'000;

std::vector<Regex> ReadPatterns(TomlTable& table, std::string_view key) {
  std::vector<Regex> patterns;
  for (const std::string& text : table.Strings(key).value_or(std::vector<std::string>())) {
    auto regex = Regex::Compile(text);
    if (!regex.ok()) {
      table.Error(key, Cat("in \"", text, "\": ", Message(regex.status())));
    } else if (regex->MatchesEmpty()) {
      table.Error(key,
                  Cat("\"", text,
                      "\" matches the empty text, and so every line; anchor it or require a word"));
    } else {
      patterns.push_back(*std::move(regex));
    }
  }
  return patterns;
}

std::optional<Regex> ReadPattern(TomlTable& table, std::string_view key) {
  const std::vector<Regex> patterns = ReadPatterns(table, key);
  if (patterns.size() > 1) table.Error(key, "one pattern only; use | in it for several");
  return patterns.empty() ? std::nullopt : std::optional(patterns.front());
}

int ReadInt(TomlTable& table, std::string_view key, int fallback, int low, int high) {
  const auto value = table.Int(key);
  if (!value) return fallback;
  if (*value < low || *value > high) {
    table.Error(key, Cat("this must be from ", low, " to ", high));
    return fallback;
  }
  return static_cast<int>(*value);
}

FailureClass ReadClass(TomlTable& table) {
  const auto name = table.String("class");
  if (!name) {
    if (!table.Has("class")) table.Error("class", "the class is missing");
    return FailureClass::kUnknown;
  }
  const auto parsed = ParseFailureClass(*name);
  if (!parsed)
    table.Error("class",
                Cat("there is no class \"", *name, "\"", DidYouMean(*name, FailureClassNames())));
  return parsed.value_or(FailureClass::kUnknown);
}

std::optional<Marker> ReadMarker(TomlTable& table) {
  const auto name = table.String("marker");
  if (!name) return std::nullopt;
  if (*name == "error") return Marker::kError;
  if (*name == "warning") return Marker::kWarning;
  table.Error("marker",
              Cat("there is no marker \"", *name, "\"; known are \"error\" and \"warning\""));
  return std::nullopt;
}

void ReadScope(TomlTable& table, Rule& rule) {
  rule.marker = ReadMarker(table);
  rule.step = ReadPatterns(table, "step");
  rule.provider = table.Strings("provider").value_or(rule.provider);
  rule.needs = table.Strings("needs").value_or(rule.needs);
}

void ReadResult(TomlTable& table, Rule& rule) {
  rule.before = ReadInt(table, "before", rule.before, 0, kMaxContext);
  rule.after = ReadInt(table, "after", rule.after, 0, kMaxContext);
  rule.within = ReadInt(table, "within", rule.within, 1, kMaxWithin);
  rule.above_within = ReadInt(table, "above_within", rule.within, 1, kMaxWithin);
  rule.then = ReadPattern(table, "then");
  rule.above = ReadPatterns(table, "above");
  rule.until = ReadPattern(table, "until");
  if (rule.until && rule.failure_class != FailureClass::kNone)
    table.Error("until", "an aside is no failure; give the rule the class \"none\"");
  rule.test = table.String("test").value_or("{test}");
  rule.titles = table.String("titles").value_or("");
  if (!rule.titles.empty() && !IsTitleForm(rule.titles)) {
    table.Error("titles", Cat("there is no form of titles \"", rule.titles, "\"",
                              DidYouMean(rule.titles, TitleForms())));
  }
  rule.signature = table.String("signature").value_or("");
  rule.outcome = table.Bool("outcome").value_or(false);
  rule.examples = table.Strings("examples").value_or(rule.examples);
  rule.counter_examples = table.Strings("counter_examples").value_or(rule.counter_examples);
}

// A template that names a group which no pattern has would always leave a gap.
void CheckTemplates(TomlTable& table, const Rule& rule) {
  std::set<std::string> known;
  for (const Regex& regex : rule.match) {
    for (std::string& name : regex.GroupNames()) known.insert(std::move(name));
  }
  std::vector<Regex> further = rule.above;
  if (rule.then) further.push_back(*rule.then);
  for (const Regex& regex : further) {
    for (std::string& name : regex.GroupNames()) known.insert(std::move(name));
  }
  if (table.Has("test") || known.contains("test")) known.insert("test");
  for (const auto& [key, form] :
       {std::pair<std::string_view, std::string_view>("signature", rule.signature),
        {"test", table.Has("test") ? rule.test : std::string_view()}}) {
    for (std::size_t open = form.find('{'); open != std::string_view::npos;
         open = form.find('{', open + 1)) {
      const std::size_t close = form.find('}', open);
      const std::string name(
          form.substr(open + 1, close == std::string_view::npos ? close : close - open - 1));
      if (known.contains(name)) continue;
      const std::vector<std::string> names(known.begin(), known.end());
      table.Error(
          key, Cat("no pattern of this rule has a group \"", name, "\"", DidYouMean(name, names)));
    }
  }
}

Rule ReadRule(TomlTable& table) {
  Rule rule;
  rule.where = table.where();
  rule.name = table.String("name").value_or("");
  if (rule.name.empty()) table.Error("name", "each rule needs a name");
  rule.failure_class = ReadClass(table);
  rule.tool = table.String("tool").value_or("");
  rule.priority = ReadInt(table, "priority", rule.priority, 1, 99);
  rule.match = ReadPatterns(table, "match");
  if (!table.Has("match")) table.Error("match", "a rule without a pattern never matches");
  rule.unless = ReadPatterns(table, "unless");
  ReadScope(table, rule);
  ReadResult(table, rule);
  CheckTemplates(table, rule);
  table.Finish();
  return rule;
}

}  // namespace

void ReadRules(std::string_view text, const std::string& file, std::vector<Rule>& rules,
               Problems& problems) {
  TomlTable document = TomlTable::Parse(text, file, problems);
  for (TomlTable& table : document.Tables("rule")) rules.push_back(ReadRule(table));
  document.Finish();
}

std::string Fill(std::string_view form, const std::map<std::string, std::string>& captures) {
  std::string filled;
  while (!form.empty()) {
    const std::size_t open = form.find('{');
    const std::size_t close = open == std::string_view::npos ? open : form.find('}', open);
    if (close == std::string_view::npos) break;
    filled += form.substr(0, open);
    const auto found = captures.find(std::string(form.substr(open + 1, close - open - 1)));
    if (found != captures.end()) filled += found->second;
    form.remove_prefix(close + 1);
  }
  return filled += form;
}

}  // namespace regreen
