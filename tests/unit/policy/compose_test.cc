// Templates that use and go on with one another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/policy/plan_builder.h"
#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Named(const std::string& name, const std::string& rest) {
  return Cat("name = \"", name, "\"\n", rest, "\n[verify]\ncommand = \"true\"\n");
}

StatusOr<Plan> PlanOf(const SampleFolder& folder, const std::string& name,
                      std::map<std::string, std::string> by_hand = {}, Captures captures = {}) {
  Problems problems;
  const auto set = LoadFolder(folder, problems);
  EXPECT_NE(set, nullptr) << problems.Render();
  if (set == nullptr) return NotFound("no set");
  SelectOptions options;
  options.command = "make check";
  options.inputs = std::move(by_hand);
  return BuildPlan(*set->Find(name), SampleIncident(), options, captures, "digest");
}

// NAME=value of these inputs.
std::vector<std::string> Pairs(const std::vector<PlanInput>& inputs) {
  std::vector<std::string> out;
  for (const PlanInput& input : inputs)
    out.push_back(Cat(input.name, "=", input.value, input.trusted ? "" : " (untrusted)"));
  return out;
}

constexpr char kInstall[] = R"toml(
[inputs]
node = { type = "int", default = 20 }
flag = { type = "string", required = true }
[workspace]
setup = ["npm ci"]
tools = ["npm"]
memory = "1GiB"
[[step]]
name = "install"
run = "nvm use {{node}} && npm i {{flag}}"
when = { class = ["dependency", "test"] }
)toml";

TEST(Compose, PutsTheStepsOfAUsedTemplateInItsPlace) {
  const auto plan = PlanOf({{Named("inner", kInstall), Named("outer", R"toml(
[inputs]
node = { type = "string", default = "18" }
[workspace]
setup = ["make"]
memory = "2GiB"
[[step]]
run = "first"
[[step]]
use = "inner"
inputs = { node = "{{node}}", flag = "--{{node}}-x" }
when = { class = ["test", "lint"], max_run_attempt = 2, after = "no-change" }
[[step]]
run = "last {{node}}"
)toml")},
                            {},
                            {}},
                           "outer");
  ASSERT_TRUE(plan.ok()) << Message(plan.status());
  ASSERT_EQ(plan->steps.size(), 3u);
  EXPECT_EQ(plan->steps[0].run, "first");
  EXPECT_EQ(plan->steps[1].name, "inner: install");
  EXPECT_EQ(plan->steps[1].source, "inner");
  EXPECT_EQ(plan->steps[1].run, "nvm use '18' && npm i '--18-x'");
  EXPECT_THAT(plan->steps[1].when.classes, ElementsAre("test"));
  EXPECT_EQ(plan->steps[1].when.max_run_attempt, 2);
  EXPECT_THAT(plan->steps[1].when.after, ElementsAre(StepOutcome::kNoChange));
  EXPECT_THAT(Pairs(plan->steps[1].inputs), ElementsAre("FLAG=--18-x", "NODE=18"));
  EXPECT_EQ(plan->steps[1].inputs[0].origin, "use by outer");
  EXPECT_EQ(plan->steps[2].run, "last '18'");
  EXPECT_THAT(plan->steps[2].inputs, IsEmpty());
  EXPECT_THAT(plan->setup, ElementsAre("make", "npm ci"));
  EXPECT_THAT(plan->needs.tools, ElementsAre("npm"));
  EXPECT_EQ(plan->needs.memory_bytes, std::int64_t{2} << 30);
}

TEST(Compose, KeepsOneNameOfTwoTemplatesApart) {
  const std::string say =
      "[inputs]\nword = { type = \"string\", default = \"none\" }\n"
      "[[step]]\nrun = \"say {{word}} $REGREEN_INPUT_WORD\"\n";
  const auto plan = PlanOf({{Named("say", say), Named("both", R"toml(
[inputs]
word = { type = "string", default = "outer" }
[[step]]
use = "say"
inputs = { word = "one" }
[[step]]
use = "say"
[[step]]
run = "say {{word}}"
)toml")},
                            {},
                            {}},
                           "both");
  ASSERT_TRUE(plan.ok()) << Message(plan.status());
  EXPECT_THAT(Pairs(plan->steps[0].inputs), ElementsAre("WORD=one"));
  EXPECT_EQ(plan->steps[0].run, "say 'one' $REGREEN_INPUT_WORD");
  EXPECT_THAT(Pairs(plan->steps[1].inputs), ElementsAre("WORD=none"));
  EXPECT_EQ(plan->steps[2].run, "say 'outer'");
}

TEST(Compose, UsesThroughSeveralTemplatesAndKeepsWhatIsUntrusted) {
  const auto plan = PlanOf({{Named("low",
                                   "[inputs]\na = { type = \"string\", required = true }\n"
                                   "[[step]]\nrun = \"echo \\\"$REGREEN_INPUT_A\\\"\"\n"),
                             Named("mid",
                                   "[inputs]\nb = { type = \"string\", default = \"d\" }\n"
                                   "[[step]]\nuse = \"low\"\ninputs = { a = \"<{{b}}>\" }\n"),
                             Named("top",
                                   "[inputs]\nc = { type = \"string\", from = \"log.c\" }\n"
                                   "[[step]]\nuse = \"mid\"\ninputs = { b = \"{{c}}\" }\n")},
                            {},
                            {}},
                           "top", {}, {{"c", "evil\x1b"}});
  ASSERT_TRUE(plan.ok()) << Message(plan.status());
  ASSERT_EQ(plan->steps.size(), 1u);
  EXPECT_EQ(plan->steps[0].source, "low");
  EXPECT_THAT(Pairs(plan->steps[0].inputs), ElementsAre("A=<evil> (untrusted)"));
}

TEST(Compose, FallsBackToADefaultWhereNothingIsGiven) {
  const auto plan = PlanOf({{Named("low",
                                   "[inputs]\na = { type = \"string\", default = \"d\" }\n"
                                   "[[step]]\nrun = \"echo $REGREEN_INPUT_A\"\n"),
                             Named("top",
                                   "[inputs]\nc = { type = \"string\", from = \"log.c\" }\n"
                                   "[[step]]\nuse = \"low\"\ninputs = { a = \"{{c}}\" }\n")},
                            {},
                            {}},
                           "top");
  ASSERT_TRUE(plan.ok()) << Message(plan.status());
  EXPECT_THAT(Pairs(plan->steps[0].inputs), ElementsAre("A=d"));
}

TEST(Compose, AValueOfTheWrongTypeTellsWhoseInputItIs) {
  const SampleFolder folder = {{Named("low",
                                      "[inputs]\na = { type = \"int\", required = true }\n"
                                      "[[step]]\nrun = \"echo $REGREEN_INPUT_A\"\n"),
                                Named("top",
                                      "[inputs]\nc = { type = \"string\", from = \"log.c\" }\n"
                                      "[[step]]\nuse = \"low\"\ninputs = { a = \"{{c}}\" }\n")},
                               {},
                               {}};
  EXPECT_EQ(Message(PlanOf(folder, "top", {}, {{"c", "x"}}).status()),
            "of the template \"low\", its input \"a\" (use by top) is not a whole number: \"x\"");
  EXPECT_EQ(Message(PlanOf(folder, "top").status()),
            "of the template \"low\", its input \"a\" is required and has no value");
}

TEST(Compose, ChainsGoOnWithTheirOwnStepsAndInputs) {
  const auto plan = PlanOf({{Named("bump", R"toml(
then = ["format", "note"]
hold = false
[outputs]
version = { type = "string" }
[[step]]
run = "bump"
)toml"),
                             Named("format", R"toml(
then = ["sort"]
review = true
[inputs]
width = { type = "int", default = 80 }
[workspace]
setup = ["get formatter"]
[[step]]
run = "format {{width}}"
)toml"),
                             Named("sort", "[[step]]\nrun = \"sort\"\n"), Named("note", R"toml(
[inputs]
v = { type = "string", from = "outputs.version", required = true }
[[step]]
run = "note \"$REGREEN_INPUT_V\""
)toml")},
                            {},
                            {}},
                           "bump");
  ASSERT_TRUE(plan.ok()) << Message(plan.status());
  ASSERT_EQ(plan->then.size(), 3u);
  EXPECT_EQ(plan->then[0].template_name, "format");
  EXPECT_THAT(plan->then[0].setup, ElementsAre("get formatter"));
  EXPECT_EQ(plan->then[0].steps[0].run, "format '80'");
  EXPECT_THAT(Pairs(plan->then[0].inputs), ElementsAre("WIDTH=80"));
  EXPECT_EQ(plan->then[1].template_name, "sort");
  EXPECT_EQ(plan->then[2].template_name, "note");
  EXPECT_THAT(plan->then[2].from_outputs, ElementsAre(std::pair("V", "version")));
  EXPECT_TRUE(plan->review) << "a template that asks for a review gets one";
  EXPECT_THAT(plan->outputs.size(), 1u);
}

TEST(Compose, StepsMayTakeWhatEarlierStepsWrote) {
  const auto plan = PlanOf({{Named("low",
                                   "[inputs]\na = { type = \"string\", default = \"d\" }\n"
                                   "[[step]]\nrun = \"echo $REGREEN_INPUT_A\"\n"),
                             Named("top", R"toml(
[inputs]
v = { type = "string", from = "outputs.version" }
[outputs]
version = { type = "string" }
[[step]]
run = "find"
[[step]]
run = "apply $REGREEN_INPUT_V"
[[step]]
use = "low"
inputs = { a = "{{v}}" }
)toml")},
                            {},
                            {}},
                           "top");
  ASSERT_TRUE(plan.ok()) << Message(plan.status());
  EXPECT_THAT(plan->steps[1].from_outputs, ElementsAre(std::pair("V", "version")));
  EXPECT_THAT(plan->steps[2].from_outputs, ElementsAre(std::pair("A", "version")));
  EXPECT_THAT(Pairs(plan->steps[2].inputs), ElementsAre("A=d"));
}

struct Mistake {
  const char* name;
  std::vector<std::string> templates;
  const char* wanted;  // a part of what is told; the one mistake
};

std::string Step(const std::string& rest) {
  return "[[step]]\n" + rest + "\n";
}

const std::string kLow =
    Named("low", "[inputs]\na = { type = \"int\", required = true }\n" + Step("run = \"x {{a}}\""));

TEST(Compose, TellsEachMistakeAtItsPlace) {
  const Mistake mistakes[] = {
      {"unknown use",
       {kLow, Named("x", Step("use = \"lwo\""))},
       "1.toml:3:7: error: there is no template \"lwo\", did you mean \"low\"?"},
      {"use of itself",
       {Named("x", Step("use = \"x\""))},
       "0.toml:3:7: error: \"x\" uses itself: x → x"},
      {"cycle of use",
       {Named("b", Step("use = \"c\"")), Named("a", Step("use = \"b\"")),
        Named("c", Step("use = \"a\"")), Named("outside", Step("use = \"a\""))},
       "2.toml:3:7: error: \"a\" uses itself: a → b → c → a"},
      {"unknown input",
       {kLow, Named("x", Step("use = \"low\"\ninputs = { a = 1, aa = 2 }"))},
       "1.toml:4:10: error: \"low\" has no input \"aa\", did you mean \"a\"?"},
      {"missing input",
       {kLow, Named("x", Step("use = \"low\""))},
       "1.toml:3:7: error: \"low\" needs its input \"a\": give it a value"},
      {"constant of another type",
       {kLow, Named("x", Step("use = \"low\"\ninputs = { a = \"one\" }"))},
       "1.toml:4:10: error: the value of \"a\" is not a whole number"},
      {"unknown variable",
       {kLow, Named("x", Step("use = \"low\"\ninputs = { a = \"{{clas}}\" }"))},
       "1.toml:4:10: error: there is no {{clas}}, did you mean \"class\"?"},
      {"a stranger's word in a used command",
       {kLow, Named("x", Step("use = \"low\"\ninputs = { a = \"{{job}}\" }"))},
       "1.toml:4:10: error: the input \"a\" of \"low\" stands in a command, and a stranger"},
      {"after of many steps",
       {Named("two", Step("run = \"a\"") + Step("run = \"b\"")),
        Named("x", Step("use = \"two\"\nwhen = { after = \"failed\" }"))},
       "1.toml:4:8: error: \"two\" has 2 steps, so \"after\" cannot say"},
      {"never climbed",
       {Named("low", Step("run = \"a\"\nwhen = { class = \"test\" }")),
        Named("x", Step("use = \"low\"\nwhen = { class = \"lint\" }"))},
       "0.toml:4:8: error: the step \"step 1\" is never climbed where \"x\" uses it"},
      {"another workspace",
       {Named("low", "[workspace]\nuse = \"vm\"\n" + Step("run = \"a\"")),
        Named("x", Step("use = \"low\""))},
       "1.toml:3:7: error: \"low\" needs the workspace \"vm\""},
      {"output as something else",
       {Named("low", "[outputs]\nv = { type = \"int\" }\n" + Step("run = \"a\"")),
        Named("x", "[outputs]\nv = { type = \"string\" }\n" + Step("use = \"low\""))},
       "\"low\" declares the output \"v\" as something else"},
      {"unknown next",
       {Named("x", "then = [\"y\"]\n" + Step("run = \"a\""))},
       "0.toml:2:8: error: there is no template \"y\""},
      {"itself next",
       {Named("x", "then = [\"x\"]\n" + Step("run = \"a\""))},
       "0.toml:2:8: error: \"x\" goes on with itself: x → x"},
      {"cycle of next",
       {Named("x", "then = [\"y\"]\n" + Step("run = \"a\"")),
        Named("y", "then = [\"x\"]\n" + Step("run = \"a\""))},
       "1.toml:2:8: error: \"x\" goes on with itself: x → y → x"},
      {"next twice",
       {Named("x", "then = [\"y\", \"y\"]\n" + Step("run = \"a\"")),
        Named("y", Step("run = \"a\""))},
       "0.toml:2:8: error: \"y\" would come twice"},
      {"re-run next",
       {Named("x", "then = [\"y\"]\n" + Step("run = \"a\"")), Named("y", Step("rerun = 1"))},
       "cannot go on from a patch: its step \"step 1\" is a rerun"},
      {"output that nobody declares",
       {Named("x",
              "then = [\"y\"]\n[outputs]\nversion = { type = \"string\" }\n" + Step("run = \"a\"")),
        Named("y", "[inputs]\nv = { type = \"string\", from = \"outputs.versoin\" }\n" +
                       Step("run = \"a $REGREEN_INPUT_V\""))},
       "0.toml:2:8: error: the input \"v\" of \"y\" comes from outputs.versoin, which no "
       "template before it declares, did you mean \"version\"?"},
      {"own output that nobody declares",
       {Named("y", "[inputs]\nv = { type = \"string\", from = \"outputs.w\" }\n" +
                       Step("run = \"a $REGREEN_INPUT_V\""))},
       "0.toml:3:5: error: the input \"v\" of \"y\" comes from outputs.w"}};
  for (const Mistake& mistake : mistakes) {
    SCOPED_TRACE(mistake.name);
    Problems problems;
    EXPECT_EQ(LoadFolder({mistake.templates, {}, {}}, problems), nullptr);
    EXPECT_THAT(problems.Render(), HasSubstr(mistake.wanted));
    EXPECT_EQ(problems.all().size(), 1u) << problems.Render();
  }
}

TEST(Compose, APersonMayGiveInputsToWhatATemplateUsesAndGoesOnWith) {
  const SampleFolder folder = {
      {Named("part",
             "[inputs]\nword = { type = \"string\", pattern = \"[a-z]+\" }\n"
             "[[step]]\nrun = \"say {{word}}\"\n"),
       Named("after",
             "[inputs]\nword = { type = \"string\", default = \"none\" }\n"
             "[[step]]\nrun = \"end {{word}}\"\n"),
       Named("whole",
             "then = [\"after\"]\n[inputs]\nword = { type = \"string\" }\n"
             "[[step]]\nuse = \"part\"\ninputs = { word = \"written\" }\n"
             "[[step]]\nrun = \"last {{word}}\"\n")},
      {},
      {}};
  const auto plan =
      PlanOf(folder, "whole", {{"word", "own"}, {"part.word", "inner"}, {"after.word", "then"}});
  ASSERT_TRUE(plan.ok()) << Message(plan.status());
  EXPECT_EQ(plan->steps[0].run, "say 'inner'") << "a person goes before what the template writes";
  EXPECT_EQ(plan->steps[0].inputs[0].origin, "by hand");
  EXPECT_EQ(plan->steps[1].run, "last 'own'");
  EXPECT_EQ(plan->then[0].steps[0].run, "end 'then'");
  EXPECT_THAT(Message(PlanOf(folder, "whole", {{"part.word", "NO"}}).status()),
              HasSubstr("of the template \"part\""));
  EXPECT_THAT(Message(PlanOf(folder, "whole", {{"prat.word", "x"}}).status()),
              HasSubstr("did you mean \"part\"?"));
  EXPECT_THAT(Message(PlanOf(folder, "whole", {{"part.wrod", "x"}}).status()),
              HasSubstr("no input \"wrod\""));
}

}  // namespace
}  // namespace regreen
