#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/pipeline/collect.h"
#include "tests/support/samples.h"

namespace regreen {
namespace {

struct DropCase {
  const char* name;
  void (*change)(RunFacts&);
  const char* why;
};

TEST(WhyDropped, SaysWhyEachRunIsLeftAlone) {
  const DropCase cases[] = {
      {"green",
       [](RunFacts& r) {
         r.failed = false;
         r.conclusion = "success";
       },
       "its conclusion is success"},
      {"superseded",
       [](RunFacts& r) {
         r.superseded = true;
         r.superseded_why = "main moved on";
       },
       "superseded: main moved on"},
      {"a fork", [](RunFacts& r) { r.from_fork = true; }, "fork"},
      {"our own branch", [](RunFacts& r) { r.branch = "regreen/x-1"; }, "branch of ours"},
  };
  for (const DropCase& c : cases) {
    SCOPED_TRACE(c.name);
    RunFacts run = SampleIncident().run;
    EXPECT_EQ(WhyDropped(run, ForkPolicy::kIgnore), "");
    c.change(run);
    EXPECT_THAT(WhyDropped(run, ForkPolicy::kIgnore), testing::HasSubstr(c.why));
    EXPECT_EQ(WhyDropped(run, ForkPolicy::kReport).empty(), run.from_fork);
    EXPECT_EQ(WhyDropped(run, ForkPolicy::kRun).empty(), run.from_fork);
  }
}

}  // namespace
}  // namespace regreen
