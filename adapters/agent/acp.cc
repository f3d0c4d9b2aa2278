#include <utility>

#include "adapters/agent/acp_stream.h"
#include "adapters/agent/kinds.h"
#include "adapters/agent/program.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class AcpProgram final : public AgentProgram {
 public:
  explicit AcpProgram(AgentOptions options) : options_(std::move(options)) {}

  std::vector<std::pair<std::string, std::string>> Environment() const override { return {}; }

  std::string Command(const Brief&) const override {
    std::string command =
        Cat("printf '", AcpStream::kFolderLine, "%s\\n' \"$PWD\"\nexec ", options_.command);
    for (const std::string& argument : options_.args)
      Append(command, " ", ShellTextWithUrl(argument, options_.network));
    return command;
  }

  std::unique_ptr<AgentStream> Stream(std::string prompt) const override {
    return std::make_unique<AcpStream>(std::move(prompt), options_.model);
  }

 private:
  const AgentOptions options_;
};

}  // namespace

StatusOr<std::unique_ptr<Agent>> NewAcpAgent(const AgentOptions& options) {
  RETURN_IF_ERROR(CheckProgramOptions(options));
  return NewProgramAgent(options, std::make_unique<AcpProgram>(options));
}

}  // namespace regreen
