// The command lines that docker and podman get, told by a program that stands for them: docker
// itself cannot be had in tests. What podman makes of them is tried in the contract suite.
#include "adapters/workspace/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "adapters/workspace/registry.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Writes the words of each call down, one a line, and prints what a file says.
constexpr char kStandIn[] =
    "#!/bin/sh\nhere=${0%/*}\nfor word; do printf '%s\\n' \"$word\"; done > \"$here/words\"\n"
    "cat \"$here/prints\" 2>/dev/null\nexit \"$(cat \"$here/exits\" 2>/dev/null || echo 0)\"\n";

class ContainerEngineTest : public testing::Test {
 protected:
  std::unique_ptr<RemoteEngine> Engine(const std::string& name) {
    const std::string program = Here(name);
    std::ofstream(program) << kStandIn;
    chmod(program.c_str(), 0755);
    options_.directory = Here("workspaces");
    options_.container.program = program;
    options_.container.image = "registry.example/builds:1";
    auto engine = NewContainerEngine(options_);
    EXPECT_TRUE(engine.ok()) << engine.status();
    return *std::move(engine);
  }
  std::vector<std::string> Words() const {
    const std::string text = ReadFile(Here("words"), 1 << 20).value_or("");
    std::vector<std::string> words;
    for (const std::string_view line : SplitLines(text)) words.emplace_back(line);
    return words;
  }
  bool HasPair(const std::vector<std::string>& words, const std::string& first,
               const std::string& second) const {
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
      if (words[i] == first && words[i + 1] == second) return true;
    return false;
  }
  std::string Here(const std::string& name) const { return (scratch_.path() / name).string(); }

  TempDir scratch_ = *TempDir::Create(testing::TempDir(), "container-");
  WorkspaceOptions options_;
  WorkspaceSpec spec_;
};

TEST_F(ContainerEngineTest, IsMadeWithNothingThatItNeedsNot) {
  options_.limits.memory_bytes = 1 << 30;
  options_.limits.cpu = 3;
  options_.limits.processes = 77;
  options_.container.options = {"--runtime=runsc"};
  for (const char* name : {"docker", "podman"}) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(Engine(name)->Create({"regreen-abc-1", &spec_}, {}).ok());
    const std::vector<std::string> words = Words();
    EXPECT_EQ(words[0], "run");
    for (const auto& [first, second] : std::initializer_list<std::pair<const char*, const char*>>{
             {"--name", "regreen-abc-1"},
             {"--network", "none"},
             {"--cap-drop", "ALL"},
             {"--security-opt", "no-new-privileges"},
             {"--memory", "1073741824"},
             {"--memory-swap", "1073741824"},
             {"--cpus", "3"},
             {"--pids-limit", "77"},
             {"--entrypoint", "/bin/sh"},
             {"/bin/sh", "registry.example/builds:1"},
             {"registry.example/builds:1", "-c"}})
      EXPECT_TRUE(HasPair(words, first, second)) << first << " " << second;
    EXPECT_THAT(words, Contains("--read-only"));
    EXPECT_EQ(testing::Matches(Contains(HasSubstr(",notmpcopyup")))(words),
              name == std::string_view("podman"));
    EXPECT_THAT(words, Contains("--runtime=runsc"));
    EXPECT_THAT(words, Not(Contains(HasSubstr("privileged"))));
    EXPECT_THAT(words, Not(Contains(HasSubstr("egress"))));
  }
}

TEST_F(ContainerEngineTest, ItsRootIsNobodyOutside) {
  ASSERT_TRUE(Engine("docker")->Create({"regreen-abc-1", &spec_}, {}).ok());
  EXPECT_THAT(Words(), Contains("--user"));
  EXPECT_THAT(Words(), Not(Contains("--uidmap"))) << "docker knows none for one container";
  EXPECT_FALSE(HasPair(Words(), "--user", "0:0"));
  ASSERT_TRUE(Engine("podman")->Create({"regreen-abc-2", &spec_}, {}).ok());
  EXPECT_EQ(testing::Matches(Contains("--uidmap"))(Words()), geteuid() == 0)
      << "without root podman makes a user namespace anyway";
}

TEST_F(ContainerEngineTest, CommandsGoInWithoutATerminal) {
  const auto engine = Engine("docker");
  EXPECT_THAT(engine->Command("name", {"/bin/sh", "-c", "a b"}).argv,
              ElementsAre(Here("docker"), "exec", "--interactive", "name", "/bin/sh", "-c", "a b"));
  EXPECT_THAT(engine->Attach("name").argv, Contains("--tty"));
}

TEST_F(ContainerEngineTest, ListsItsOwnByTheirPrefix) {
  const auto engine = Engine("docker");
  std::ofstream(Here("prints")) << "regreen-abc-1\nregreen-xyz-1\nother\n\n";
  const auto names = engine->List("regreen-abc-");
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_THAT(*names, ElementsAre("regreen-abc-1"));
  EXPECT_TRUE(HasPair(Words(), "--filter", "label=regreen"));
}

TEST_F(ContainerEngineTest, AnEngineThatIsAwayIsARetry) {
  const auto engine = Engine("docker");
  std::ofstream(Here("exits")) << "1";
  EXPECT_EQ(engine->Create({"regreen-abc-1", &spec_}, {}).status().code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(engine->Destroy("regreen-abc-1").code(), StatusCode::kUnavailable);
  EXPECT_EQ(engine->Probe().code(), StatusCode::kUnavailable);
}

TEST_F(ContainerEngineTest, AsksForNoNetworkThatIsNotConfigured) {
  spec_.network = {"packages"};
  const Status status = Engine("docker")->Create({"regreen-abc-1", &spec_}, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
}

TEST(ContainerOptions, ThatCannotBeAreRefused) {
  for (const ContainerOptions& bad :
       std::initializer_list<ContainerOptions>{{},
                                               {"", "image", "/srv/rootfs"},
                                               {"", "--privileged", ""},
                                               {"", "", "relative"},
                                               {"", "", "/"},
                                               {"docker", "", "/srv/rootfs"},
                                               {"/opt/bin/docker", "", "/srv/rootfs"}}) {
    EXPECT_EQ(CheckContainerOptions(bad).code(), StatusCode::kInvalidArgument)
        << bad.image << " " << bad.rootfs;
  }
  EXPECT_TRUE(CheckContainerOptions({"docker", "image", ""}).ok());
  EXPECT_TRUE(CheckContainerOptions({"podman", "", "/srv/docker-rootfs"}).ok());
}

}  // namespace
}  // namespace regreen
