#include "daemon/policy/effective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/samples.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const SampleFolder& Folder() {
  static const SampleFolder folder = {
      {R"toml(name = "x"
extends = ["base/node"]
[match]
class = ["test"]
unless = { author = ["bot*"] }
[inputs]
node = { default = "22" }
cause = { type = "string", from = "log.cause" }
[[step]]
run = '''
one {{node}}
two "$REGREEN_INPUT_CAUSE"
'''
when = { after = ["no-change"] }
[guard]
max_files = 4
[verify]
command = "make"
)toml"},
      {{"base/node.toml",
        "[inputs]\nnode = { type = \"string\", default = \"20\" }\n[workspace]\nsetup = "
        "\"npm ci\"\ncpu = 2\n[guard]\nmax_files = 2\nmax_lines = 7\npaths = [\"a/**\"]\n"
        "[[step]]\nrerun = 1\n"}},
      {}};
  return folder;
}

TEST(Effective, TellsWhereEachValueIsFrom) {
  Problems problems;
  const auto set = LoadFolder(Folder(), problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  const std::string page = RenderEffective(*set->Find("x"));
  for (const char* wanted :
       {"name = \"x\"  # 0.toml:1\n", "title = \"x\"  # default\n",
        "stage = \"suggest\"  # default\n", "[match]\nclass = [\"test\"]  # 0.toml:4\n",
        "[match.unless]\nauthor = [\"bot*\"]  # 0.toml:5\n", "default = \"22\"  # 0.toml:7\n",
        "type = \"string\"  # base/node.toml:2\n", "trust = \"untrusted\"  # default\n",
        "setup = [\"npm ci\"]  # base/node.toml:4\n", "cpu = 2  # base/node.toml:5\n",
        "[[step]]  # base/node.toml:10\nname = \"step 1\"  # default\nrerun = 1  # "
        "base/node.toml:11\n",
        "run = '''\none {{node}}\ntwo \"$REGREEN_INPUT_CAUSE\"\n'''  # 0.toml:10\n",
        "when = { after = [\"no-change\"] }  # 0.toml:14\n", "max_files = 4  # 0.toml:16\n",
        "max_lines = 7  # base/node.toml:8\n", "paths = [\"a/**\"]  # base/node.toml:9\n",
        "runs = 1  # default\n", "per_day = 0  # default\n"}) {
    EXPECT_THAT(page, HasSubstr(wanted));
  }
  EXPECT_THAT(page, Not(HasSubstr("extends")));
}

TEST(Effective, ReadsBackAsTheSameTemplate) {
  Problems problems;
  const auto set = LoadFolder(Folder(), problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  const std::string page = RenderEffective(*set->Find("x"));
  const auto again = Load({page}, problems);
  ASSERT_NE(again, nullptr) << problems.Render() << page;
  const Template &before = *set->Find("x"), &after = *again->Find("x");
  EXPECT_EQ(after.steps.size(), 2u);
  EXPECT_EQ(after.steps[1].run, before.steps[1].run);
  EXPECT_EQ(after.steps[1].when.after, before.steps[1].when.after);
  EXPECT_EQ(after.guard_max_files, before.guard_max_files);
  EXPECT_EQ(after.guard_paths, before.guard_paths);
  EXPECT_EQ(after.setup, before.setup);
  EXPECT_EQ(after.match.size(), before.match.size());
  EXPECT_EQ(after.unless.size(), before.unless.size());
  EXPECT_EQ(after.inputs[1].fallback, before.inputs[1].fallback);
  EXPECT_EQ(after.limits.break_for, before.limits.break_for);
}

TEST(Effective, ShowsTheStepsOfUsedTemplates) {
  Problems problems;
  const auto set = Load(
      {"name = \"y\"\n[workspace]\nsetup = \"get\"\n[inputs]\nv = { type = \"string\" "
       "}\n[[step]]\nrun = \"go {{v}}\"\n",
       "name = \"x\"\n[workspace]\nsetup = \"own\"\n[[step]]\nuse = \"y\"\ninputs = { v = \"1\" }\n"
       "when = { class = \"test\" }\n"},
      problems);
  ASSERT_NE(set, nullptr) << problems.Render();
  const std::string page = RenderEffective(*set->Find("x"));
  EXPECT_THAT(page, HasSubstr("[[step]]  # 0.toml:6\n# of the template \"y\", v = \"1\"\n"));
  EXPECT_THAT(page, HasSubstr("run = \"go {{v}}\"  # 0.toml:7\n"));
  EXPECT_THAT(page, HasSubstr("when = { class = [\"test\"] }  # of the step that uses it\n"));
  EXPECT_THAT(page,
              HasSubstr("setup = [\"own\", \"get\"]  # 1.toml:3, and of templates that it uses\n"));
}

}  // namespace
}  // namespace regreen
