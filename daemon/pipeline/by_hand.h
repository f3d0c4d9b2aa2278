// A task that a person asks for: no run failed, or none that was told of. It goes the same way as
// any other from here on.
#pragma once

#include <map>
#include <string>

#include "daemon/base/json.h"
#include "daemon/base/status.h"
#include "daemon/domain/incident.h"
#include "daemon/domain/plan.h"
#include "daemon/ports/store.h"

namespace regreen {

struct ByHand {
  std::string by;         // who asks: the name of a token, a user of this machine
  std::string forge;      // its name in the configuration; "": the one that serves the repository
  std::string repo, ref;  // owner/name; as Mirror::Resolve takes it
  std::string target;     // the branch that the change goes into; "": the one that ref is
  std::string command;    // what is to pass; "": as the template, or the CI definition, says
  std::string directory;  // where it runs, below the tree
  std::string ci;         // the CI whose definition says the command of `job`, by its name
  std::string workflow;   // the definition's file
  std::string job, step;  // of the definition
  std::string log;        // of the failure, when there is one
  std::string template_name;
  std::map<std::string, std::string> inputs;  // "name", or "template.name" of one that it uses
  // Without a template, a single-use one of one step: a command, or an agent with what it is told
  // besides the failure.
  std::string run, agent, prompt;
  bool hold = false,
       review = false;  // a person approves first, also where the template does not ask
};

// {"repo": …} with the names above, but "by", and "template" for template_name. InvalidArgument
// names the first key that is unknown, of another type or too long; what is missing is not looked
// at.
StatusOr<ByHand> ByHandFromJson(const Json& json);
void WriteJson(const ByHand& asked, JsonWriter& out);

// InvalidArgument when it cannot be meant: no repository, no way to repair, both of two ways.
Status CheckByHand(const ByHand& asked);

struct PreparedTask {
  Incident incident;
  Plan plan;
  std::string reason;  // "by hand by alice: template "x"; inputs …"
};

// As the store takes it.
HandTask ToHandTask(PreparedTask prepared, const std::string& by);

// What single-use plans are called where templates are named.
inline constexpr std::string_view kSingleUse = "single-use";
// The repair and its proof alone; `inputs` are what its command gets.
StatusOr<Plan> SingleUsePlan(const ByHand& asked, const Incident& incident);

}  // namespace regreen
