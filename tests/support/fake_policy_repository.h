// A remote with one branch, and what a mirror of it would have; in memory.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/ports/repository.h"

namespace regreen {

struct FakePolicyRepository final : public Mirror {
  std::map<std::string, std::map<std::string, std::string>> commits;  // id → path → bytes
  std::string tip;
  bool away = false;  // the remote; what was fetched is still there
  std::vector<std::string> fetched;
  int asked = 0;

  StatusOr<std::string> Ensure(const GitRemote&, const std::string& commit,
                               std::stop_token) override {
    if (std::find(fetched.begin(), fetched.end(), commit) != fetched.end()) return "folder";
    if (away) return Unavailable("the remote is away");
    if (!commits.contains(commit)) return NotFound("no such commit");
    fetched.push_back(commit);
    return "folder";
  }
  StatusOr<std::optional<std::string>> RemoteTip(const GitRemote&, const std::string& branch,
                                                 std::stop_token) override {
    ++asked;
    if (away) return Unavailable("the remote is away");
    if (branch != "main") return std::optional<std::string>();
    return std::optional(tip);
  }
  StatusOr<ResolvedRef> Resolve(const GitRemote&, const std::string& ref,
                                std::stop_token) override {
    if (away) return Unavailable("the remote is away");
    if (ref != "main") return NotFound("there is no such branch");
    return ResolvedRef{tip, "refs/heads/main", {"main"}};
  }
  StatusOr<std::string> ReadFileAt(const std::string&, const std::string& commit,
                                   const std::string& path, std::size_t) override {
    const auto found = commits[commit].find(path);
    if (found == commits[commit].end()) return NotFound("no such file");
    return found->second;
  }
  StatusOr<std::vector<std::string>> ChangedPaths(const std::string&, const std::string&,
                                                  std::size_t) override {
    return std::vector<std::string>();
  }
  StatusOr<std::vector<std::pair<std::string, std::string>>> ReadFolderAt(
      const std::string&, const std::string& commit, const std::string& path,
      const FolderLimits&) override {
    std::vector<std::pair<std::string, std::string>> files;
    const std::string below = path.empty() ? "" : path + "/";
    for (const auto& [name, bytes] : commits[commit]) {
      if (!name.starts_with(below) || name.find('/', below.size()) != std::string::npos) continue;
      files.emplace_back(name.substr(below.size()), bytes);
    }
    if (files.empty()) return NotFound("no such folder");
    return files;
  }
  StatusOr<bool> Contains(const std::string&, const std::string& at,
                          const std::string& commit) override {
    return at == commit;
  }
};

}  // namespace regreen
