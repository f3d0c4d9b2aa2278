// One route, first where nothing holds it, then in workspaces as the daemon opens them: upon a base
// tree, and checked out by itself.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/workspace/registry.h"
#include "tests/canary/suite/outside.h"
#include "tests/canary/suite/routes.h"
#include "tests/support/git_fixture.h"

namespace regreen::canary {

// A network with everything that a workspace is to have, and nothing that it asks for.
inline constexpr char kPackages[] = "packages", kModel[] = "model";

// A hostile repository and its trusted side.
class Hostile {
 public:
  Hostile();

  // One kind of workspace, and what a workspace of it looks like from inside when it is new.
  struct Kind {
    WorkspaceOptions options;
    std::unique_ptr<WorkspaceFactory> factory;
    std::string fresh;
  };
  // Made when it is asked for first. Null with a skip of the test where this machine has no
  // sandbox.
  Kind* Of(bool overlay);
  WorkspaceSpec Spec(const std::vector<std::string>& network, std::string* notes) const;
  std::string Look(WorkspaceFactory& factory) const;
  WorkspaceOptions Options(bool overlay) const;

  GitFixture git;
  std::string base, mirror;
  std::unique_ptr<Outside> outside;

 private:
  std::map<bool, Kind> kinds_;
};

// All that came out of one route.
struct CameOut {
  ExecResult result;
  StatusOr<Patch> patch = Internal("nothing was captured");
  std::string notes;
  std::string Text() const;
};

class CanaryTest : public testing::Test {
 protected:
  // The same for all tests of the process, until one of them did it harm.
  static std::shared_ptr<Hostile> Shared(bool renew);

  // What shows that the route works where nothing holds it.
  Sighting InTheOpen(const Route& route);
  // In a workspace; and nothing of it is in the next one, nor left behind.
  CameOut Inside(const Route& route, bool overlay);
  Outside& outside() { return *hostile_->outside; }

  std::shared_ptr<Hostile> hostile_ = Shared(false);
};

ExecResult Execute(Workspace& workspace, const ExecSpec& spec);
std::string SignOf(const Sighting& sighting, Sign sign);
// A line of the table of routes that the suite ends with.
void Tell(std::string_view name, std::string_view tries, std::string_view wall,
          std::string_view shown);

}  // namespace regreen::canary
