// The trusted side as an attacker would like to find it: secrets wherever a daemon may have them,
// and listeners that know when something reached them. All of it is this test's own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/secret.h"
#include "tests/canary/suite/listening.h"
#include "tests/canary/suite/model.h"
#include "tests/support/git_fixture.h"

namespace regreen::canary {

// What shows that a route worked, looked for on the outside. Each is a sentence, or empty.
struct Sighting {
  std::string loot;     // a planted secret is in what came out, whatever its encoding
  std::string reached;  // a listener was reached
  std::string changed;  // a file outside is not as it was, or a process of ours has ended
  std::string alive;    // a process of the route runs on
  std::string gained;   // the route says that it has a power that no workspace has

  bool empty() const { return All().empty(); }
  std::string All() const;
};

class StandIn;

class Outside {
 public:
  // `git` has the hostile repository in its working tree, with its `fixer`, and `mirror` of it.
  Outside(const GitFixture& git, std::string mirror);
  ~Outside();

  // The facts that an attacker is given, as environment.
  std::vector<std::pair<std::string, std::string>> Facts() const;
  // A folder where a route runs without walls: a checkout that shares its files with one of ours.
  std::string PlainFolder();
  // From here on, something that happens counts. `more` are folders that must not change.
  void Begin(std::vector<std::string> more);
  // `text` is all that came out. Ends what runs on.
  Sighting Look(const std::string& text);

  std::vector<Secret> secrets() const;
  const std::string& secret(const std::string& place) const { return secrets_.at(place); }
  const std::string& folder() const { return folder_; }
  Model& model() { return *model_; }
  int forbidden_port() const { return listening_->port("tcp"); }

 private:
  std::string Plant(const std::string& place);
  void PlantFiles();
  void PlantInKernel();
  std::string Changed() const;
  std::map<std::string, std::string> Fingerprint() const;

  const GitFixture& git_;
  const std::string mirror_, folder_, mark_;
  std::map<std::string, std::string> secrets_;  // by the place where it is
  std::vector<std::pair<std::string, std::string>> handle_;
  std::unique_ptr<Listening> listening_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<StandIn> stand_in_;
  UniqueFd inherited_;
  int shared_memory_ = -1, shared_key_ = 0;
  long key_ = -1;
  std::vector<std::string> watched_;
  std::map<std::string, std::string> before_;
};

}  // namespace regreen::canary
