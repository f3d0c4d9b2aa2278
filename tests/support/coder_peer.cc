#include "tests/support/coder_peer.h"

#include <cstdlib>
#include <utility>

#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"
#include "tests/support/paths.h"

namespace regreen {

CoderPeer::CoderPeer(std::string folder) : folder_(std::move(folder)) {
  process_ = std::jthread([this](std::stop_token stop) {
    ProcessSpec spec;
    spec.argv = {SourceFolder() + "/tests/e2e/coder_peer.sh", folder_};
    for (const char* name : {"PATH", "HOME", "REGREEN_SHARED"})
      if (const char* value = std::getenv(name)) spec.env.push_back({name, value});
    spec.timeout = absl::Hours(1);
    spec.merge_stderr = true;
    std::string said;
    bool told = false;
    spec.on_output = [&](std::string_view bytes) {
      said.append(bytes);
      if (told || said.find('\n') == std::string::npos) return;
      told = true;
      first_line_.set_value(said.substr(0, said.find('\n')));
    };
    const auto result = RunProcess(spec, stop);
    if (!told) first_line_.set_value(Cat("missing: it ended at its start: ", said));
  });
  const std::string line = first_line_.get_future().get();
  if (line.starts_with("url: ")) {
    url_ = line.substr(5);
  } else {
    missing_ = line;
  }
}

CoderPeer::~CoderPeer() = default;

std::vector<std::string> CoderPeer::Problems() const {
  HttpCall call;
  call.url = url_ + "/stand-in/problems";
  const auto answer = NewHttpClient()->Call(call);
  if (!answer.ok()) return {Message(answer.status())};
  const auto list = Json::Parse(answer->body);
  return list.ok() ? list->Strings() : std::vector<std::string>{Message(list.status())};
}

}  // namespace regreen
