// The keys of log rules, test cases and guard rules. Their readers are on other floors; a unit test
// of the commands compares them.
#include "daemon/domain/incident.h"
#include "daemon/policy/schema.h"

namespace regreen {
namespace {

using enum SchemaKey::Kind;
using Keys = std::vector<SchemaKey>;

SchemaKey Tables(std::string key, std::string about, Keys keys) {
  return {std::move(key), kTables, std::move(about), {}, {}, {}, false, std::move(keys)};
}

SchemaKey Required(std::string key, SchemaKey::Kind kind, std::string about,
                   std::vector<std::string> choices = {}) {
  return {std::move(key), kind, std::move(about), std::move(choices), {}, {}, true, {}};
}

SchemaKey Event() {
  return {"event",
          kTable,
          "what is known of the run; every key has a default",
          {},
          {},
          {},
          false,
          {{"ci", kString, "its name in the configuration"},
           {"repo", kString, "owner/name"},
           {"branch", kString, ""},
           {"base_branch", kString, "the branch where it is left out"},
           {"event", kString, "push, pull_request, …"},
           {"workflow", kString, ""},
           {"job", kString, ""},
           {"step", kString, ""},
           {"author", kString, ""},
           {"command", kString, "the one that the log shows where it is left out"},
           {"directory", kString, "where the command runs"},
           {"commit", kString, ""},
           {"fork", kBool, ""},
           {"pull_request", kInteger, "0: none", {}, 0},
           {"labels", kStrings, "of the pull request"},
           {"changed_paths", kStrings, ""},
           {"run_attempt", kInteger, "", {}, 1},
           {"flaky", kBool, ""},
           {"seen", kInteger, "runs that showed it before, an hour apart", {}, 0},
           {"at", kTime, "when the run was collected"}}};
}

}  // namespace

Schema RuleSchema() {
  return {"Log rules of regreen",
          {Tables("rule", "what a line of a failure looks like",
                  {Required("name", kString, "unique over all files"),
                   Required("class", kString, "of the failure; none: of no failure",
                            FailureClassNames()),
                   {"tool", kString, "stands in front of the signature"},
                   {"priority", kInteger, "the highest names the failure", {}, 1, 99},
                   Required("match", kStrings, "RE2 patterns of the line"),
                   {"unless", kStrings, "RE2 patterns that the line must not match"},
                   {"marker", kString, "of the CI on the line", {"error", "warning"}},
                   {"step", kStrings, "RE2 patterns of the step"},
                   {"provider", kStrings, "of the CI"},
                   {"needs", kStrings, "rules of which one must match too"},
                   {"before", kInteger, "lines of context before", {}, 0},
                   {"after", kInteger, "lines of context after", {}, 0},
                   {"within", kInteger, "lines that then and until look at", {}, 1},
                   {"above_within", kInteger, "lines that above looks at", {}, 1},
                   {"then", kStrings, "an RE2 pattern that adds captures from the lines below"},
                   {"above", kStrings, "RE2 patterns that add captures from the lines above"},
                   {"until", kStrings, "of class none: nothing matches up to a line of this"},
                   {"test", kString, "the name of a failed test, with {groups}"},
                   {"titles",
                    kString,
                    "how a framework spreads names over lines",
                    {"mocha", "numbered", "catch2", "doctest", "next", "surefire"}},
                   {"signature", kString, "what a person would call it, with {groups}"},
                   {"outcome", kBool, "it tells that the job failed, not why"},
                   {"examples", kStrings, "lines that it must match"},
                   {"counter_examples", kStrings, "lines that it must not match"}})}};
}

Schema FixtureSchema() {
  SchemaKey expect{"expect",
                   kTable,
                   "what must be made of it",
                   {},
                   {},
                   {},
                   true,
                   {Required("template", kString, "the one that is chosen; \"\": none"),
                    {"class", kString, "of the failure", FailureClassNames()},
                    {"inputs", kNamedStrings, "these have these values"},
                    {"decision", kString, "a part of the decision's text"}}};
  return {"Tests of a policy folder of regreen",
          {Tables("case", "a failure and what is expected of it",
                  {Required("name", kString, "unique in its file"),
                   {"log", kString, "a file beside this one, plain or gzip"},
                   {"log_text", kString, "or the log itself"},
                   Event(),
                   std::move(expect)})}};
}

namespace {

// What every rule of the guard has, before what is its own.
Keys GuardRuleKeys(Keys own) {
  Keys keys = {Required("name", kString, "unique over all files"),
               Required("about", kString, "ends the sentence of a finding"),
               {"severity", kString, "draft: a person is to look", {"refuse", "draft"}},
               {"examples", kStrings, "what it must find"},
               {"counter_examples", kStrings, "what it must not find"}};
  keys.insert(keys.end(), own.begin(), own.end());
  return keys;
}

// The same for one that is about the text of some files.
Keys GuardTextKeys(Keys own) {
  own.push_back({"files", kStrings, "globs, or @set: only in these"});
  own.push_back({"except", kStrings, "globs, or @set: not in these"});
  return GuardRuleKeys(std::move(own));
}

}  // namespace

Schema GuardSchema() {
  const SchemaKey paths = Required("paths", kStrings, "globs, or @set");
  const SchemaKey patterns = Required("patterns", kStrings, "RE2 patterns of a line");
  SchemaKey lift = {"lift", kString, "what in guard.paths of a template lifts it"};
  lift.choices = {"literal", "glob"};
  SchemaKey wrong = Required("wrong", kString, "which way the number must not go");
  wrong.choices = {"up", "down"};
  SchemaKey longest = Required("longest", kInteger, "bytes of a line");
  longest.least = 100, longest.most = 1'000'000;
  SchemaKey shortest = Required("shortest", kInteger, "bytes of a word");
  shortest.least = 16, shortest.most = 1000;
  SchemaKey bits = Required("bits", kNumber, "of entropy of a character");
  bits.least = 0, bits.most = 6;
  return {"Guard rules of regreen",
          {Tables("set", "globs by a name, for @name",
                  {Required("name", kString, "what rules call it"),
                   Required("paths", kStrings, "globs")}),
           Tables("protected", "files that no patch may change", GuardRuleKeys({paths, lift})),
           Tables("deleted", "files that no patch may delete", GuardRuleKeys({paths})),
           Tables("lone", "files that must not change alone",
                  GuardRuleKeys({paths, {"beside", kStrings, "globs that do not count as more"}})),
           Tables("added", "text that no patch may add",
                  GuardTextKeys({patterns,
                                 {"across", kBool, "in added lines that follow each other"},
                                 {"secret", kBool, "what it finds is not shown"},
                                 {"texts", kBool, "also in titles, messages and branch names"}})),
           Tables("fewer", "lines that a patch may not make fewer", GuardTextKeys({patterns})),
           Tables("loosened", "texts that a patch may not replace by weaker ones",
                  GuardTextKeys({Required("pairs", kStrings, "RE2 patterns: old => new")})),
           Tables("number", "numbers that may not move one way",
                  GuardTextKeys({Required("patterns", kStrings, "RE2, the number as (?P<n>…)"),
                                 wrong,
                                 {"and_gone", kBool, "nor be taken out"}})),
           Tables("long", "lines that nobody reads", GuardTextKeys({longest})),
           Tables("random", "words that look like secrets",
                  GuardTextKeys(
                      {shortest, bits, {"unless", kString, "RE2: lines that it is not about"}}))}};
}

}  // namespace regreen
