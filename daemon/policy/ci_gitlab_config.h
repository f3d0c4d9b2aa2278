// A GitLab CI definition put together, in GitLab's own order: local includes, then `extends`, then
// `!reference`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/policy/ci_definition.h"
#include "daemon/policy/ci_yaml.h"

namespace regreen {

// One thread.
class GitlabConfig {
 public:
  static StatusOr<GitlabConfig> Read(const std::string& path, const CiFiles& files);

  const CiNodePtr& root() const { return root_; }
  // An entry of the root with what it extends; null when there is none. Its references stand.
  StatusOr<CiNodePtr> Entry(const std::string& name);
  // With every reference in it in its place. Null stays null.
  StatusOr<CiNodePtr> Resolve(const CiNodePtr& node);
  // Includes that could not be followed, in words. What they define is not known, and the file that
  // includes overrules it.
  const std::vector<std::string>& missing() const { return missing_; }
  // ", which may be defined in …" or "".
  std::string MayBeElsewhere() const;

 private:
  StatusOr<CiNodePtr> ReadFileAt(const std::string& path, const CiFiles& files);
  StatusOr<CiNodePtr> Put(const std::string& path, const std::string& text, const CiFiles& files);
  Status Include(const CiNodePtr& entry, const CiFiles& files, CiNodePtr& below);
  Status IncludeLocal(std::string local, const CiFiles& files, CiNodePtr& below);
  Status Add(const CiNodePtr& included, CiNodePtr& below);
  StatusOr<CiNodePtr> Extended(const std::string& name, std::vector<std::string>& path);
  StatusOr<CiNodePtr> ResolveBelow(const CiNodePtr& node, int references);
  StatusOr<CiNodePtr> Referenced(const CiNode& reference, int references);

  CiNodePtr root_;
  std::vector<std::string> missing_;
  std::vector<std::string> open_;  // files that are being read, each included by the one before
  std::map<std::string, CiNodePtr> extended_;
  CiBudget budget_;
  int files_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace regreen
