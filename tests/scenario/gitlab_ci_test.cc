// A failing job that .gitlab-ci.yml defines: its own script is what is reproduced and proven with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"
#include "tests/scenario/world.h"

namespace regreen {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kLog[] = "$ sh ci/run.sh \"$SUITE\"\ntable.txt is out of date\nERROR: Job failed\n";

void DefineJobs(World& world) {
  world.repository.Write(".gitlab-ci.yml",
                         "include: 'ci/*.yml'\n"
                         "variables: { TOOLS: \"$CI_PROJECT_DIR/ci\" }\n"
                         "check:\n  extends: .prepared\n  services: [ \"postgres:16\" ]\n"
                         "  parallel: { matrix: [ { SUITE: [table, names] } ] }\n"
                         "  script: [ 'sh \"$TOOLS/run.sh\" \"$SUITE\"' ]\n"
                         "deploy: { script: [ 'deploy --token $CI_JOB_TOKEN' ] }\n");
  world.repository.Write("ci/base.yml", ".prepared: { before_script: [ 'export READY=yes' ] }\n");
  world.repository.Write("ci/run.sh",
                         "[ \"$READY\" = yes ] || exit 9\n"
                         "case \"$1\" in table) sh check.sh ;; *) exit 0 ;; esac\n");
  world.PushRedCommit();
}

TEST(GitlabCi, AJobsScriptIsReproducedAndTheRepairVerifiedWithIt) {
  World world;
  DefineJobs(world);

  EXPECT_EQ(world.DeliverGitlab("77", "check: [table]", kLog), 202);
  world.WorkUntilIdle();

  const Task task = world.OnlyTask();
  EXPECT_EQ(task.state, TaskState::kWatching) << task.reason;
  EXPECT_THAT(task.plan.verify_command, HasSubstr("export READY=yes\nsh \"$TOOLS/run.sh\""));
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("reproduced: red: the failing command "
                                                            "ended with exit code 2")));
  EXPECT_THAT(world.TimelineOf(task.id), Contains(HasSubstr("verified: green")));
  ASSERT_THAT(world.github.pulls(), SizeIs(1));
  EXPECT_THAT(world.github.pulls()[0].body, HasSubstr("export SUITE='table'"));
  EXPECT_THAT(world.Decisions(), Contains(HasSubstr("beside the services \"postgres:16\"")));
}

TEST(GitlabCi, WhatOnlyTheCiKnowsIsSaidAndNotGuessed) {
  World world;
  DefineJobs(world);
  world.DeliverGitlab("78", "deploy", kLog);
  world.WorkUntilIdle();
  EXPECT_THAT(world.Tasks(), IsEmpty());
  EXPECT_THAT(world.Decisions(),
              Contains(HasSubstr("the failing command is not known: the script reads the variable "
                                 "\"CI_JOB_TOKEN\", whose value only the CI can know")));
}

}  // namespace
}  // namespace regreen
