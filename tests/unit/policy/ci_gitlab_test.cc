#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/ci_files.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

constexpr char kPython[] = R"yaml(
stages: [lint, test]
default:
  image: python:3.12
  before_script:
    - pip install -r requirements.txt
variables:
  PIP_CACHE_DIR: "$CI_PROJECT_DIR/.cache/pip"
  LEVEL: 2
  VERSION: 3.10
.quiet: &quiet
  - set -u
  - export QUIET=1
.base:
  variables: { MODE: fast, LEVEL: "3" }
  tags: [docker]
lint:
  stage: lint
  extends: .base
  script: ruff check .
unit:
  extends: .base
  before_script: []
  services: [ "postgres:16", { name: "redis:7", alias: cache } ]
  script:
    - *quiet
    - |
      for f in tests/*; do
        pytest "$f"
      done
    - - echo one
      - [ echo two ]
  after_script: [ echo never ]
bare:
  inherit: { default: false, variables: [LEVEL] }
  script: [ make ]
some:
  inherit: { default: [image], variables: false }
  script: [ make ]
hooked:
  trigger: { include: child.yml }
stepped:
  run: [ { name: a, script: b } ]
.hidden:
  script: [ make ]
)yaml";

TEST(GitlabDefinition, RunsBeforeScriptAndScriptInOneShell) {
  EXPECT_EQ(Command(Gitlab(kPython, "lint")),
            "export CI_PROJECT_DIR=\"$PWD\"\n"
            "export PIP_CACHE_DIR=\"$CI_PROJECT_DIR\"'/.cache/pip'\n"
            "export LEVEL='3'\nexport VERSION='3.1'\nexport MODE='fast'\n"
            "pip install -r requirements.txt\nruff check .");
}

TEST(GitlabDefinition, FlattensListsAndLeavesAfterScriptOut) {
  const auto found = Gitlab(kPython, "unit");
  EXPECT_THAT(Command(found), testing::EndsWith("export MODE='fast'\nset -u\nexport QUIET=1\n"
                                                "for f in tests/*; do\n  pytest \"$f\"\ndone\n"
                                                "echo one\necho two"));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->about,
            "in CI it runs in the image \"python:3.12\", beside the services \"postgres:16\", "
            "\"redis:7\", which no workspace has");
}

TEST(GitlabDefinition, TakesWhatInheritLetsThrough) {
  EXPECT_EQ(Command(Gitlab(kPython, "bare")), "export LEVEL='2'\nmake");
  EXPECT_EQ(Command(Gitlab(kPython, "some")), "make");
  ASSERT_TRUE(Gitlab(kPython, "some").ok());
  EXPECT_THAT(Gitlab(kPython, "some")->about, HasSubstr("python:3.12"));
  EXPECT_EQ(Gitlab(kPython, "bare")->about, "");
}

TEST(GitlabDefinition, SaysWhenAJobRunsNoScript) {
  EXPECT_THAT(Trouble(Gitlab(kPython, "hooked")), HasSubstr("triggers another pipeline"));
  EXPECT_THAT(Trouble(Gitlab(kPython, "stepped")), HasSubstr("steps"));
  EXPECT_THAT(Trouble(Gitlab("job: { stage: test }", "job")), HasSubstr("has no script"));
  for (const char* name : {".hidden", "default", "variables", "deploy", "", "lint "}) {
    EXPECT_EQ(Gitlab(kPython, name).status().code(), StatusCode::kNotFound) << name;
  }
}

TEST(GitlabDefinition, ExtendsInOrderAndDeeply) {
  constexpr char kText[] = R"yaml(
.a: { variables: { A: a, SAME: a }, script: [ from-a ] }
.b: { variables: { B: b, SAME: b }, script: [ from-b ], before_script: [ setup-b ] }
.c: { extends: [.a, .b], variables: { C: c } }
one: { extends: .c }
two: { extends: [.b, .a], script: [ own ] }
three: { extends: .c, before_script: null, variables: null, script: [ own ] }
)yaml";
  EXPECT_EQ(Command(Gitlab(kText, "one")),
            "export A='a'\nexport SAME='b'\nexport B='b'\nexport C='c'\nsetup-b\nfrom-b");
  EXPECT_EQ(Command(Gitlab(kText, "two")),
            "export B='b'\nexport SAME='a'\nexport A='a'\nsetup-b\nown");
  EXPECT_EQ(Command(Gitlab(kText, "three")), "own") << "null takes away what was inherited";
}

std::string Chain(int levels) {
  std::string text = ".j0: { script: [ deep ] }\n";
  for (int i = 1; i <= levels; ++i) Append(text, ".j", i, ": { extends: .j", i - 1, " }\n");
  return Cat(text, "job: { extends: .j", levels, " }\n");
}

TEST(GitlabDefinition, ExtendsAsDeepAsGitlabDoes) {
  EXPECT_EQ(Command(Gitlab(Chain(9), "job")), "deep");
  EXPECT_THAT(Trouble(Gitlab(Chain(12), "job")), HasSubstr("extend each other"));
  EXPECT_THAT(Trouble(Gitlab("a: { extends: b }\nb: { extends: a }\n", "a")),
              HasSubstr("extends itself"));
  EXPECT_THAT(Trouble(Gitlab("a: { extends: .gone, script: [x] }\n", "a")),
              HasSubstr("\"a\" extends \".gone\", which is not there"));
}

TEST(GitlabDefinition, FollowsReferencesAfterExtends) {
  constexpr char kText[] = R"yaml(
.setup: { script: [ setup ], variables: { URL: "http://x", KEEP: k } }
.more: { extends: .setup, nested: [ !reference [.setup, script], more ] }
job:
  variables: { MINE: !reference [.more, variables, URL] }
  before_script: !reference [.more, nested]
  script: [ !reference [.more, script], own, !reference [.more, nested] ]
all:
  variables: !reference [.more, variables]
  script: [ go ]
missing: { script: [ !reference [.nowhere, script] ] }
circle: { script: [ !reference [circle, script] ] }
odd: { script: !reference [] }
)yaml";
  EXPECT_EQ(Command(Gitlab(kText, "job")),
            "export MINE='http://x'\nsetup\nmore\nsetup\nown\nsetup\nmore");
  EXPECT_EQ(Command(Gitlab(kText, "all")), "export URL='http://x'\nexport KEEP='k'\ngo");
  EXPECT_THAT(Trouble(Gitlab(kText, "missing")),
              HasSubstr("!reference [\".nowhere, script\"], which is not there"));
  EXPECT_THAT(Trouble(Gitlab(kText, "circle")), HasSubstr("references go through"));
  EXPECT_THAT(Trouble(Gitlab(kText, "odd")), HasSubstr("names nothing"));
}

TEST(GitlabDefinition, MergesMapsAsRubyDoes) {
  constexpr char kText[] = R"yaml(
.one: &one { before_script: [ one ], script: [ s-one ] }
.two: &two { before_script: [ two ], retry: 1 }
after: { <<: *one, script: [ own ] }
before: { script: [ own ], <<: *one }
both: { <<: [*two, *one], script: [ own ] }
twice:
  <<: *one
  script: [ own ]
  <<: *two
same: { script: [ first ], script: [ second ] }
)yaml";
  EXPECT_EQ(Command(Gitlab(kText, "after")), "one\nown");
  EXPECT_EQ(Command(Gitlab(kText, "before")), "one\ns-one") << "what is merged later counts";
  EXPECT_EQ(Command(Gitlab(kText, "both")), "two\nown") << "the first of a list counts";
  EXPECT_EQ(Command(Gitlab(kText, "twice")), "two\nown");
  EXPECT_EQ(Command(Gitlab(kText, "same")), "second");
}

TEST(GitlabDefinition, FollowsLocalIncludes) {
  const TestFiles files = {
      {".gitlab-ci.yml",
       "include:\n  - /ci/base.yml\n  - local: 'ci/jobs/*.yml'\n  - local: ci/deep/**.yml\n"
       "  - template: Security/SAST.gitlab-ci.yml\nvariables: { WHO: main }\n"
       "build: { script: [ overruled ] }\n"},
      {"ci/base.yml",
       "include: ci/inner.yaml\nvariables: { WHO: base, BASE: b }\n"
       "build: { extends: .inner, stage: build, script: [ from-base ] }\n"},
      {"ci/inner.yaml", ".inner: { before_script: [ inner ] }\nvariables: { WHO: inner }\n"},
      {"ci/jobs/a.yml", "ja: { script: [ a ] }\n"},
      {"ci/jobs/b.yml", "jb: { script: [ b ] }\nja: { before_script: [ b-before ] }\n"},
      {"ci/jobs/sub/c.yml", "jc: { script: [ c ] }\n"},
      {"ci/deep/x/y.yml", "jd: { script: [ d ] }\n"},
  };
  const std::string variables = "export WHO='main'\nexport BASE='b'\n";
  EXPECT_EQ(Command(Gitlab(files, "build")), variables + "inner\noverruled");
  EXPECT_EQ(Command(Gitlab(files, "ja")), variables + "b-before\na");
  EXPECT_EQ(Command(Gitlab(files, "jb")), variables + "b");
  EXPECT_EQ(Command(Gitlab(files, "jd")), variables + "d");
  EXPECT_EQ(Gitlab(files, "jc").status().code(), StatusCode::kNotFound);
}

TEST(GitlabDefinition, SaysWhatAnIncludeElsewhereMayHoldOnlyWhereItMatters) {
  struct Case {
    const char* name;
    const char* include;
    const char* said;
  };
  const Case cases[] = {
      {"project", "{ project: group/ci, file: /a.yml }", "the project include \"group/ci\""},
      {"remote", "{ remote: 'https://x.example/a.yml' }", "the remote include"},
      {"remote by address", "'https://x.example/a.yml'", "the remote file"},
      {"template", "{ template: Python.gitlab-ci.yml }", "the template include"},
      {"component", "{ component: x.example/a/b@1 }", "the component include"},
      {"rules", "{ local: a.yml, rules: [ { if: $X } ] }", "whose rules only the CI can judge"},
      {"inputs", "{ local: a.yml, inputs: { a: b } }", "whose inputs only the CI can fill in"},
      {"variable", "{ local: $DIR/a.yml }", "the local include \"$DIR/a.yml\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const TestFiles files = {
        {".gitlab-ci.yml", Cat("include:\n  - ", c.include,
                               "\nown: { before_script: [ setup ], script: [ make ] }\n"
                               "defaulted: { script: [ make ] }\n"
                               "extended: { extends: .theirs, before_script: [], script: [ x ] }\n"
                               "referred: { before_script: [], script: [ !reference [.t, script] ] "
                               "}\nread: { before_script: [], script: [ 'echo $THEIRS $HOME' ] }\n"
                               "alone: { inherit: { default: false }, script: [ make ] }\n")},
        {"a.yml", "never: { script: [ x ] }\n"}};
    EXPECT_EQ(Command(Gitlab(files, "own")), "setup\nmake");
    EXPECT_EQ(Command(Gitlab(files, "alone")), "make");
    for (const char* job : {"defaulted", "extended", "referred", "read", "theirs"}) {
      SCOPED_TRACE(job);
      EXPECT_THAT(Trouble(Gitlab(files, job)), HasSubstr(c.said));
    }
  }
}

TEST(GitlabDefinition, TellsTheCopiesOfAMatrixApart) {
  constexpr char kText[] = R"yaml(
build:
  parallel:
    matrix:
      - OS: [ubuntu, debian]
        PY: [ "3.10", 3.11 ]
      - OS: alpine
        PY: "3.12"
  script: [ ./build "$OS" ]
split: { parallel: 3, script: [ './run $CI_NODE_INDEX/$CI_NODE_TOTAL' ] }
same: { parallel: { matrix: [ { A: "x, y", B: z }, { A: x, B: "y, z" } ] }, script: [ 'a $A' ] }
plain: { parallel: { matrix: [ { A: [x] } ] }, script: [ make ] }
huge: { parallel: { matrix: [ { A: [1,2,3,4,5,6,7,8,9,10,11], B: [1,2,3,4,5,6,7,8,9,10,11],
                                C: [1,2,3,4,5,6,7,8,9,10,11] } ] }, script: [ make ] }
)yaml";
  EXPECT_EQ(Command(Gitlab(kText, "build: [debian, 3.10]")),
            "export CI_NODE_INDEX='3'\nexport CI_NODE_TOTAL='5'\nexport OS='debian'\n"
            "export PY='3.10'\n./build \"$OS\"");
  EXPECT_THAT(Command(Gitlab(kText, "build: [alpine, 3.12]")), HasSubstr("OS='alpine'"));
  EXPECT_EQ(Gitlab(kText, "build: [alpine, 3.10]").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(Trouble(Gitlab(kText, "build")), HasSubstr("which of its matrix"));
  EXPECT_EQ(Command(Gitlab(kText, "split 2/3")),
            "export CI_NODE_INDEX='2'\nexport CI_NODE_TOTAL='3'\n"
            "./run $CI_NODE_INDEX/$CI_NODE_TOTAL");
  EXPECT_EQ(Gitlab(kText, "split 4/3").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(Trouble(Gitlab(kText, "same: [x, y, z]")), HasSubstr("more than one job"));
  EXPECT_EQ(Command(Gitlab(kText, "plain")), "make") << "what it does not read does not matter";
  EXPECT_THAT(Trouble(Gitlab(kText, "huge: [1, 1, 1]")), HasSubstr("matrix cannot be read"));
}

TEST(GitlabDefinition, PutsValuesTogetherAsGitlabDoes) {
  constexpr char kText[] = R"yaml(
variables:
  A: "a-${B}"
  B: "b-$C"
  C: { value: "it's $$5", description: "d" }
  RAW: { value: "$A", expand: false }
  LOOP: "$POOL"
  POOL: "$LOOP"
  SECRET: "$MY_TOKEN"
  ODD: 010
  WORD: yes
  EMPTY:
  "not a name": x
job: { script: [ 'echo "$A" "$RAW"' ] }
loop: { script: [ 'echo $LOOP' ] }
secret: { script: [ 'echo ${SECRET:-none}' ] }
odd: { script: [ 'echo $ODD' ] }
word: { script: [ 'echo $WORD' ] }
)yaml";
  EXPECT_EQ(Command(Gitlab(kText, "job")),
            "export A='a-''b-''it'\\''s $5'\nexport B='b-''it'\\''s $5'\n"
            "export C='it'\\''s $5'\nexport RAW='$A'\nexport EMPTY=''\necho \"$A\" \"$RAW\"");
  EXPECT_THAT(Trouble(Gitlab(kText, "loop")), HasSubstr("in a circle"));
  EXPECT_THAT(Trouble(Gitlab(kText, "secret")), HasSubstr("MY_TOKEN is not defined"));
  EXPECT_THAT(Trouble(Gitlab(kText, "odd")), HasSubstr("only the CI knows its text"));
  EXPECT_THAT(Trouble(Gitlab(kText, "word")), HasSubstr("only the CI knows its text"));
}

TEST(GitlabDefinition, GivesThePredefinedVariablesThatAreKnown) {
  const auto read = [](const char* name, const RunFacts& run = PushToMain()) {
    return Gitlab(Cat("job: { stage: lint, script: [ 'echo $", name, "' ] }"), "job", run);
  };
  const auto value = [&](const char* name, const RunFacts& run = PushToMain()) {
    const std::string command = Command(read(name, run));
    const std::string begin = Cat("export ", name, "=");
    EXPECT_TRUE(command.starts_with(begin)) << command;
    return command.substr(begin.size(), command.find('\n') - begin.size());
  };
  EXPECT_EQ(value("CI"), "'true'");
  EXPECT_EQ(value("CI_PROJECT_DIR"), "\"$PWD\"");
  EXPECT_EQ(value("CI_COMMIT_SHA"), "'0123456789abcdef0123456789abcdef01234567'");
  EXPECT_EQ(value("CI_COMMIT_SHORT_SHA"), "'01234567'");
  EXPECT_EQ(value("CI_COMMIT_BRANCH"), "'main'");
  EXPECT_EQ(value("CI_JOB_NAME"), "'job'");
  EXPECT_EQ(value("CI_JOB_STAGE"), "'lint'");
  EXPECT_EQ(value("CI_PROJECT_NAME"), "'widget'");
  RunFacts odd = PushToMain();
  odd.branch = odd.base_branch = "Feature/it's_$(x)";
  EXPECT_EQ(value("CI_COMMIT_REF_NAME", odd), "'Feature/it'\\''s_$(x)'");
  EXPECT_EQ(value("CI_COMMIT_REF_SLUG", odd), "'feature-it-s---x'");
  for (const char* name : {"CI_JOB_TOKEN", "CI_REGISTRY", "CI_PIPELINE_ID", "GITLAB_USER_LOGIN"})
    EXPECT_THAT(Trouble(read(name)), HasSubstr("only the CI can know")) << name;
  EXPECT_EQ(Command(read("SOMETHING_OF_THE_IMAGE")), "echo $SOMETHING_OF_THE_IMAGE");
  RunFacts merge = PushToMain();
  merge.branch = "topic";
  merge.pull_request = 4;
  EXPECT_THAT(Trouble(read("CI_COMMIT_BRANCH", merge)), HasSubstr("only the CI can know"));
  EXPECT_EQ(Command(Gitlab("job: { script: [ 'CI_OWN=1; echo $CI_OWN' ] }", "job")),
            "CI_OWN=1; echo $CI_OWN");
}

TEST(GitlabDefinition, SaysWhatARuleOrASecretSets) {
  constexpr char kText[] = R"yaml(
workflow: { rules: [ { if: $CI, variables: { GLOBAL: x } } ] }
ruled: { rules: [ { if: $X, variables: { MODE: y } } ], script: [ 'go $MODE' ] }
global: { script: [ 'go $GLOBAL' ] }
secret: { secrets: { PASSWORD: { vault: a/b } }, script: [ 'go $PASSWORD' ] }
token: { id_tokens: { TOKEN: { aud: a } }, script: [ 'go $TOKEN' ] }
calm: { rules: [ { variables: { MODE: y } } ], script: [ go ] }
win: { tags: [ saas-windows-medium ], script: [ dir ] }
)yaml";
  EXPECT_THAT(Trouble(Gitlab(kText, "ruled")), HasSubstr("only the CI knows which rule held"));
  EXPECT_THAT(Trouble(Gitlab(kText, "global")), HasSubstr("only the CI knows which rule held"));
  EXPECT_THAT(Trouble(Gitlab(kText, "secret")), HasSubstr("a secret of the CI"));
  EXPECT_THAT(Trouble(Gitlab(kText, "token")), HasSubstr("a secret of the CI"));
  EXPECT_EQ(Command(Gitlab(kText, "calm")), "go");
  EXPECT_THAT(Trouble(Gitlab(kText, "win")), HasSubstr("PowerShell"));
}

TEST(GitlabDefinition, ReadsTheDocumentAfterAHeader) {
  EXPECT_EQ(Command(Gitlab("spec: { inputs: { a: ~ } }\n---\njob: { script: [ make ] }\n", "job")),
            "make");
  EXPECT_THAT(Trouble(Gitlab("spec: { inputs: { a: ~ } }\n---\njob: { script: [ '$[[ inputs.a ]]' "
                             "] }\n",
                             "job")),
              HasSubstr("takes inputs"));
}

}  // namespace
}  // namespace regreen
