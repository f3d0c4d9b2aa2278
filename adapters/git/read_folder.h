// Files of a commit's folder, read from the object store as data.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adapters/git/library.h"
#include "daemon/ports/repository.h"

namespace regreen {

// As Mirror::ReadFolderAt() says, below a tree.
StatusOr<std::vector<std::pair<std::string, std::string>>> ReadFolder(git_repository* repository,
                                                                      TreePtr root,
                                                                      const std::string& path,
                                                                      const FolderLimits& limits);

}  // namespace regreen
