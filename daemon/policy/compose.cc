#include "daemon/policy/compose.h"

#include <algorithm>
#include <set>

#include "daemon/base/text.h"
#include "daemon/policy/input_sources.h"
#include "daemon/policy/ladder_builder.h"

namespace regreen {
namespace {

void AddMissing(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& one : from) {
    if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
  }
}

// What a template that another uses or goes on with asks of the whole.
void TakeOver(const Template& part, const Position& where, Template& whole, Problems& problems) {
  AddMissing(whole.needs.tools, part.needs.tools);
  AddMissing(whole.needs.network, part.needs.network);
  whole.needs.cpu = std::max(whole.needs.cpu, part.needs.cpu);
  whole.needs.memory_bytes = std::max(whole.needs.memory_bytes, part.needs.memory_bytes);
  whole.setup_timeout = std::max(whole.setup_timeout, part.setup_timeout);
  whole.hold |= part.hold;
  whole.review |= part.review;
  if (!part.workspace.empty() && part.workspace != whole.workspace) {
    problems.Error(where, Cat("\"", part.name, "\" needs the workspace \"", part.workspace,
                              "\": set workspace.use to it here, or leave it out there"));
  }
  for (const ValueSpec& output : part.outputs) {
    const auto same = std::find_if(whole.outputs.begin(), whole.outputs.end(),
                                   [&](const ValueSpec& o) { return o.name == output.name; });
    if (same == whole.outputs.end()) {
      whole.outputs.push_back(output);
    } else if (same->type != output.type || same->pattern != output.pattern ||
               same->choices != output.choices || same->max_bytes != output.max_bytes) {
      problems.Error(where, Cat("\"", part.name, "\" declares the output \"", output.name,
                                "\" as something else: give one of the two another name"));
    }
  }
}

std::vector<std::string> OutputNames(const Template& t) {
  std::vector<std::string> names;
  for (const ValueSpec& output : t.outputs) names.push_back(output.name);
  return names;
}

// Inputs that wait for an output that nothing before them declares.
void CheckOutputs(const std::vector<InputScope>& scopes, const std::vector<std::string>& outputs,
                  const Position& where, Problems& problems) {
  for (const InputScope& scope : scopes) {
    for (const InputSpec& input : scope.inputs) {
      const auto source = ParseInputSource(input.from);
      if (!source.ok() || source->kind != InputSource::Kind::kOutputs) continue;
      if (scope.given.contains(input.value.name)) continue;
      if (std::find(outputs.begin(), outputs.end(), source->name) != outputs.end()) continue;
      problems.Error(where,
                     Cat("the input \"", input.value.name, "\" of \"", scope.template_name,
                         "\" comes from ", input.from, ", which no template before it declares",
                         DidYouMean(source->name, outputs)));
    }
  }
}

class Composer {
 public:
  Composer(std::vector<Template>& templates, Problems& problems)
      : templates_(templates), problems_(problems) {
    for (const Template& t : templates) index_.emplace(t.name, &t);
  }

  void Run() {
    std::vector<Template> composed = templates_;
    for (Template& whole : composed) ComposeOne(whole);
    CheckOwnOutputs(composed);
    templates_ = std::move(composed);
  }

 private:
  void ComposeOne(Template& whole) {
    const Template& own = *index_.at(whole.name);
    LadderBuilder builder(index_, problems_);
    Ladder ladder = builder.Build(own, own.where);
    whole.steps = std::move(ladder.steps);
    whole.scopes = std::move(ladder.scopes);
    whole.setup = std::move(ladder.setup);
    for (const auto& [part, where] : builder.used()) {
      TakeOver(*part, where, whole, problems_);
      elsewhere_.insert(part->name);
    }
    if (own.then.empty()) return;
    std::vector<std::string> path = {whole.name};
    Follow(own, path, whole);
  }

  void Follow(const Template& t, std::vector<std::string>& path, Template& whole) {
    const Position where = PlaceOf(t, "then");
    for (const std::string& name : t.then) {
      const auto found = index_.find(name);
      if (found == index_.end()) {
        problems_.Error(where, Cat("there is no template ", TomlQuote(name),
                                   DidYouMean(name, TemplateNames(index_))));
      } else if (std::find(path.begin(), path.end(), name) != path.end()) {
        NoteCycle("goes on with", path, name, where, problems_);
      } else {
        AddLink(*found->second, where, whole);
        path.push_back(name);
        Follow(*found->second, path, whole);
        path.pop_back();
      }
    }
  }

  void AddLink(const Template& part, const Position& where, Template& whole) {
    elsewhere_.insert(part.name);
    if (std::any_of(whole.chain.begin(), whole.chain.end(),
                    [&](const auto& link) { return link->template_name == part.name; })) {
      problems_.Error(where, Cat("\"", part.name, "\" would come twice"));
      return;
    }
    LadderBuilder builder(index_, problems_);
    auto ladder = std::make_shared<Ladder>(builder.Build(part, part.where));
    for (const TemplateStep& step : ladder->steps) {
      if (step.kind == StepKind::kRun || step.kind == StepKind::kAgent) continue;
      problems_.Error(where, Cat("\"", part.name, "\" cannot go on from a patch: its step \"",
                                 step.name, "\" is a ", ToString(step.kind),
                                 ", and only commands and agents change files"));
    }
    // What is declared before it, and by its own earlier steps.
    TakeOver(part, where, whole, problems_);
    for (const auto& [used, place] : builder.used()) TakeOver(*used, place, whole, problems_);
    CheckOutputs(ladder->scopes, OutputNames(whole), where, problems_);
    whole.chain.push_back(std::move(ladder));
  }

  // A template that only stands after others may wait for outputs of theirs.
  void CheckOwnOutputs(std::vector<Template>& composed) {
    for (Template& t : composed) {
      std::sort(t.outputs.begin(), t.outputs.end(),
                [](const ValueSpec& a, const ValueSpec& b) { return a.name < b.name; });
      if (elsewhere_.contains(t.name) || t.scopes.empty()) continue;
      std::vector<std::string> before = OutputNames(t);
      for (const InputScope& scope : t.scopes) {
        if (scope.inputs.empty()) continue;
        CheckOutputs({scope}, before, scope.inputs.front().where, problems_);
      }
    }
  }

  std::vector<Template>& templates_;
  Problems& problems_;
  TemplateIndex index_;
  std::set<std::string> elsewhere_;  // used or gone on with
};

}  // namespace

void Compose(std::vector<Template>& templates, Problems& problems) {
  const bool alone = std::all_of(templates.begin(), templates.end(), [](const Template& t) {
    return t.then.empty() &&
           std::none_of(t.inputs.begin(), t.inputs.end(),
                        [](const InputSpec& i) { return i.from.starts_with("outputs."); }) &&
           std::none_of(t.steps.begin(), t.steps.end(),
                        [](const TemplateStep& step) { return !step.use.empty(); });
  });
  if (!alone) Composer(templates, problems).Run();
}

}  // namespace regreen
