// What is written beside a remote workspace that is kept for a person, on our side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/status.h"

namespace regreen {

struct RemoteKept {
  std::string task;
  std::string mirror, commit, head;  // what a capture compares with
  std::vector<std::string> argv;     // as RemoteWayIn has it
  std::string page, folder;
};
// `folder` is that of the workspace, ours alone.
Status WriteRemoteKept(const std::string& folder, const RemoteKept& kept);
// nullopt for a folder that holds none.
std::optional<RemoteKept> ReadRemoteKept(const std::string& folder);

}  // namespace regreen
