// Which remotes are allowed, and where their mirrors are.
#pragma once

#include <string>

#include "daemon/base/status.h"
#include "daemon/ports/forge.h"

namespace regreen {

// http(s) without user information, or an absolute path of this machine. InvalidArgument for all
// else: ssh, git's own "ext::" and the like start programs.
Status CheckRemote(const GitRemote& remote);
bool IsLocal(const GitRemote& remote);

// The bare repository of a remote below `directory`. The URL's digest, so that any URL is a safe
// name.
std::string MirrorFolder(const std::string& directory, const std::string& url);

}  // namespace regreen
