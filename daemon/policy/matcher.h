// Incident × policy set → the template, made definite, and why each other one was not chosen. Pure:
// the same inputs give the same answer, whatever the order of the files.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/incident.h"
#include "daemon/domain/plan.h"
#include "daemon/domain/template_record.h"
#include "daemon/policy/loader.h"
#include "daemon/policy/offers.h"

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
  std::string directory;                      // where it runs, below the tree; "" is its root
  std::map<std::string, std::string> inputs;  // given by hand: "name" of the template, or
                                              // "template.name" of one that it uses or goes on with
  // What the record of a template allows, by its name; a stage that is lower than the template's
  // own is the plan's.
  std::map<std::string, EffectiveStage> stages;
  std::vector<WorkspaceOffer> offers;  // none: everything is served
};

struct Rejection {
  std::string template_name;
  std::vector<std::string> reasons;  // clauses that are safe to print; at least one
};

struct Selection {
  std::optional<Plan> plan;          // nullopt: no template matched
  std::vector<std::string> reasons;  // why the chosen one was, or one sentence why none
  // In the order of the set. Every other template, where these are kShownAll at the most; else
  // those that match too or fail on one condition only, the first kShownNear of them.
  std::vector<Rejection> rejected;
  std::size_t more_near = 0;  // that match or fail on one condition only, and are not in `rejected`
  std::size_t more_far = 0;   // that fail on more, and are not
  static constexpr std::size_t kShownAll = 20, kShownNear = 20;
};

// A retired template is never chosen; a draft only by hand. Builds sentences only for what it
// answers, so that it stays fast among thousands of templates.
Selection Select(const Incident& incident, const PolicySet& policies, const SelectOptions& options);

struct ConditionAnswer {
  std::string key;      // "log"
  std::string spec;     // what it asks, as the template writes it
  bool unless = false;  // stands under `unless`: against the template where it holds
  bool holds = false;
  std::string why;  // a clause that is safe to print
  bool against() const { return holds == unless; }
};

struct TemplateExplanation {
  std::string name;
  Stage stage = Stage::kSuggest;  // in effect
  int priority = 0;
  bool chosen = false;
  std::vector<ConditionAnswer> answers;  // every condition, in the order of the conditions' table
  // What else stands against it: its stage, needs that are not served, an unknown command, a
  // template that goes first.
  std::vector<std::string> objections;
};

struct ExplainedSelection {
  Selection selection;                         // as of Select(), with every other in `rejected`
  std::vector<TemplateExplanation> templates;  // all of the set, in its order
};

// The same choice, with every condition of every template asked.
ExplainedSelection ExplainSelection(const Incident& incident, const PolicySet& policies,
                                    const SelectOptions& options);

}  // namespace regreen
