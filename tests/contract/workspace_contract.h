// What every kind of workspace keeps to. Each test runs for each kind that this machine can open.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/git/git.h"
#include "adapters/git/tree.h"
#include "adapters/workspace/registry.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "tests/contract/workspace_kinds.h"
#include "tests/support/git_fixture.h"

namespace regreen {

inline std::string KindName(const testing::TestParamInfo<ContractKind>& test) {
  return test.param.name;
}

class WorkspaceContract : public testing::TestWithParam<ContractKind> {
 protected:
  void SetUp() override {
    options_.kind = GetParam().name;
    options_.directory = git_.NewFolder("workspaces");
    if (const Status set_up = GetParam().set_up(options_, git_); !set_up.ok())
      GTEST_SKIP() << "this machine cannot open a " << GetParam().name << ": " << Message(set_up);
    auto factory = CreateWorkspaceFactory(options_);
    ASSERT_TRUE(factory.ok()) << factory.status();
    factory_ = *std::move(factory);
    if (const Status probe = factory_->Probe(); !probe.ok()) {
      GTEST_SKIP() << "this machine cannot open a " << GetParam().name << ": " << Message(probe);
    }
    git_.Write("a.txt", "one\n");
    git_.Write("folder/b.txt", "two\n");
    git_.Write("run.sh", "#!/bin/sh\necho ran\n", 0755);
    git_.Write(".gitignore", "*.log\n");
    base_ = git_.Commit("the base");
    mirror_ = git_.CloneBare();
  }

  void TearDown() override {
    if (IsSkipped() || GetParam().problems == nullptr) return;
    EXPECT_THAT(GetParam().problems(), testing::IsEmpty());
  }

  std::unique_ptr<Workspace> Open(const Patch* patch = nullptr) {
    auto workspace = factory_->Open({"task-1", mirror_, base_, patch}, {});
    EXPECT_TRUE(workspace.ok()) << workspace.status();
    return workspace.ok() ? *std::move(workspace) : nullptr;
  }
  static ExecResult Run(Workspace& workspace, ExecSpec spec) {
    auto result = workspace.Exec(spec, {});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : ExecResult{};
  }
  static ExecResult Run(Workspace& workspace, std::string command) {
    ExecSpec spec;
    spec.command = std::move(command);
    return Run(workspace, spec);
  }
  // How many entries there are below the folder of workspaces.
  std::ptrdiff_t Leftovers() const {
    return std::distance(std::filesystem::directory_iterator(options_.directory), {});
  }

  GitFixture git_;
  WorkspaceOptions options_;
  std::unique_ptr<WorkspaceFactory> factory_;
  std::string base_, mirror_;
};

// Processes of this machine whose command line holds `mark`.
inline int Running(std::string_view mark) {
  int count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string line = ReadFile(entry.path() / "cmdline", 1 << 20).value_or("");
    if (line.find(mark) != std::string::npos) ++count;
  }
  return count;
}

}  // namespace regreen
