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
  Status network;  // of workspaces that ask for one
  ModelUsage usage;

  struct Opened {
    std::string commit;
    bool patched = false;
    std::vector<std::string> commands;
    std::vector<std::string> network;
    double max_usd = 0;
    std::int64_t max_tokens = 0;
    std::function<void(const std::string&)> on_network;
    WorkspaceLimits limits = kAsConfigured;
    std::string heard;  // what was said to commands that are spoken with
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
      auto result = owner.on_exec(spec, record->patched);
      if (!result.ok()) return result;
      if (spec.on_output && !result->output.empty()) spec.on_output(result->output);
      if (spec.converse) {
        struct Heard final : ExecInput {
          explicit Heard(std::string& t) : text(t) {}
          void Write(std::string_view bytes) override { text += bytes; }
          void Close() override {}
          std::string& text;
        } heard(record->heard);
        spec.converse({}, heard);
        if (!result->output.empty()) spec.converse(result->output, heard);
      }
      if (stop.stop_requested()) return Cancelled("stopped");
      return result;
    }
    ModelUsage Usage() override { return owner.usage; }
    StatusOr<Patch> Capture(std::stop_token) override { return owner.captured; }
    FakeWorkspaces& owner;
    std::shared_ptr<Opened> record;
  };

  Status Probe() override { return probe; }
  Status Reap() override { return OkStatus(); }
  StatusOr<std::unique_ptr<Workspace>> Open(const WorkspaceSpec& spec, std::stop_token) override {
    if (!probe.ok()) return probe;
    if (!spec.network.empty() && !network.ok()) return network;
    opened.push_back(std::make_shared<Opened>(Opened{spec.commit,
                                                     spec.patch != nullptr,
                                                     {},
                                                     spec.network,
                                                     spec.max_usd,
                                                     spec.max_tokens,
                                                     spec.on_network,
                                                     spec.limits,
                                                     {}}));
    return std::unique_ptr<Workspace>(std::make_unique<Space>(*this, opened.back()));
  }
};

}  // namespace regreen
