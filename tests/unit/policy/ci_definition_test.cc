#include "daemon/policy/ci_definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

constexpr char kWorkflow[] = R"yaml(
name: CI
on: push
env:
  LEVEL: "2"
  TOKEN: ${{ secrets.TOKEN }}
defaults:
  run:
    working-directory: ./web
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          make all
          make check
      - name: Say it's fine
        env: { LEVEL: "it's 3" }
        working-directory: tools//x/
        run: ./say.sh
      - name: Publish
        run: ./publish "$TOKEN"
      - name: Matrix of ${{ matrix.os }}
        run: ./one.sh
      - name: Expression
        run: ./run.sh ${{ matrix.os }}
      - name: Twice
        run: a
      - name: Twice
        run: b
      - name: Snake
        shell: python
        run: print(1)
      - name: Outside
        working-directory: /opt
        run: a
      - name: Above
        working-directory: a/../../b
        run: a
      - name: Bash
        shell: bash -leo pipefail {0}
        run: a
  unit:
    name: test
    strategy: { matrix: { python: ["3.11", "3.12"] } }
    defaults: { run: { working-directory: py, shell: sh } }
    steps:
      - run: pytest
  named:
    name: Check ${{ matrix.os }} on ${{ matrix.cpu }}!
    steps:
      - run: ./check
  win:
    runs-on: windows-latest
    steps:
      - run: dir
  called:
    uses: ./.github/workflows/other.yml
)yaml";

// The workflow as .github/workflows/ci.yml, perhaps among other files.
StatusOr<ResolvedCommand> FailingCommand(std::string_view workflow, const JobFacts& job,
                                         std::map<std::string, std::string> others = {}) {
  others[".github/workflows/ci.yml"] = workflow;
  CiFiles files;
  files.read = [&](const std::string& path) -> StatusOr<std::string> {
    const auto found = others.find(path);
    if (found == others.end()) return NotFound(Cat("there is no file ", path));
    return found->second;
  };
  RunFacts run;
  run.key.repo = "acme/widget";
  run.event = "push";
  run.branch = run.base_branch = "main";
  run.commit = std::string(40, 'c');
  run.workflow = "CI";
  return FailingCommand(CiDefinition::kGithub, ".github/workflows/ci.yml", files, run, job);
}

JobFacts JobAt(std::string name, std::string step) {
  JobFacts job;
  job.name = std::move(name);
  job.failed_step = std::move(step);
  return job;
}

TEST(CiDefinition, FindsTheCommandOfTheFailingStep) {
  struct Case {
    const char* name;
    const char* job;
    const char* step;
    const char* command;
    const char* directory;
    const char* shell;
  };
  const Case cases[] = {
      {"by first line", "build", "Run make all", "export LEVEL='2'\nmake all\nmake check", "web",
       ""},
      {"by name, with its own environment and folder", "build", "Say it's fine",
       "export LEVEL='it'\\''s 3'\n./say.sh", "tools/x", ""},
      {"by a name with an expression", "build", "Matrix of linux", "export LEVEL='2'\n./one.sh",
       "web", ""},
      {"matrix job by its name", "test (3.11)", "Run pytest", "export LEVEL='2'\npytest", "py",
       "sh"},
      {"matrix job by its id", "unit (3.11)", "Run pytest", "export LEVEL='2'\npytest", "py", "sh"},
      {"job with expressions in its name", "Check linux on arm!", "Run ./check",
       "export LEVEL='2'\n./check", "web", ""},
      {"bash with options", "build", "Bash", "export LEVEL='2'\na", "web",
       "bash -leo pipefail {0}"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto found = FailingCommand(kWorkflow, JobAt(c.job, c.step));
    ASSERT_TRUE(found.ok()) << Message(found.status());
    EXPECT_EQ(found->command, c.command);
    EXPECT_EQ(found->directory, c.directory);
    EXPECT_EQ(found->shell, c.shell);
  }
}

TEST(CiDefinition, SaysWhatItCannotKnow) {
  struct Case {
    const char* name;
    const char* job;
    const char* step;
    StatusCode code;
    const char* wanted;
  };
  const auto kBad = StatusCode::kInvalidArgument;
  const Case cases[] = {
      {"no such job", "deploy", "x", StatusCode::kNotFound, "no job \"deploy\""},
      {"no such step", "build", "Set up job", StatusCode::kNotFound, "no step \"Set up job\""},
      {"step not known", "build", "", kBad, "the failing step is not known"},
      {"action", "build", "Run actions/checkout@v4", kBad,
       "uses the action \"actions/checkout@v4\""},
      {"expression", "build", "Expression", kBad, "holds the expression"},
      {"variable that is an expression", "build", "Publish", kBad, "reads the variable \"TOKEN\""},
      {"two steps", "build", "Twice", kBad, "more than one step fits"},
      {"other shell", "build", "Snake", kBad, "the shell \"python\""},
      {"windows", "win", "Run dir", kBad, "PowerShell"},
      {"folder outside", "build", "Outside", kBad, "outside the repository"},
      {"folder above", "build", "Above", kBad, "outside the repository"},
      {"reusable workflow", "called", "x", kBad, "reusable workflow"},
      {"job of a reusable workflow that is not there", "called / inner", "x", StatusCode::kNotFound,
       "the reusable workflow \".github/workflows/other.yml\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto found = FailingCommand(kWorkflow, JobAt(c.job, c.step));
    EXPECT_EQ(found.status().code(), c.code);
    EXPECT_THAT(Message(found.status()), HasSubstr(c.wanted));
  }
}

std::string Repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(CiDefinition, AnswersHostileTextWithAnError) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 30; ++i) {
    Append(bomb, "a", i, ": &a", i, " [", Repeat(Cat("*a", i - 1, ","), 9), "]\n");
  }
  struct Case {
    const char* name;
    std::string text;
  };
  const Case cases[] = {
      {"empty", ""},
      {"a scalar", "just text"},
      {"a list", "[1, 2]"},
      {"no jobs", "on: push"},
      {"jobs of the wrong kind", "jobs: [1]"},
      {"job of the wrong kind", "jobs: { a: 1 }"},
      {"steps of the wrong kind", "jobs: { a: { steps: { b: 1 } } }"},
      {"step of the wrong kind", "jobs: { a: { steps: [ [1], 2, ~ ] } }"},
      {"run of the wrong kind", "jobs: { a: { steps: [ { name: s, run: [1] } ] } }"},
      {"broken", "jobs: {"},
      {"tabs", "jobs:\n\ta: 1"},
      {"unknown alias", "jobs: *x"},
      {"an alias of itself", "jobs: &x { a: *x }"},
      {"deep", Repeat("[", 100'000)},
      {"deep maps", Repeat("{a: ", 100'000)},
      {"many values", Cat("x: [", Repeat("1,", 100'000), "]")},
      {"too large", Cat("x: ", std::string(300'000, 'y'))},
      {"bomb of aliases", bomb + "jobs: *a29\n"},
      {"binary", std::string("\x00\xff\xfe\x01", 4)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_FALSE(FailingCommand(c.text, JobAt("a", "s")).ok());
  }
}

TEST(CiDefinition, ReadsThroughAnchors) {
  const auto found = FailingCommand("x: &s { name: s, run: make }\njobs: { a: { steps: [ *s ] } }",
                                    JobAt("a", "s"));
  ASSERT_TRUE(found.ok()) << Message(found.status());
  EXPECT_EQ(found->command, "make");
}

}  // namespace
}  // namespace regreen
