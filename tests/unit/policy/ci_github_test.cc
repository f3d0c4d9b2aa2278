#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/ci_files.h"

namespace regreen {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr char kPath[] = ".github/workflows/ci.yml";

StatusOr<ResolvedCommand> Github(const TestFiles& files, const std::string& job,
                                 const std::string& step, const RunFacts& run = PushToMain()) {
  JobFacts facts;
  facts.name = job;
  facts.failed_step = step;
  return FailingCommand(CiDefinition::kGithub, kPath, FilesOf(files), run, facts);
}

constexpr char kMatrix[] = R"yaml(
on: push
env:
  GREETING: hello-${{ github.event_name }}
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [ubuntu-22.04, windows-2022]
        python: ["3.10", 3.11]
        exclude: [ { os: windows-2022, python: "3.10" } ]
        include:
          - { os: ubuntu-22.04, python: "3.10", extra: "--slow" }
          - { os: macos-14, python: "3.12" }
    env:
      TOX_ENV: py-${{ matrix.python }}
      SECRET: ${{ secrets.X }}
    defaults: { run: { working-directory: "py/${{ matrix.python }}" } }
    steps:
      - { name: Test, run: "tox -e py${{ matrix.python }} ${{ matrix.extra }} ${{ env.TOX_ENV }}" }
      - { name: "On ${{ matrix.os }}", shell: bash, run: make }
      - { name: Hidden, run: "echo ${{ secrets.X }}" }
  named:
    name: Build (${{ matrix.arch }}, ${{ matrix.kind }})
    strategy: { matrix: { arch: [x86, arm], kind: [debug] } }
    steps: [ { run: "make ARCH=${{ matrix['arch'] }} KIND=${{ matrix.kind }}" } ]
  dynamic:
    strategy: { matrix: "${{ fromJSON(needs.a.outputs.m) }}" }
    steps: [ { run: "make ${{ matrix.x }}" }, { run: make all } ]
)yaml";

TEST(GithubDefinition, ReadsTheMatrixThatTheJobsNameTells) {
  const TestFiles files = {{kPath, kMatrix}};
  const auto found = Github(files, "test (ubuntu-22.04, 3.11)", "Test");
  EXPECT_EQ(Command(found),
            "export GREETING='hello-push'\nexport TOX_ENV='py-3.11'\n"
            "tox -e py3.11  py-3.11");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->directory, "py/3.11");
  for (const char* shown : {"test (ubuntu-22.04, 3.10, --slow)", "test (ubuntu-22.04, 3.10)"})
    EXPECT_THAT(Command(Github(files, shown, "Test")), EndsWith("tox -e py3.10 --slow py-3.10"));
  EXPECT_THAT(Command(Github(files, "test (macos-14, 3.12)", "On macos-14")), EndsWith("make"));
  EXPECT_THAT(Command(Github(files, "Build (arm, debug)", "Run make ARCH=arm KIND=debug")),
              EndsWith("\nmake ARCH=arm KIND=debug"));
  EXPECT_THAT(Command(Github(files, "dynamic (1)", "Run make all")), EndsWith("make all"));
}

TEST(GithubDefinition, SaysWhichExpressionItCannotRead) {
  const TestFiles files = {{kPath, kMatrix}};
  EXPECT_THAT(Trouble(Github(files, "test (windows-2022, 3.10)", "Test")),
              HasSubstr("${{ matrix.python }}"))
      << "the matrix excludes that one";
  EXPECT_THAT(Trouble(Github(files, "test (windows-2022, 3.11)", "Test")), HasSubstr("PowerShell"));
  EXPECT_THAT(Trouble(Github(files, "test (ubuntu-22.04, 3.11)", "Hidden")),
              HasSubstr("${{ secrets.X }}"));
  EXPECT_THAT(Trouble(Github(files, "dynamic (1)", "Run make 1")), HasSubstr("${{ matrix.x }}"));
}

constexpr char kRunner[] = R"yaml(
jobs:
  build:
    runs-on: ubuntu-latest
    container: { image: "gcc:14" }
    services: { db: { image: postgres } }
    env: { LATER: "1" }
    steps:
      - run: |
          echo "LATER=2" >> $GITHUB_ENV
          echo "FOUND=$(date)" >> "$GITHUB_ENV"
      - { name: Output, working-directory: a/b, run: 'cd "$GITHUB_WORKSPACE" && echo x=1 >> $GITHUB_OUTPUT' }
      - { name: Sha, run: "echo $GITHUB_SHA ${{ github.sha }} $RUNNER_OS ${{ runner.os }}" }
      - { name: Token, run: "curl $GITHUB_TOKEN" }
      - { name: Set, run: "echo $LATER" }
      - { name: Found, run: "echo $FOUND" }
      - { name: Own, run: "GITHUB_X=1; echo $GITHUB_X" }
      - { name: Literal, run: "echo ${{ 'it''s' }}" }
      - { name: Function, run: "echo ${{ format('{0}', 1) }}" }
      - { name: Open, run: "echo ${{ github.sha" }
)yaml";

TEST(GithubDefinition, GivesWhatTheRunnerSets) {
  const TestFiles files = {{kPath, kRunner}};
  EXPECT_EQ(Command(Github(files, "build", "Output")),
            "export GITHUB_OUTPUT=/dev/null\nexport GITHUB_WORKSPACE=\"$(cd ../.. && pwd)\"\n"
            "cd \"$GITHUB_WORKSPACE\" && echo x=1 >> $GITHUB_OUTPUT");
  const std::string commit = PushToMain().commit;
  EXPECT_EQ(Command(Github(files, "build", "Sha")),
            Cat("export GITHUB_SHA='", commit, "'\nexport RUNNER_OS=Linux\necho $GITHUB_SHA ",
                commit, " $RUNNER_OS Linux"));
  EXPECT_EQ(Command(Github(files, "build", "Own")), "GITHUB_X=1; echo $GITHUB_X");
  EXPECT_EQ(Command(Github(files, "build", "Literal")), "echo it's");
  ASSERT_TRUE(Github(files, "build", "Own").ok());
  EXPECT_EQ(Github(files, "build", "Own")->about,
            "in CI it runs in the image \"gcc:14\", beside the services \"db\", which no workspace "
            "has");
}

TEST(GithubDefinition, SaysWhichVariableItCannotKnow) {
  const TestFiles files = {{kPath, kRunner}};
  EXPECT_THAT(Trouble(Github(files, "build", "Token")), HasSubstr("\"GITHUB_TOKEN\""));
  EXPECT_THAT(Trouble(Github(files, "build", "Set")), HasSubstr("\"LATER\""));
  EXPECT_THAT(Trouble(Github(files, "build", "Found")), HasSubstr("\"FOUND\""));
  EXPECT_THAT(Trouble(Github(files, "build", "Function")), HasSubstr("format("));
  EXPECT_THAT(Trouble(Github(files, "build", "Open")), HasSubstr("the expression"));
  RunFacts pull = PushToMain();
  pull.event = "pull_request";
  pull.pull_request = 3;
  EXPECT_THAT(Trouble(Github(files, "build", "Sha", pull)), HasSubstr("${{ github.sha }}"))
      << "it is of a merge that the forge made";
  RunFacts odd = PushToMain();
  odd.branch = "x; curl evil";
  const TestFiles named = {
      {kPath, "jobs: { a: { steps: [ { run: 'echo ${{ github.ref_name }}' } ] } }"}};
  EXPECT_THAT(Trouble(Github(named, "a", "Run echo x; curl evil", odd)),
              HasSubstr("github.ref_name"));
  EXPECT_EQ(Command(Github(named, "a", "Run echo main")), "echo main");
}

TEST(GithubDefinition, FollowsReusableWorkflowsOfTheRepository) {
  const TestFiles files = {
      {kPath, R"yaml(
env: { NOT: inherited }
jobs:
  call:
    name: Checks
    strategy: { matrix: { level: [1, 2] } }
    uses: ./.github/workflows/called.yml
    with: { level: "${{ matrix.level }}", secret: "${{ secrets.X }}" }
  far: { uses: acme/other/.github/workflows/x.yml@v1 }
)yaml"},
      {".github/workflows/called.yml", R"yaml(
on:
  workflow_call:
    inputs:
      level: { type: string }
      mode: { type: string, default: fast }
      secret: { type: string }
      count: { type: number }
jobs:
  lint:
    steps:
      - { name: Lint, run: "lint ${{ inputs.level }} ${{ inputs.mode }}" }
      - { name: Secret, run: "lint ${{ inputs.secret }}" }
      - { name: Count, run: "lint ${{ inputs.count }}" }
  deeper: { uses: ./.github/workflows/deeper.yml }
)yaml"},
      {".github/workflows/deeper.yml", "jobs: { inner: { steps: [ { run: make } ] } }"}};
  EXPECT_EQ(Command(Github(files, "Checks (2) / lint", "Lint")), "lint 2 fast");
  EXPECT_EQ(Command(Github(files, "Checks (1) / deeper / inner", "Run make")), "make");
  EXPECT_THAT(Trouble(Github(files, "Checks (2) / lint", "Secret")), HasSubstr("inputs.secret"));
  EXPECT_THAT(Trouble(Github(files, "Checks (2) / lint", "Count")), HasSubstr("inputs.count"));
  EXPECT_THAT(Trouble(Github(files, "far / x", "x")), HasSubstr("not in this repository"));
  EXPECT_THAT(Trouble(Github(files, "Checks (2)", "Lint")), HasSubstr("reusable workflow"));
}

TEST(GithubDefinition, DoesNotFollowACircleOfWorkflows) {
  const TestFiles files = {{kPath, "jobs: { a: { uses: ./.github/workflows/ci.yml } }"}};
  std::string name = "a";
  for (int i = 0; i < 30; ++i) name += " / a";
  EXPECT_FALSE(Github(files, name, "x").ok());
  EXPECT_THAT(Trouble(Github(files, name + " / b", "x")), HasSubstr("too deep"));
}

TEST(GithubDefinition, ReadsTheOneCommandOfAnActionOfTheRepository) {
  const TestFiles files = {
      {kPath, R"yaml(
env: { A: workflow }
jobs:
  build:
    defaults: { run: { working-directory: not-of-actions } }
    steps:
      - { uses: ./actions/check, with: { what: all }, env: { B: step } }
      - { name: Two, uses: ./actions/two }
      - { name: Gone, uses: ./actions/gone }
      - { name: Above, uses: ./../x }
      - { name: Far, uses: acme/x@v1 }
)yaml"},
      {"actions/check/action.yaml", R"yaml(
inputs: { what: { default: none }, how: { default: quick } }
runs:
  using: composite
  steps: [ { run: "check ${{ inputs.what }} ${{ inputs.how }}", shell: bash, env: { A: action } } ]
)yaml"},
      {"actions/two/action.yml",
       "runs: { using: composite, steps: [ { run: a, shell: sh }, { run: b, shell: sh } ] }"}};
  const auto found = Github(files, "build", "Run ./actions/check");
  EXPECT_EQ(Command(found), "export B='step'\nexport A='action'\ncheck all quick");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->directory, "");
  EXPECT_EQ(found->shell, "bash");
  EXPECT_THAT(Trouble(Github(files, "build", "Two")), HasSubstr("which of its own steps"));
  EXPECT_THAT(Trouble(Github(files, "build", "Gone")), HasSubstr("there is no file"));
  EXPECT_THAT(Trouble(Github(files, "build", "Above")), HasSubstr("outside the repository"));
  EXPECT_THAT(Trouble(Github(files, "build", "Far")), HasSubstr("no command"));
}

}  // namespace
}  // namespace regreen
