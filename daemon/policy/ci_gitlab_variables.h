// The variables that a GitLab job's script finds, as exports for a shell.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/run.h"
#include "daemon/policy/ci_yaml.h"

namespace regreen {

// GitLab puts the values together before the shell sees them ("Where variables can be used"): `$X`
// and `${X}` in a value are the variable's own, `$$` is a dollar. Set them by rising precedence.
class GitlabVariables {
 public:
  // What GitLab sets beforehand, as far as it is known of this run.
  void SetPredefined(const RunFacts& run, std::string_view job, std::string_view stage);
  void Set(const std::string& name, std::string text);
  void SetUnknown(const std::string& name, std::string why);
  // `variables:` of a definition, references resolved. With `only`, no other of them.
  void Add(const CiNodePtr& variables, const std::vector<std::string>* only = nullptr);

  // Exports of the definition's variables, and of the predefined ones that the script reads.
  // InvalidArgument when it reads one whose value is not known; `elsewhere` (perhaps "") says where
  // one that is not defined at all may come from.
  StatusOr<std::string> Exports(std::string_view script, const std::string& elsewhere);

 private:
  struct Value {
    std::string text;
    bool expands = false;
    bool predefined = false;
    bool known = true;
    std::string why;  // it is not known
  };
  StatusOr<std::string> Word(const std::string& name, int depth);
  StatusOr<std::string> Expand(std::string_view text, int depth);

  std::map<std::string, Value, std::less<>> values_;
  std::vector<std::string> order_;                      // of the definition's own
  std::map<std::string, StatusOr<std::string>> words_;  // for the shell; made once
};

}  // namespace regreen
