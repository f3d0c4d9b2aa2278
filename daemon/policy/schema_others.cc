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

Schema GuardSchema() {
  const SchemaKey name = Required("name", kString, "unique over all files");
  const SchemaKey about = Required("about", kString, "ends the sentence of a finding");
  const SchemaKey paths = Required("paths", kStrings, "globs");
  return {
      "Guard rules of regreen",
      {Tables(
           "protected", "files that no patch may change",
           {name,
            about,
            paths,
            {"lift", kString, "what in guard.paths of a template lifts it", {"literal", "glob"}}}),
       Tables("added", "text that no patch may add",
              {name,
               about,
               Required("patterns", kStrings, "RE2 patterns of an added line"),
               {"files", kStrings, "globs: only in these"},
               {"except", kStrings, "globs: not in these"},
               {"secret", kBool, "what it finds is not shown"}}),
       Tables("deleted", "files that no patch may delete", {name, about, paths})}};
}

}  // namespace regreen
