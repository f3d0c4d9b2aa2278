// The keys of templates and bases. A unit test compares them with those that the readers take.
#include "daemon/domain/incident.h"
#include "daemon/domain/plan.h"
#include "daemon/domain/value.h"
#include "daemon/policy/schema.h"

namespace regreen {
namespace {

using enum SchemaKey::Kind;
using Keys = std::vector<SchemaKey>;

constexpr double kMany = 1'000'000;

Keys Conditions() {
  return {
      {"ci", kStrings, "globs of the CI's name in the configuration"},
      {"repo", kStrings, "globs of owner/name"},
      {"branch", kStrings, "globs of the run's branch"},
      {"base_branch", kStrings, "globs of the branch that the pull request goes into"},
      {"event", kStrings, "globs of what began the run: push, pull_request, schedule"},
      {"workflow", kStrings, "globs of the workflow's name"},
      {"job", kStrings, "globs of the names of the jobs that failed"},
      {"step", kStrings, "globs of the step that failed"},
      {"author", kStrings, "globs of who pushed"},
      {"rule", kStrings, "globs of the log rule that named the failure"},
      {"tool", kStrings, "globs of the tool that failed"},
      {"failing_test", kStrings, "globs of the tests that failed"},
      {"label", kStrings, "globs of the pull request's labels"},
      {"path", kStrings, "globs of the files that the commit or pull request changed"},
      {"log", kStrings, "RE2 patterns of a line of the evidence; named groups become inputs"},
      {"command", kStrings, "RE2 patterns of the failing command"},
      {"class", kStrings, "what kind of failure it is", FailureClassNames()},
      {"exit_code", kIntegers, "of the failing command"},
      {"run_attempt", kIntegers, "which attempt of the CI run it is, from 1"},
      {"fork", kBool, "whether the run is of a fork"},
      {"pull_request", kBool, "whether the run is of a pull request"},
      {"flaky", kBool, "whether one commit showed the failure and was green at a later attempt"},
      {"seen_at_least", kInteger, "runs that showed the failure before this one", {}, 1},
      {"seen",
       kWordOrTable,
       "runs that showed the failure before this one",
       {"first"},
       {},
       {},
       false,
       {{"at_least", kInteger, "so many runs", {}, 1},
        {"within", kDuration, "no older than that"}}},
      {"window", kStrings, "when the run was collected: \"Mon-Fri 08:00-18:00 Europe/Berlin\""},
  };
}

SchemaKey Match() {
  Keys keys = Conditions();
  keys.push_back({"unless", kTable, "of these none may hold", {}, {}, {}, false, Conditions()});
  return {"match", kTable, "what a failure must show; all must hold", {}, {}, {}, false, keys};
}

Keys Value(std::vector<std::string> types) {
  return {{"type", kString, "what a value must be", std::move(types)},
          {"choices", kStrings, "of the type enum"},
          {"pattern", kString, "RE2 that the whole text must match"},
          {"max_bytes", kInteger, "of the text", {}, 1},
          {"about", kString, "what it is for"}};
}

SchemaKey Inputs() {
  std::vector<std::string> types = ValueTypeNames();
  std::erase(types, "patch");
  Keys keys = Value(types);
  keys.push_back({"default", kScalar, "the value where the source gives none"});
  keys.push_back(
      {"from", kString, "its source: log.CAPTURE, incident.FACT, run.FACT or outputs.NAME"});
  keys.push_back(
      {"trust", kString, "untrusted: a stranger may have written it", {"trusted", "untrusted"}});
  keys.push_back({"required", kBool, "without a value the template is not chosen"});
  return {"inputs", kNamedTables, "values that commands read as $REGREEN_INPUT_NAME", {}, {}, {},
          false,    keys};
}

SchemaKey Workspace() {
  return {"workspace",
          kTable,
          "where its steps run",
          {},
          {},
          {},
          false,
          {{"use", kString, "a workspace of the configuration"},
           {"setup", kStrings, "shell commands before the steps"},
           {"timeout", kDuration, "of each setup command"},
           {"tools", kStrings, "programs that must be in PATH inside"},
           {"cpu", kInteger, "processors", {}, 1, 1024},
           {"memory", kString, "\"2GiB\", \"512MiB\""},
           {"network", kStrings, "egress sets of the configuration"}}};
}

SchemaKey Steps() {
  const Keys when = {{"class", kStrings, "of the failure", FailureClassNames()},
                     {"max_run_attempt", kInteger, "of the CI run", {}, 1, 1000},
                     {"after", kStrings, "what became of the step before", StepOutcomeNames()}};
  return {"step",
          kTables,
          "tried in their order: each has one of run, rerun, agent, report, use",
          {},
          {},
          {},
          false,
          {{"name", kString, "for people"},
           {"run", kString, "a shell command"},
           {"rerun", kInteger, "the CI's failed jobs run again, at most so often", {}, 1, 10},
           {"agent", kString, "an agent of the configuration"},
           {"report", kString, "tells a person", {"comment", "issue"}},
           {"use", kString, "the steps of another template stand here"},
           {"timeout", kDuration, "of run and agent"},
           {"delay", kDuration, "of rerun: waited before each, doubled each time"},
           {"prompt", kString, "of agent: a file of the folder, prompts/NAME.md"},
           {"rounds", kInteger, "of agent: with what the verification said", {}, 1, 10},
           {"max_cost_usd", kNumber, "of agent: for the step", {}, 0, 1000},
           {"text", kString, "of report: Markdown with {{names}}"},
           {"inputs", kNamedScalars, "of use: the inputs of that template"},
           {"when", kTable, "when it is tried", {}, {}, {}, false, when}}};
}

SchemaKey Change() {
  return {"change",
          kTable,
          "the change that is opened",
          {},
          {},
          {},
          false,
          {{"title", kString, "text with {{names}}"},
           {"body", kString, "Markdown with {{names}}, beside the proof"},
           {"labels", kStrings, "for the change"},
           {"target", kString, "a branch; auto: the run's"},
           {"auto_merge", kBool, "where the stage is auto"}}};
}

SchemaKey LimitKeys() {
  return {"limits",
          kTable,
          "what it may do at the most; 0: no limit",
          {},
          {},
          {},
          false,
          {{"open_per_repo", kInteger, "changes open at once", {}, 0, kMany},
           {"tasks_per_repo", kInteger, "tasks at work at once", {}, 0, kMany},
           {"per_hour", kInteger, "tasks begun in 60 minutes", {}, 0, kMany},
           {"per_day", kInteger, "tasks begun in 24 hours", {}, 0, kMany},
           {"usd_per_day", kNumber, "US dollars in 24 hours", {}, 0, kMany},
           {"usd_per_task", kNumber, "US dollars of one task, on all of its steps", {}, 0, kMany},
           {"minutes_per_day", kInteger, "of workspaces in 24 hours", {}, 0, kMany},
           {"cooldown", kDuration, "after a task of the same failure ended"},
           {"break_after", kInteger, "failures in a row", {}, 0, kMany},
           {"break_for", kDuration, "how long it pauses then"}}};
}

SchemaKey Promote() {
  return {"promote",
          kTable,
          "what it must have shown before a higher stage",
          {},
          {},
          {},
          false,
          {{"min_tasks", kInteger, "tasks begun", {}, 0, kMany},
           {"verified", kNumber, "share of what it reproduced", {}, 0, 1},
           {"min_merged", kInteger, "changes merged, for auto", {}, 0, kMany},
           {"acceptance", kNumber, "share of changes merged, for auto", {}, 0, 1},
           {"max_cost_usd", kNumber, "a task, on average", {}, 0, kMany}}};
}

}  // namespace

Schema TemplateSchema() {
  return {
      "A template of regreen, or a base",
      {{"name", kString, "a-z, 0-9 and '-'; a base has none"},
       {"title", kString, "for people"},
       {"stage", kString, "how far it may go", {"draft", "shadow", "suggest", "auto", "retired"}},
       {"priority", kInteger, "the higher goes first", {}, -1000, 1000},
       {"hold", kBool, "a person must approve before anything is done"},
       {"review", kBool, "a person must approve the proven patch"},
       {"extends", kStrings, "bases: base/NAME"},
       {"then", kStrings, "templates that go on from the proven patch"},
       Match(),
       Inputs(),
       {"outputs",
        kNamedTables,
        "values that steps write",
        {},
        {},
        {},
        false,
        Value(ValueTypeNames())},
       Workspace(),
       Steps(),
       {"verify",
        kTable,
        "how the repair is proven",
        {},
        {},
        {},
        false,
        {{"command", kString, "auto: the failing command; or a shell command"},
         {"directory", kString, "where it runs, below the tree"},
         {"runs", kInteger, "how often it must pass", {}, 1, 20},
         {"timeout", kDuration, "of each run"}}},
       {"guard",
        kTable,
        "what its patch may change",
        {},
        {},
        {},
        false,
        {{"paths", kStrings, "globs"},
         {"max_files", kInteger, "", {}, 1, 10'000},
         {"max_lines", kInteger, "", {}, 1, 1'000'000},
         {"allow", kStrings, "names of guard rules that do not hold for it"}}},
       Change(),
       LimitKeys(),
       Promote()}};
}

}  // namespace regreen
