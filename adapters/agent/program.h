// One round of an agent that tells what it does as a stream of events: its command, its watchdogs,
// and what its end means.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/agent/registry.h"
#include "adapters/agent/stream.h"

namespace regreen {

// How a program is run: a file for each.
class AgentProgram {
 public:
  virtual ~AgentProgram() = default;
  // Its variables, before the configuration's own. A text `{url}` in one is where the model is
  // called.
  virtual std::vector<std::pair<std::string, std::string>> Environment() const = 0;
  // Shell text that becomes the program, when its variables are set.
  virtual std::string Command(const Brief& brief) const = 0;
  virtual std::unique_ptr<AgentStream> Stream(std::string prompt) const = 0;
};

// A text for a shell in which `{url}` is the model's address of that set.
std::string ShellTextWithUrl(std::string_view text, const std::string& network);

// InvalidArgument with every mistake of the options that all of these kinds share, one a line.
Status CheckProgramOptions(const AgentOptions& options);
std::unique_ptr<Agent> NewProgramAgent(AgentOptions options, std::unique_ptr<AgentProgram> program);

}  // namespace regreen
