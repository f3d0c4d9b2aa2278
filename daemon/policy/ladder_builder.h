// Puts the steps of used templates in the place of the steps that use them. Private to compose.cc.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/toml.h"
#include "daemon/policy/template.h"

namespace regreen {

using TemplateIndex = std::map<std::string, const Template*>;
std::vector<std::string> TemplateNames(const TemplateIndex& index);

// Notes a way that comes back to where it was, once for each cycle: by the member whose name is the
// first. `relation`: "uses".
void NoteCycle(std::string_view relation, const std::vector<std::string>& path,
               const std::string& back_to, const Position& where, Problems& problems);

class LadderBuilder {
 public:
  LadderBuilder(const TemplateIndex& index, Problems& problems)
      : index_(index), problems_(problems) {}

  Ladder Build(const Template& t, const Position& where);

  // What was used, each once, with the place of the first use.
  const std::vector<std::pair<const Template*, Position>>& used() const { return used_; }

 private:
  // The inputs of a scope that may stand in commands.
  using Trusted = std::set<std::string>;

  void Add(const Template& t, std::size_t scope, const Trusted& trusted, const StepWhen& when);
  void AddUse(const TemplateStep& step, std::size_t scope, const Trusted& trusted,
              const StepWhen& when);
  // Notes what is wrong with what a step gives, and answers what the used template may trust.
  Trusted CheckGiven(const TemplateStep& step, const Template& part, std::size_t scope,
                     const Trusted& trusted);
  void CheckCommands(const TemplateStep& step, const Template& part, const Trusted& trusted);

  const TemplateIndex& index_;
  Problems& problems_;
  Ladder ladder_;
  std::vector<std::string> path_;
  std::vector<std::pair<const Template*, Position>> used_;
};

}  // namespace regreen
