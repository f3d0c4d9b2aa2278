// Incident × policy set → the template, made definite, and why each other one was not chosen. Pure:
// the same inputs give the same answer, whatever the order of the files.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/incident.h"
#include "daemon/domain/plan.h"
#include "daemon/policy/loader.h"

namespace regreen {

struct SelectOptions {
  // A person's choice: no other template is looked at. Allows a draft.
  std::string only_template;
  // With only_template: the person knows better than [match], so it is not asked (its log and
  // command patterns still give their inputs).
  bool ignore_match = false;
  bool allow_draft = false;
  // The known failing command, for verify.command = "auto"; "" when it is not known.
  std::string command;
  std::string directory;  // where it runs, below the tree; "" is its root
  // A person's values for inputs of the template, by name.
  std::map<std::string, std::string> inputs;
};

struct Rejection {
  std::string template_name;
  std::vector<std::string> reasons;  // clauses that are safe to print; at least one
};

struct Selection {
  std::optional<Plan> plan;          // nullopt: no template matched
  std::vector<std::string> reasons;  // why the chosen one was, or one sentence why none
  std::vector<Rejection> rejected;   // every other template, in the order of the set
};

// A retired template is never chosen; a draft only by hand.
Selection Select(const Incident& incident, const PolicySet& policies, const SelectOptions& options);

}  // namespace regreen
