#include "daemon/policy/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kWhole[] = R"toml(
name      = "stale-table"
title     = "Regenerate the table"
stage     = "shadow"
priority  = 50
hold      = true
review    = true
then      = ["format"]
[match]
repo      = ["acme/*"]
class     = ["test", "lint"]
log       = '(?P<what>\w+) is stale'
exit_code = [1, 2]
unless    = { branch = "wip/**", fork = true }
[inputs]
version   = { type = "string", default = "20", about = "of Node.js", pattern = "[0-9]+" }
many      = { type = "int", default = 3 }
share     = { type = "number", default = 0.5 }
strict    = { type = "bool", default = true }
mode      = { type = "enum", choices = ["fast", "full"], default = "fast" }
targets   = { type = "list", default = ["a", "b"], max_bytes = 100 }
where     = { type = "path", default = "src/gen" }
what      = { type = "string", from = "log.what", trust = "untrusted", required = true }
red_files = { type = "list", from = "incident.files" }
code      = { type = "int", from = "incident.exit_code" }
[outputs]
patch     = { type = "patch", max_bytes = 200000 }
table     = { type = "string", pattern = "[a-z]+", about = "that was made" }
count     = { type = "int" }
[workspace]
use       = "sandbox"
setup     = "make tools"
timeout   = "5m"
tools     = ["make", "clang-format"]
cpu       = 2
memory    = "2GiB"
network   = ["packages"]
[[step]]
rerun     = 2
delay     = "30s"
when      = { class = ["network"], max_run_attempt = 3 }
[[step]]
name      = "regenerate"
run       = "make table V={{version}}"
timeout   = "90s"
[[step]]
run       = "make -B table"
[[step]]
agent     = "cheap"
prompt    = "prompts/table.md"
rounds    = 2
max_cost_usd = 0.5
timeout   = "20m"
when      = { after = ["still-red", "no-change"] }
[[step]]
use       = "other"
inputs    = { level = 3, node = "{{version}}" }
[[step]]
report    = "issue"
text      = "No luck with {{what}}"
[verify]
command   = "make check"
directory = "sub/dir"
runs      = 3
timeout   = "2m"
[guard]
paths     = ["gen/**"]
max_files = 2
max_lines = 300
allow     = ["lock-file", "link"]
[change]
title     = "Regenerate: {{signature}}"
body      = "For {{ job }} of {{repo}}."
labels    = ["regreen"]
target    = "release/1.0"
auto_merge = true
[limits]
open_per_repo = 3
tasks_per_repo = 2
per_hour  = 5
per_day   = 10
usd_per_day = 1.5
minutes_per_day = 60
cooldown  = "30m"
break_after = 4
break_for = "2h"
[promote]
min_tasks = 10
verified  = 0.9
min_merged = 5
acceptance = 0.8
max_cost_usd = 2
)toml";

TEST(Template, ReadsEveryKey) {
  Problems problems;
  const Template t = ReadTemplate(kWhole, "t.toml", problems);
  EXPECT_EQ(problems.Render(), "");
  EXPECT_EQ(t.name, "stale-table");
  EXPECT_EQ(t.title, "Regenerate the table");
  EXPECT_EQ(t.stage, Stage::kShadow);
  EXPECT_EQ(t.priority, 50);
  EXPECT_EQ(t.match.size(), 4u);
  EXPECT_EQ(t.unless.size(), 2u);
  EXPECT_EQ(t.workspace, "sandbox");
  EXPECT_THAT(t.setup, ElementsAre("make tools"));
  EXPECT_EQ(t.setup_timeout, absl::Minutes(5));
  EXPECT_EQ(t.verify_command, "make check");
  EXPECT_EQ(t.verify_directory, "sub/dir");
  EXPECT_EQ(t.verify_runs, 3);
  EXPECT_EQ(t.verify_timeout, absl::Minutes(2));
  EXPECT_THAT(t.guard_paths, ElementsAre("gen/**"));
  EXPECT_EQ(t.guard_max_files, 2);
  EXPECT_EQ(t.guard_max_lines, 300);
  EXPECT_THAT(t.guard_allow, ElementsAre("lock-file", "link"));
  EXPECT_THAT(t.change_labels, ElementsAre("regreen"));
  EXPECT_EQ(t.change_target, "release/1.0");
  EXPECT_TRUE(t.hold && t.review && t.auto_merge);
  EXPECT_THAT(t.then, ElementsAre("format"));
  EXPECT_THAT(t.needs.tools, ElementsAre("make", "clang-format"));
  EXPECT_EQ(t.needs.cpu, 2);
  EXPECT_EQ(t.needs.memory_bytes, std::int64_t{2} << 30);
  EXPECT_THAT(t.needs.network, ElementsAre("packages"));
  EXPECT_EQ(PlaceOf(t, "guard.max_files").line, 68);
}

TEST(Template, ReadsEveryKindOfStep) {
  Problems problems;
  const Template t = ReadTemplate(kWhole, "t.toml", problems);
  ASSERT_EQ(t.steps.size(), 6u);
  EXPECT_EQ(t.steps[0].kind, StepKind::kRerun);
  EXPECT_EQ(t.steps[0].times, 2);
  EXPECT_EQ(t.steps[0].delay, absl::Seconds(30));
  EXPECT_THAT(t.steps[0].when.classes, ElementsAre("network"));
  EXPECT_EQ(t.steps[0].when.max_run_attempt, 3);
  EXPECT_EQ(t.steps[1].name, "regenerate");
  EXPECT_EQ(t.steps[1].timeout, absl::Seconds(90));
  EXPECT_EQ(t.steps[2].name, "step 3");
  EXPECT_EQ(t.steps[3].kind, StepKind::kAgent);
  EXPECT_EQ(t.steps[3].agent, "cheap");
  EXPECT_EQ(t.steps[3].prompt, "prompts/table.md");
  EXPECT_EQ(t.steps[3].rounds, 2);
  EXPECT_EQ(t.steps[3].max_usd, 0.5);
  EXPECT_EQ(t.steps[3].timeout, absl::Minutes(20));
  EXPECT_THAT(t.steps[3].when.after, ElementsAre(StepOutcome::kStillRed, StepOutcome::kNoChange));
  EXPECT_EQ(t.steps[4].use, "other");
  EXPECT_EQ(t.steps[4].use_inputs.at("level"), "3");
  EXPECT_EQ(t.steps[5].kind, StepKind::kReport);
  EXPECT_EQ(t.steps[5].report, ReportKind::kIssue);
  EXPECT_EQ(t.steps[5].text, "No luck with {{what}}");
}

TEST(Template, ReadsInputsAndOutputs) {
  Problems problems;
  const Template t = ReadTemplate(kWhole, "t.toml", problems);
  std::map<std::string, InputSpec> inputs;
  for (const InputSpec& input : t.inputs) inputs.emplace(input.value.name, input);
  EXPECT_EQ(inputs.size(), 10u);
  EXPECT_EQ(inputs["version"].about, "of Node.js");
  EXPECT_EQ(inputs["version"].value.pattern, "[0-9]+");
  EXPECT_EQ(inputs["many"].fallback, "3");
  EXPECT_EQ(inputs["share"].fallback, "0.5");
  EXPECT_EQ(inputs["strict"].fallback, "true");
  EXPECT_THAT(inputs["mode"].value.choices, ElementsAre("fast", "full"));
  EXPECT_EQ(inputs["targets"].fallback, "a\nb");
  EXPECT_EQ(inputs["targets"].value.max_bytes, 100u);
  EXPECT_TRUE(inputs["what"].required);
  EXPECT_FALSE(inputs["what"].trusted);
  EXPECT_FALSE(inputs["red_files"].trusted) << "whatever the template says";
  EXPECT_TRUE(inputs["code"].trusted);
  ASSERT_EQ(t.outputs.size(), 2u);
  EXPECT_EQ(t.outputs[0].name, "count");
  EXPECT_EQ(t.outputs[1].pattern, "[a-z]+");
  EXPECT_EQ(t.patch_max_bytes, 200000);
}

TEST(Template, ReadsLimitsAndTheGate) {
  Problems problems;
  const Template t = ReadTemplate(kWhole, "t.toml", problems);
  EXPECT_EQ(t.limits.open_per_repo, 3);
  EXPECT_EQ(t.limits.tasks_per_repo, 2);
  EXPECT_EQ(t.limits.per_hour, 5);
  EXPECT_EQ(t.limits.per_day, 10);
  EXPECT_EQ(t.limits.usd_per_day, 1.5);
  EXPECT_EQ(t.limits.minutes_per_day, 60);
  EXPECT_EQ(t.limits.cooldown, absl::Minutes(30));
  EXPECT_EQ(t.limits.break_after, 4);
  EXPECT_EQ(t.limits.break_for, absl::Hours(2));
  EXPECT_EQ(t.promote.min_tasks, 10);
  EXPECT_EQ(t.promote.verified, 0.9);
  EXPECT_EQ(t.promote.min_merged, 5);
  EXPECT_EQ(t.promote.acceptance, 0.8);
  EXPECT_EQ(t.promote.max_usd, 2);
}

TEST(Template, NeedsOnlyANameAndAStep) {
  Problems problems;
  const Template t = ReadTemplate("name = \"x\"\n[[step]]\nrun = \"true\"\n", "t.toml", problems);
  EXPECT_EQ(problems.Render(), "");
  EXPECT_EQ(t.title, "x");
  EXPECT_EQ(t.change_title, "x");
  EXPECT_EQ(t.stage, Stage::kSuggest);
  EXPECT_EQ(t.verify_command, "auto");
}

TEST(Template, RefusesEachMistakeWithItsPlace) {
  struct Case {
    const char* name;
    const char* text;  // follows a good head and step, from line 4 on
    const char* wanted;
  };
  const Case cases[] = {
      {"unknown key", "[change]\nlabel = \"x\"",
       "t.toml:5:9: error: unknown key \"label\", did you mean \"labels\"?"},
      {"unknown table", "[guards]\npaths = \"x\"",
       "t.toml:4:1: error: unknown key \"guards\", did you mean \"guard\"?"},
      {"unknown match key", "[match]\nrepos = \"x\"",
       "unknown key \"repos\", did you mean \"repo\"?"},
      {"unknown unless key", "[match]\nunless = { jobs = \"x\" }",
       "unknown key \"jobs\", did you mean \"job\"?"},
      {"wrong type", "[verify]\nruns = \"3\"",
       "t.toml:5:8: error: \"runs\" must be a whole number, not a string"},
      {"bad regex", "[match]\nlog = '('",
       "t.toml:5:7: error: pattern \"(\": the pattern does not compile"},
      {"regex that matches nothing much", "[match]\nlog = 'a*'", "matches the empty text"},
      {"command that matches everything", "[match]\ncommand = ['x', '']", "matches the empty text"},
      {"empty glob", "[match]\nrepo = [\"\"]", "the glob \"\" is empty"},
      {"triple star", "[guard]\npaths = [\"a/***\"]", "holds \"***\""},
      {"braces", "[guard]\npaths = [\"*.{c,h}\"]", "write one glob for each"},
      {"absolute path", "[guard]\npaths = [\"/etc/*\"]", "begins with '/'"},
      {"parent path", "[guard]\npaths = [\"a/../b\"]", "\"..\""},
      {"empty list", "[match]\nbranch = []", "\"branch\" is an empty list"},
      {"unknown class", "[match]\nclass = \"formatt\"",
       "unknown class \"formatt\", did you mean \"format\"?"},
      {"seen at least", "[match]\nseen_at_least = 0",
       "\"seen_at_least\" is 0, and must be 1 or more"},
      {"exit code", "[match]\nexit_code = [1, 256]", "exit code 256 is not between 0 and 255"},
      {"runs too many", "[verify]\nruns = 21", "\"runs\" must be between 1 and 20, not 21"},
      {"runs none", "[verify]\nruns = 0", "between 1 and 20"},
      {"timeout none", "[verify]\ntimeout = \"0s\"", "between 1s and 24h"},
      {"timeout no duration", "[workspace]\ntimeout = \"10 minutes\"", "must be a duration"},
      {"empty command", "[verify]\ncommand = \" \"", "\"command\" is empty"},
      {"empty setup", "[workspace]\nsetup = [\"a\", \"\"]", "\"setup\" is empty"},
      {"directory outside", "[verify]\ndirectory = \"../x\"", "\"..\""},
      {"directory glob", "[verify]\ndirectory = \"x*\"", "names one folder"},
      {"placeholder", "[change]\ntitle = \"{{signatur}}\"",
       "there is no {{signatur}}, did you mean \"signature\"?"},
      {"open placeholder", "[change]\nbody = \"{{job\"", "is not closed"},
      {"title of two lines", "[change]\ntitle = \"a\\nb\"", "line breaks"},
      {"target", "[change]\ntarget = \"a..b\"", "\"a..b\" is no branch"},
      {"label", "[change]\nlabels = [\"\"]", "the label \"\" must have"},
      {"max files", "[guard]\nmax_files = 0", "between 1 and 10000"},
      {"second empty step", "[[step]]\nrun = \"\"", "\"run\" is empty"},
      {"step without a kind", "[[step]]\nname = \"x\"",
       "t.toml:4:1: error: a step needs \"run\", \"rerun\", \"agent\", \"report\" or \"use\""},
      {"step of two kinds", "[[step]]\nrun = \"x\"\nrerun = 1",
       "t.toml:6:9: error: a step does one thing: this one has both \"run\" and \"rerun\""},
      {"key of another kind", "[[step]]\nrun = \"x\"\ndelay = \"3s\"",
       "\"delay\" belongs to a step with \"rerun\", and this one has \"run\""},
      {"timeout of a re-run", "[[step]]\nrerun = 1\ntimeout = \"3s\"",
       "\"timeout\" belongs to a step with \"run\" or \"agent\""},
      {"unknown step key", "[[step]]\nrun = \"x\"\ntimeot = \"3s\"",
       "unknown key \"timeot\", did you mean \"timeout\"?"},
      {"no re-runs", "[[step]]\nrerun = 0", "\"rerun\" must be between 1 and 10, not 0"},
      {"long delay", "[[step]]\nrerun = 1\ndelay = \"25h\"", "\"delay\" must be between 0 and 24h"},
      {"agent without prompt", "[[step]]\nagent = \"x\"", "an agent needs a \"prompt\""},
      {"too many rounds", "[[step]]\nagent = \"x\"\nprompt = \"prompts/x.md\"\nrounds = 11",
       "between 1 and 10, not 11"},
      {"negative cost", "[[step]]\nagent = \"x\"\nprompt = \"prompts/x.md\"\nmax_cost_usd = -1",
       "\"max_cost_usd\" must be between 0 and 1000, not -1"},
      {"cost that is no number",
       "[[step]]\nagent = \"x\"\nprompt = \"prompts/x.md\"\nmax_cost_usd = nan",
       "\"max_cost_usd\" must be between 0 and 1000"},
      {"unknown report", "[[step]]\nreport = \"coment\"\ntext = \"x\"",
       "unknown report \"coment\", did you mean \"comment\"?"},
      {"report without text", "[[step]]\nreport = \"issue\"", "a report needs its \"text\""},
      {"empty report", "[[step]]\nreport = \"issue\"\ntext = \" \"", "\"text\" is empty"},
      {"bad use", "[[step]]\nuse = \"Not/A name\"", "is no template's name"},
      {"unknown class of when", "[[step]]\nrun = \"x\"\nwhen = { class = \"tset\" }",
       "unknown class \"tset\", did you mean \"test\"?"},
      {"unknown outcome", "[[step]]\nrun = \"x\"\nwhen = { after = \"stil-red\" }",
       "unknown outcome \"stil-red\", did you mean \"still-red\"?"},
      {"after proven", "[[step]]\nrun = \"x\"\nwhen = { after = \"proven\" }",
       "no step follows one that is proven"},
      {"empty after", "[[step]]\nrun = \"x\"\nwhen = { after = [] }", "\"after\" is an empty list"},
      {"unknown when", "[[step]]\nrun = \"x\"\nwhen = { before = 1 }", "unknown key \"before\""},
      {"attempt none", "[[step]]\nrun = \"x\"\nwhen = { max_run_attempt = 0 }",
       "between 1 and 1000"},
      {"input name", "[inputs]\nNode = { type = \"int\" }",
       "the name \"Node\" must be made of a-z"},
      {"taken input name", "[inputs]\nclass = { type = \"string\" }",
       "the name \"class\" is taken"},
      {"taken variable", "[inputs]\nfiles = { type = \"string\" }", "the name \"files\" is taken"},
      {"input of no type", "[inputs]\nx = { default = \"1\" }", "a value needs a \"type\""},
      {"unknown type", "[inputs]\nx = { type = \"strng\" }",
       "unknown type \"strng\", did you mean \"string\"?"},
      {"patch as an input", "[inputs]\nx = { type = \"patch\" }", "unknown type \"patch\""},
      {"input that is no table", "[inputs]\nx = 3", "\"x\" must be a table"},
      {"unknown input key", "[inputs]\nx = { type = \"int\", defualt = 3 }",
       "unknown key \"defualt\", did you mean \"default\"?"},
      {"default of another type", "[inputs]\nx = { type = \"int\", default = \"a\" }",
       "t.toml:5:31: error: the default is not a whole number"},
      {"default beside its pattern",
       "[inputs]\nx = { type = \"string\", default = \"a\", pattern = \"b\" }",
       "the default does not match /b/"},
      {"default that is too long",
       "[inputs]\nx = { type = \"string\", default = \"abc\", max_bytes = 2 }",
       "the default is 3 bytes long, and at most 2 are allowed"},
      {"default outside", "[inputs]\nx = { type = \"path\", default = \"../x\" }",
       "the default must be a plain path"},
      {"default and required", "[inputs]\nx = { type = \"int\", default = 1, required = true }",
       "a required input has no \"default\""},
      {"bad pattern", "[inputs]\nx = { type = \"string\", pattern = \"(\" }", "does not compile"},
      {"enum without choices", "[inputs]\nx = { type = \"enum\" }",
       "an enum needs its \"choices\""},
      {"enum of nothing", "[inputs]\nx = { type = \"enum\", choices = [] }", "is an empty list"},
      {"choice twice", "[inputs]\nx = { type = \"enum\", choices = [\"a\", \"a\"] }", "twice"},
      {"choices of an int", "[inputs]\nx = { type = \"int\", choices = [\"1\"] }",
       "only the type \"enum\" has choices"},
      {"unknown source", "[inputs]\nx = { type = \"string\", from = \"run.brunch\" }",
       "there is no source run.brunch, did you mean \"run.branch\"?"},
      {"source of nothing", "[inputs]\nx = { type = \"string\", from = \"log.\" }",
       "there is no source log."},
      {"source far from any", "[inputs]\nx = { type = \"string\", from = \"weather\" }",
       "write log.<named group>"},
      {"list as a string", "[inputs]\nx = { type = \"string\", from = \"incident.files\" }",
       "the type must be \"list\""},
      {"trust in a stranger",
       "[inputs]\nx = { type = \"string\", from = \"log.x\", trust = \"trusted\" }",
       "strangers may write what log.x gives, so it cannot be trusted"},
      {"unknown trust", "[inputs]\nx = { type = \"string\", trust = \"trustd\" }",
       "unknown trust \"trustd\", did you mean \"trusted\"?"},
      {"max bytes", "[inputs]\nx = { type = \"string\", max_bytes = 0 }", "between 1 and 65536"},
      {"second patch", "[outputs]\nx = { type = \"patch\" }", "call it \"patch\""},
      {"patch of no bytes", "[outputs]\npatch = { type = \"patch\", max_bytes = 0 }",
       "must be between 1"},
      {"output name", "[outputs]\n1x = { type = \"int\" }", "must be made of a-z"},
      {"output key", "[outputs]\nx = { type = \"int\", default = 1 }", "unknown key \"default\""},
      {"memory", "[workspace]\nmemory = \"2 gigs\"", "\"memory\" must be a size such as"},
      {"memory of nothing", "[workspace]\nmemory = \"0MiB\"", "must be a size"},
      {"memory beyond all", "[workspace]\nmemory = \"99999999999999GiB\"", "must be a size"},
      {"memory as a number", "[workspace]\nmemory = 2", "must be a string"},
      {"no processors", "[workspace]\ncpu = 0", "between 1 and 1024"},
      {"tool without a name", "[workspace]\ntools = [\"\"]", "the name \"\" must have"},
      {"limit", "[limits]\nper_day = -1", "between 0 and 1000000, not -1"},
      {"unknown limit", "[limits]\nper_dya = 1",
       "unknown key \"per_dya\", did you mean \"per_day\"?"},
      {"cooldown", "[limits]\ncooldown = \"3 hours\"", "must be a duration"},
      {"gate above all", "[promote]\nacceptance = 80",
       "\"acceptance\" must be between 0 and 1, not 80"},
      {"auto merge", "[change]\nauto_merge = \"yes\"", "\"auto_merge\" must be true or false"},
      {"empty body", "[change]\nbody = \"\"", "\"body\" is empty"},
      {"unescaped", "[change]\nbody = \"{{{job}}}\"", "unescaped values"},
      {"variable in setup", "[inputs]\nv = { type = \"int\" }\n[workspace]\nsetup = \"get {{v}}\"",
       "t.toml:7:9: error: {{v}} stands in \"run\" only: read \"$REGREEN_INPUT_V\" here"},
      {"variable in the verification",
       "[inputs]\nv = { type = \"int\" }\n[verify]\ncommand = \"get {{v}}\"",
       "{{v}} stands in \"run\" only"},
      {"untrusted in a command", "[[step]]\nrun = \"echo {{branch}}\"",
       "must not stand in a command"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Problems problems;
    ReadTemplate(Cat("name = \"x\"\n[[step]]\nrun = \"true\"\n", c.text, "\n"), "t.toml", problems);
    EXPECT_THAT(problems.Render(), HasSubstr(c.wanted));
    EXPECT_EQ(problems.all().size(), 1u) << problems.Render();
  }
}

TEST(Template, RefusesNamesThatNoBranchCouldHold) {
  for (const char* name : {"", "Upper", "a b", "a/b", "ä", "a_b",
                           "0123456789012345678901234567890123456789012345678901234567890"}) {
    SCOPED_TRACE(name);
    Problems problems;
    ReadTemplate(TemplateText(name), "t.toml", problems);
    EXPECT_THAT(problems.Render(), HasSubstr("must be made of a-z, 0-9 and '-'"));
  }
}

TEST(Template, TellsAllProblemsAtOnce) {
  Problems problems;
  ReadTemplate("priority = 2000\nstage = \"autom\"\nextra = 1\n[match]\nlog = ['(', 'a*']\n",
               "t.toml", problems);
  const std::string all = problems.Render();
  for (const char* wanted : {"needs a \"name\"", "between -1000 and 1000", "did you mean \"auto\"?",
                             "unknown key \"extra\"", "does not compile", "matches the empty text",
                             "at least one [[step]]"}) {
    EXPECT_THAT(all, HasSubstr(wanted));
  }
}

TEST(Template, ASyntaxErrorIsTheOnlyProblemTold) {
  Problems problems;
  ReadTemplate("name = \"x\"\n[match\n", "t.toml", problems);
  ASSERT_EQ(problems.all().size(), 1u);
  EXPECT_EQ(problems.all()[0].where.line, 2);
}

}  // namespace
}  // namespace regreen
