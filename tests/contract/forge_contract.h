// What every forge with an API promises, whatever its platform: the tests run against a small
// stand-in of each behind real HTTP.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "adapters/forge/registry.h"
#include "daemon/base/clock.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

// A change as people see it.
struct SeenChange {
  std::int64_t number = 0;
  std::string title, body, branch, target, state;  // opened, closed, merged
  bool draft = false;
  std::vector<std::string> labels;
};

// One platform with its forge. The repository is acme/widget; run 1 has the job "lint", green, and
// the job "test", red.
class ForgePeer {
 public:
  virtual ~ForgePeer() = default;
  virtual Forge& forge() = 0;
  ManualClock clock;

  virtual void AddRedRun(const std::string& branch, const std::string& commit) = 0;
  virtual void AddForkedRun(const std::string& commit) = 0;  // of a change from a fork
  // Of a change of a branch of the repository itself into main. Answers its number.
  virtual std::int64_t AddRedRunOfChange(const std::string& branch, const std::string& commit) = 0;
  virtual void FinishRun(const std::string& conclusion) = 0;  // "success", "failed"
  virtual int reruns() = 0;                                   // that were asked for
  virtual void SetBranch(const std::string& branch, const std::string& commit) = 0;
  virtual void TakeLogAway() = 0;  // of the job "test", which ended long ago

  virtual std::int64_t AddChange(const std::string& branch, const std::string& head, bool draft,
                                 std::vector<std::string> labels) = 0;
  virtual void SetState(std::int64_t number, const std::string& state) = 0;
  virtual void RemoveChange(std::int64_t number) = 0;
  virtual void SetChecks(std::int64_t number, const std::string& state) = 0;  // running, success …
  virtual std::vector<SeenChange> changes() = 0;
  virtual bool comments_on_commits() const { return true; }
  virtual std::vector<std::string> comments() = 0;  // texts, of changes and commits
  virtual std::vector<std::string> issues() = 0;

  virtual void Fail(HttpResponse answer, int times) = 0;  // the next requests, whatever they are
  virtual std::size_t requests() = 0;
  virtual HttpResponse LimitedFor(int seconds) = 0;  // as the platform says so
};

std::unique_ptr<ForgePeer> NewGithubPeer();
std::unique_ptr<ForgePeer> NewGitlabPeer();
std::unique_ptr<ForgePeer> NewGiteaPeer();

// A forge of acme/* that clones from https://git.example.
std::unique_ptr<Forge> CreatePeersForge(const char* kind, const std::string& api, const char* token,
                                        HttpClient& http, const Clock& clock);

struct ForgePlatform {
  const char* name;
  std::unique_ptr<ForgePeer> (*create)();
};

}  // namespace regreen
