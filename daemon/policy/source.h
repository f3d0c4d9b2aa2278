// The files of a policy folder, as the policy floor reads them: it does no I/O.
#pragma once

#include <string>
#include <vector>

namespace regreen {

struct PolicySource {
  std::string file;  // for messages
  std::string text;
  // Below the policy folder: "base/node.toml", "prompts/compile.md". Templates need none.
  std::string name = {};
};

struct PolicySources {
  std::vector<PolicySource> templates, bases, prompts;
};

}  // namespace regreen
