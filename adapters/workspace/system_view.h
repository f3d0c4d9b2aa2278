// What a sandbox sees of the machine's system, as options of bubblewrap.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace regreen {

// /usr and the links or folders of a merged or unmerged system, and of /etc only what compilers and
// language tools need: no host names, no users, no keys.
std::vector<std::string> SystemView();

// Files made for the sandbox: path inside and content.
std::vector<std::pair<std::string, std::string>> MadeFiles();

}  // namespace regreen
