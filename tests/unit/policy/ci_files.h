// CI definitions as files of a commit, for tests.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/policy/ci_definition.h"

namespace regreen {

using TestFiles = std::map<std::string, std::string>;

// `from` outlives what is answered.
inline CiFiles FilesOf(const TestFiles& from) {
  CiFiles files;
  files.read = [&from](const std::string& path) -> StatusOr<std::string> {
    const auto found = from.find(path);
    if (found == from.end()) return NotFound(Cat("there is no file ", path));
    return found->second;
  };
  files.match =
      [&from](
          const std::string& glob) -> StatusOr<std::vector<std::pair<std::string, std::string>>> {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [path, text] : from) {
      if (GlobMatch(glob, path)) found.emplace_back(path, text);
    }
    return found;
  };
  return files;
}

inline RunFacts PushToMain() {
  RunFacts run;
  run.key.repo = "acme/widget";
  run.key.run_id = "77";
  run.event = "push";
  run.branch = run.base_branch = "main";
  run.commit = "0123456789abcdef0123456789abcdef01234567";
  run.workflow = "CI";
  return run;
}

}  // namespace regreen
