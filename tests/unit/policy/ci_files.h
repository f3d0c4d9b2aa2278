// CI definitions as files of a commit, for tests.
#pragma once

#include <gtest/gtest.h>

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

inline StatusOr<ResolvedCommand> Gitlab(const TestFiles& files, const std::string& job,
                                        const RunFacts& run = PushToMain()) {
  JobFacts facts;
  facts.name = job;
  return FailingCommand(CiDefinition::kGitlab, ".gitlab-ci.yml", FilesOf(files), run, facts);
}

inline StatusOr<ResolvedCommand> Gitlab(const std::string& text, const std::string& job,
                                        const RunFacts& run = PushToMain()) {
  return Gitlab(TestFiles{{".gitlab-ci.yml", text}}, job, run);
}

inline std::string Command(const StatusOr<ResolvedCommand>& found) {
  EXPECT_TRUE(found.ok()) << Message(found.status());
  return found.ok() ? found->command : "";
}

inline std::string Trouble(const StatusOr<ResolvedCommand>& found) {
  EXPECT_FALSE(found.ok()) << found->command;
  return Message(found.status());
}

}  // namespace regreen
