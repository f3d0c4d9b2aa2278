// The presets, driven with a program that stands for each tool: it writes down how it was called
// and runs what is after its own words. The tools themselves are not here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "adapters/workspace/exec.h"
#include "adapters/workspace/registry.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"

namespace regreen {
namespace {

using testing::HasSubstr;
using testing::Not;

// Machines are lines of a file: created and removed as each tool is asked to, and listed. A command
// runs on this machine, in the folder that the test chose, but among processes of its own: what ends
// a command on a machine of its own ends every process there.
constexpr char kStandIn[] = R"sh(#!/bin/sh
tool=${0##*/}
printf '%s' "$tool" >> "$STATE/calls"; printf ' %s' "$@" >> "$STATE/calls"; echo >> "$STATE/calls"
name() { for word; do case $word in *regreen-*) echo "$word" | grep -o 'regreen-[a-z0-9-]*'; return;; esac; done; }
case "$tool $*" in
  *" wait "*) ;;
  *" list "*|*" ps "*|*" get pods "*|*" status"*)
    case $tool in
      kubectl) sed 's|^|pod/|' "$STATE/machines" ;;
      nomad) [ -s "$STATE/machines" ] && { echo "ID Type"; sed 's|$| service|' "$STATE/machines"; }; true ;;
      *) cat "$STATE/machines" ;;
    esac ;;
  *" exec "*)
    grep -qx "$(name "$@")" "$STATE/machines" || { echo "no such machine" >&2; exit 1; }
    while [ $# -gt 0 ] && [ "$1" != /bin/sh ] && [ "$1" != sh ]; do shift; done
    exec bwrap --dev-bind / / --proc /proc --unshare-pid --die-with-parent -- "$@" ;;
  *" delete "*|*" rm "*|*" stop "*)
    grep -vx "$(name "$@")" "$STATE/machines" > "$STATE/left"; mv "$STATE/left" "$STATE/machines" ;;
  *)
    case " $* " in *" - "*) cat > "$STATE/manifest"; name "$(cat "$STATE/manifest")" ;; *) name "$@" ;; esac >> "$STATE/machines" ;;
esac
)sh";

class PresetTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!FindProgram("bwrap").ok()) GTEST_SKIP() << "bubblewrap is not there, to run commands apart";
    git_.Write("a.txt", "one\n");
    base_ = git_.Commit("the base");
    mirror_ = git_.CloneBare();
    state_ = git_.NewFolder("state");
    const std::string bin = git_.NewFolder("bin");
    for (const char* tool : {"docker", "podman", "kubectl", "nomad", "incus", "devcontainer"})
      WriteProgram(Cat(bin, "/", tool));
    // devcontainer leaves listing and removing to docker; what stands for them shares one state.
    path_ = std::getenv("PATH");
    setenv("PATH", Cat(bin, ":", path_).c_str(), 1);
    setenv("STATE", state_.c_str(), 1);
    std::ofstream(state_ + "/machines");
    std::ofstream(state_ + "/pod.yaml") << "metadata: {name: {name}}\nlimits: {memory}\n";
    options_.kind = "exec";
    options_.directory = git_.NewFolder("workspaces");
    options_.exec.preset = GetParam();
    options_.exec.folder = git_.NewFolder("there");
    options_.exec.env = {"STATE"};
    options_.exec.values = {{"image", "registry.test/builder:1"}, {"definition", "/etc/container"}};
    options_.exec.memory_bytes = std::int64_t{1} << 30;
    if (GetParam() == "kubectl" || GetParam() == "nomad")
      options_.exec.manifest = state_ + "/pod.yaml";
  }
  void TearDown() override {
    if (path_.empty()) return;
    setenv("PATH", path_.c_str(), 1);
    unsetenv("STATE");
  }
  static void WriteProgram(const std::string& path) {
    std::ofstream(path) << kStandIn;
    chmod(path.c_str(), 0755);
  }
  std::string Read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(Cat(state_, "/", name)).rdbuf();
    return text.str();
  }

  GitFixture git_;
  WorkspaceOptions options_;
  std::string base_, mirror_, state_, path_;
};

TEST_P(PresetTest, MakesAMachineRunsThereTakesTheChangeAndRemovesIt) {
  auto factory = CreateWorkspaceFactory(options_);
  ASSERT_TRUE(factory.ok()) << factory.status();
  ASSERT_TRUE((*factory)->Probe().ok()) << (*factory)->Probe();
  {
    auto workspace = (*factory)->Open({"task-1", mirror_, base_, nullptr}, {});
    ASSERT_TRUE(workspace.ok()) << workspace.status() << "\n" << Read("calls");
    EXPECT_THAT(Read("machines"), HasSubstr("regreen-"));
    ExecSpec spec;
    spec.command = "cat a.txt; echo two > a.txt; exit 3";
    const auto result = (*workspace)->Exec(spec, {});
    ASSERT_TRUE(result.ok()) << result.status() << "\n" << Read("calls");
    EXPECT_EQ(result->exit_code, 3) << result->output;
    EXPECT_EQ(result->output, "one\n");
    const auto patch = (*workspace)->Capture({});
    ASSERT_TRUE(patch.ok()) << patch.status();
    EXPECT_THAT(patch->bytes, HasSubstr("+two"));
  }
  EXPECT_EQ(Read("machines"), "") << Read("calls");
}

TEST_P(PresetTest, WhatAKilledDaemonLeftIsRemovedAndNothingElse) {
  {
    auto factory = CreateWorkspaceFactory(options_);
    ASSERT_TRUE(factory.ok()) << factory.status();
    auto workspace = (*factory)->Open({"task-1", mirror_, base_, nullptr}, {});
    ASSERT_TRUE(workspace.ok()) << workspace.status();
    // As after a kill: nobody ended it. Another daemon's is there too.
    const std::string machines = Read("machines");
    workspace->reset();
    std::ofstream(state_ + "/machines") << machines << "regreen-other-daemon\n";
  }
  auto factory = CreateWorkspaceFactory(options_);
  ASSERT_TRUE((*factory)->Reap().ok());
  EXPECT_EQ(Read("machines"), "regreen-other-daemon\n") << Read("calls");
}

TEST_P(PresetTest, NoCommandOfARepositoryIsOnACommandLine) {
  auto factory = CreateWorkspaceFactory(options_);
  ASSERT_TRUE(factory.ok()) << factory.status();
  auto workspace = (*factory)->Open({"task-1", mirror_, base_, nullptr}, {});
  ASSERT_TRUE(workspace.ok()) << workspace.status();
  ExecSpec spec;
  spec.command = "echo a-word-of-the-command";
  spec.env = {{"REGREEN_INPUT_X", "a-value-of-an-input"}};
  ASSERT_TRUE((*workspace)->Exec(spec, {}).ok());
  EXPECT_THAT(Read("calls"), Not(HasSubstr("a-word-of-the-command")));
  EXPECT_THAT(Read("calls"), Not(HasSubstr("a-value-of-an-input")));
}

TEST_P(PresetTest, AForksCodeIsNotRun) {
  auto factory = CreateWorkspaceFactory(options_);
  ASSERT_TRUE(factory.ok()) << factory.status();
  WorkspaceSpec spec{"task-1", mirror_, base_, nullptr};
  spec.of_fork = true;
  EXPECT_EQ((*factory)->Open(spec, {}).status().code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(Read("machines"), "");
}

INSTANTIATE_TEST_SUITE_P(Presets, PresetTest,
                         testing::Values("docker", "podman", "kubectl", "nomad", "incus",
                                         "devcontainer"),
                         [](const auto& test) { return test.param; });

TEST(ExecPresetOptions, ContainersHaveNoNetworkNoCapabilityAndLimits) {
  for (const ExecPreset& preset : ExecPresets()) {
    if (std::string_view(preset.name) != "docker" && std::string_view(preset.name) != "podman")
      continue;
    const std::string create = Join(preset.options.create, " ");
    for (const char* word : {"--network=none", "--cap-drop=ALL", "no-new-privileges", "--read-only",
                             "--pids-limit=", "--memory={memory}", "--cpus={cpu}"})
      EXPECT_THAT(create, HasSubstr(word)) << preset.name;
  }
}

TEST(ExecPresetOptions, AMissingValueIsNamed) {
  ExecOptions options;
  options.preset = "docker";
  const Status status = CompleteExecOptions(options).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr("there is no value for {image}"));
}

TEST(ExecPresetOptions, AnUnknownPresetGetsTheNearestName) {
  ExecOptions options;
  options.preset = "kubctl";
  EXPECT_THAT(Message(CompleteExecOptions(options).status()),
              HasSubstr("did you mean \"kubectl\"?"));
}

}  // namespace
}  // namespace regreen
