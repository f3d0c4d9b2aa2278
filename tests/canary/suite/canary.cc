#include "tests/canary/suite/canary.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "daemon/base/text.h"
#include "tests/canary/suite/fixer_path.h"
#include "tests/canary/suite/plain.h"
#include "tests/support/paths.h"

namespace regreen::canary {
namespace {

namespace fs = std::filesystem;

// Names, kinds, modes and sizes of all that is there, and the contents that the next task reads.
// How often a file is linked says how many base trees there are.
constexpr char kLook[] =
    "ls -AgGR --time-style=+ . ~ /tmp /dev/shm | sed -E 's/^([-a-z]{10}[.+]?) +[0-9]+ /\\1 /'; "
    "cksum a.txt folder/b.txt run.sh fixer .git/config .git/HEAD .git/objects/info/alternates";

}  // namespace

Hostile::Hostile() {
  git.Write("a.txt", "one\n");
  git.Write("folder/b.txt", "two\n");
  git.Write("run.sh", "#!/bin/sh\necho ran\n", 0755);
  std::error_code error;
  fs::copy_file(FixerPath(), git.work() + "/fixer", error);
  EXPECT_FALSE(error) << FixerPath() << ": " << error.message();
  fs::permissions(git.work() + "/fixer", fs::perms::owner_all | fs::perms::others_read, error);
  base = git.Commit("the base");
  mirror = git.CloneBare();
  outside = std::make_unique<Outside>(git, mirror);
}

WorkspaceOptions Hostile::Options(bool overlay) const {
  WorkspaceOptions options;
  options.directory = git.NewFolder("workspaces");
  options.overlay = overlay;
  options.forwarder = ForwardChild();
  EgressSet& packages = options.networks[kPackages];
  packages.allow = {Cat("localhost:", outside->forbidden_port()), "registry.test:443"};
  EgressSet& model = options.networks[kModel];
  model.kind = "model";
  model.upstream = outside->model().url();
  model.paths = {"POST /v1/messages"};
  model.key = Secret(outside->secret("the model's key"));
  model.key_header = "x-api-key";
  model.timeout = absl::Seconds(10);
  model.env = {{"ANTHROPIC_BASE_URL", "{url}"}};
  return options;
}

Hostile::Kind* Hostile::Of(bool overlay) {
  if (const auto found = kinds_.find(overlay); found != kinds_.end()) return &found->second;
  Kind kind{Options(overlay), nullptr, ""};
  auto factory = CreateWorkspaceFactory(kind.options);
  EXPECT_TRUE(factory.ok()) << factory.status();
  if (!factory.ok()) return nullptr;
  if (const Status probe = (*factory)->Probe(); !probe.ok()) {
    [&] { GTEST_SKIP() << "this machine cannot open a sandbox: " << Message(probe); }();
    return nullptr;
  }
  kind.factory = *std::move(factory);
  kind.fresh = Look(*kind.factory);
  return &kinds_.emplace(overlay, std::move(kind)).first->second;
}

WorkspaceSpec Hostile::Spec(const std::vector<std::string>& network, std::string* notes) const {
  WorkspaceSpec spec{"canary", mirror, base, nullptr};
  spec.network = network;
  spec.on_network = [notes](const std::string& lines) {
    if (notes != nullptr) *notes += lines;
  };
  return spec;
}

std::string CameOut::Text() const {
  return Cat(result.output, "\n", patch.ok() ? patch->bytes : Message(patch.status()), "\n", notes);
}

Sighting CanaryTest::InTheOpen(const Route& route) {
  outside().Begin({});
  auto facts = outside().Facts();
  if (!route.network.empty() || route.wall.find("without a network") != std::string::npos) {
    for (auto& [name, value] : facts)
      if (name == "CANARY_PROXY") value = std::to_string(outside().model().lenient_port());
  }
  facts.emplace_back("HOME", outside().folder() + "/home");
  const std::string command = route.careless.empty()
                                  ? route.command
                                  : Cat(route.command, "; { ", route.careless, "} || true");
  const std::string output = RunPlain(command, outside().PlainFolder(), facts, route.timeout);
  Sighting seen = outside().Look(output);
  if (!seen.changed.empty()) hostile_ = Shared(true);
  if (SignOf(seen, route.sign).empty()) ADD_FAILURE() << "what came out:\n" << output;
  return seen;
}

ExecResult Execute(Workspace& workspace, const ExecSpec& spec) {
  auto result = workspace.Exec(spec, {});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : ExecResult{};
}

std::string Hostile::Look(WorkspaceFactory& factory) const {
  auto workspace = factory.Open(Spec({}, nullptr), {});
  EXPECT_TRUE(workspace.ok()) << workspace.status();
  if (!workspace.ok()) return "";
  ExecSpec spec;
  spec.command = kLook;
  return Execute(**workspace, spec).output;
}

std::shared_ptr<Hostile> CanaryTest::Shared(bool renew) {
  static std::shared_ptr<Hostile> kept;  // let go of before the end of main, as its folders must be
  class LetGo : public testing::Environment {
    void TearDown() override { kept.reset(); }
  };
  static const auto* const let_go = testing::AddGlobalTestEnvironment(new LetGo);
  if (renew || kept == nullptr) kept = std::make_shared<Hostile>();
  return let_go == nullptr ? nullptr : kept;
}

CameOut CanaryTest::Inside(const Route& route, bool overlay) {
  SCOPED_TRACE(overlay ? "upon a base tree" : "checked out by itself");
  CameOut out;
  Hostile::Kind* kind = hostile_->Of(overlay);
  if (kind == nullptr) return out;
  outside().Begin({kind->options.directory + ".bases"});
  {
    auto workspace = kind->factory->Open(hostile_->Spec(route.network, &out.notes), {});
    EXPECT_TRUE(workspace.ok()) << workspace.status();
    if (!workspace.ok()) return out;
    ExecSpec spec;
    spec.command = route.command;
    spec.env = outside().Facts();
    spec.timeout = route.timeout;
    out.result = Execute(**workspace, spec);
    out.patch = (*workspace)->Capture({});
  }
  EXPECT_EQ(outside().Look(out.Text()).All(), "") << out.Text();
  EXPECT_EQ(hostile_->Look(*kind->factory), kind->fresh)
      << "the next workspace is not as the one before";
  EXPECT_TRUE(fs::is_empty(kind->options.directory)) << "something is left of the workspace";
  return out;
}

std::string SignOf(const Sighting& seen, Sign sign) {
  switch (sign) {
    case Sign::kLoot:
      return seen.loot;
    case Sign::kReached:
      return seen.reached;
    case Sign::kChanged:
      return seen.changed;
    case Sign::kAlive:
      return seen.alive;
    case Sign::kGained:
      return seen.gained;
  }
  return "";
}

void Tell(std::string_view name, std::string_view tries, std::string_view wall,
          std::string_view shown) {
  std::printf("ROUTE | %s | %s | %s | %s | %s\n", geteuid() == 0 ? "root" : "user",
              std::string(name).c_str(), std::string(tries).c_str(), std::string(wall).c_str(),
              std::string(shown).c_str());
  std::fflush(stdout);  // before the log, which is not buffered
}

}  // namespace regreen::canary
