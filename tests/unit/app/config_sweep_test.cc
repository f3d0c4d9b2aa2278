#include <unistd.h>

#include <gmock/gmock.h>

#include <fstream>

#include "daemon/app/config.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Config Load(const std::string& sweep, Problems& problems, const std::string& kind = "github") {
  const std::string folder = Cat(testing::TempDir(), "/regreen-sweep-", getpid());
  EXPECT_TRUE(MakeDirectories(folder).ok());
  const std::string path = folder + "/config.toml";
  std::ofstream(path)
      << "[forge.hub]\nkind = \"github\"\ntoken = \"file:/t\"\nrepos = [\"acme/*\"]\n"
      << sweep << "\n[ci.gh]\nkind = \"" << kind
      << "\"\nforge = \"hub\"\nsecret = \"file:/s\"\ntoken_header = \"X\"\n";
  return LoadConfig(path, problems);
}

std::string ProblemsOf(const std::string& sweep, const std::string& kind = "github") {
  Problems problems;
  Load(sweep, problems, kind);
  return problems.Render();
}

TEST(ConfigOfSweeps, NamesRepositoriesOrTheInstallation) {
  Problems problems;
  const Config config = Load("sweep = [\"acme/widget\"]\nsweep_every = \"5m\"", problems);
  const SweepOptions some = SweepOptionsOf(config, "hub");
  EXPECT_THAT(some.repos, ElementsAre("acme/widget"));
  EXPECT_FALSE(some.all);
  EXPECT_EQ(some.ci, "gh");
  EXPECT_THAT(some.paths, ElementsAre("/hooks/gh"));
  EXPECT_EQ(some.every, absl::Minutes(5));
  const Config every = Load("sweep = \"installation\"", problems);
  EXPECT_TRUE(SweepOptionsOf(every, "hub").all);
  EXPECT_THAT(SweepOptionsOf(every, "hub").repos, IsEmpty());
}

TEST(ConfigOfSweeps, MistakesAreFoundBeforeAnythingIsSwept) {
  EXPECT_THAT(ProblemsOf("sweep = [\"other/thing\"]"),
              HasSubstr("\"other/thing\" is not among the forge's repos"));
  EXPECT_THAT(ProblemsOf("sweep = \"installation\"\nsweep_every = \"1s\""),
              HasSubstr("forge.hub.sweep_every: must be 1m to 24h"));
  EXPECT_THAT(ProblemsOf("sweep = \"installation\"\nlook_back = \"90h\""),
              HasSubstr("forge.hub.look_back: must be sweep_every to 72h"));
  EXPECT_THAT(ProblemsOf("sweep = \"installation\"", "gitlab"),
              HasSubstr("no [ci.NAME] of kind github has this forge"));
}

}  // namespace
}  // namespace regreen
