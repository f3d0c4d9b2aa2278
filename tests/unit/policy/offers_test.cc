#include "daemon/policy/offers.h"

#include <gtest/gtest.h>

namespace regreen {
namespace {

Template Needing(Needs needs, std::string workspace = "") {
  Template t;
  t.steps.emplace_back();
  t.needs = std::move(needs);
  t.workspace = std::move(workspace);
  return t;
}

TEST(Offers, TheFirstThatServesIsTaken) {
  const std::vector<WorkspaceOffer> offers = {{"small", {}, 2, 1 << 30},
                                              {"wide", {"packages", "docs"}, 4, 2LL << 30},
                                              {"whole", {"packages"}, 0, 0}};
  struct Case {
    const char* name;
    Template t;
    const char* workspace;
    const char* objection;
  };
  const Case cases[] = {
      {"nothing needed", Needing({}), "small", ""},
      {"a network", Needing({{}, 0, 0, {"packages"}}), "wide", ""},
      {"processors", Needing({{}, 3, 0, {}}), "wide", ""},
      {"more processors", Needing({{}, 64, 0, {}}), "whole", ""},
      {"memory", Needing({{}, 0, 1 << 30, {}}), "small", ""},
      {"more memory", Needing({{}, 0, (1 << 30) + 1, {}}), "wide", ""},
      {"named", Needing({}, "wide"), "wide", ""},
      {"no such network", Needing({{}, 0, 0, {"packages", "models"}}), "",
       "needs the network \"models\", and no workspace of the configuration serves it"},
      {"none serves all", Needing({{}, 64, 0, {"docs"}}), "",
       "needs the network \"docs\" and 64 processors, and no one workspace of the configuration "
       "serves all"},
      {"the named one does not serve", Needing({{}, 1, 0, {"packages"}}, "small"), "",
       "needs the network \"packages\", and the workspace \"small\" does not serve it"},
      {"no such workspace", Needing({}, "gpu"), "",
       "asks for the workspace \"gpu\", which is not in the configuration"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Served served = ServedBy(c.t, offers);
    EXPECT_EQ(served.workspace, c.workspace);
    EXPECT_EQ(served.objection, c.objection);
  }
}

TEST(Offers, MemoryIsToldInWholeMebibytes) {
  EXPECT_EQ(ServedBy(Needing({{}, 0, (2LL << 30) + 1, {}}), {{"small", {}, 2, 1 << 30}}).objection,
            "needs 2049 MiB of memory, and no workspace of the configuration serves it");
}

TEST(Offers, WithoutOffersOrWorkspaceEverythingIsServed) {
  const Needs packages = {{}, 0, 0, {"packages"}};
  EXPECT_EQ(ServedBy(Needing(packages, "own"), {}).workspace, "own");
  Template reruns = Needing(packages);
  reruns.steps[0].kind = StepKind::kRerun;
  const Served served = ServedBy(reruns, {{"small", {}, 2, 0}});
  EXPECT_EQ(served.workspace, "");
  EXPECT_EQ(served.objection, "");
}

}  // namespace
}  // namespace regreen
