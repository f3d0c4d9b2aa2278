// A workspace whose commands are answered by the test. Plain fields: what is set is what is
// answered.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/domain/patch.h"
#include "daemon/ports/workspace.h"

namespace regreen {

struct FakeWorkspaces final : public WorkspaceFactory {
  // What a command answers; `patched` says whether the workspace was opened with a patch.
  std::function<StatusOr<ExecResult>(const ExecSpec& spec, bool patched)> on_exec =
      [](const ExecSpec&, bool) { return Exit(0); };
  StatusOr<Patch> captured = Patch();
  Status probe;

  struct Opened {
    std::string commit;
    bool patched = false;
    std::vector<std::string> commands;
    std::vector<std::string> network;
    std::function<void(const std::string&)> on_network;
    WorkspaceLimits limits = kAsConfigured;
  };
  std::vector<std::shared_ptr<Opened>> opened;
  int alive = 0;

  static ExecResult Exit(int code, std::string output = "") {
    ExecResult result;
    result.exit_code = code;
    result.output = std::move(output);
    return result;
  }

  struct Space final : public Workspace {
    Space(FakeWorkspaces& o, std::shared_ptr<Opened> r) : owner(o), record(std::move(r)) {
      ++owner.alive;
    }
    ~Space() override { --owner.alive; }
    StatusOr<ExecResult> Exec(const ExecSpec& spec, std::stop_token stop) override {
      if (stop.stop_requested()) return Cancelled("stopped");
      record->commands.push_back(spec.command);
      for (const std::string& name : record->network) record->on_network(name + ": used\n");
      return owner.on_exec(spec, record->patched);
    }
    StatusOr<Patch> Capture(std::stop_token) override { return owner.captured; }
    FakeWorkspaces& owner;
    std::shared_ptr<Opened> record;
  };

  Status Probe() override { return probe; }
  Status Reap() override { return OkStatus(); }
  StatusOr<std::unique_ptr<Workspace>> Open(const WorkspaceSpec& spec, std::stop_token) override {
    if (!probe.ok()) return probe;
    opened.push_back(std::make_shared<Opened>(Opened{
        spec.commit, spec.patch != nullptr, {}, spec.network, spec.on_network, spec.limits}));
    return std::unique_ptr<Workspace>(std::make_unique<Space>(*this, opened.back()));
  }
};

}  // namespace regreen
