#include <algorithm>
#include <filesystem>
#include <system_error>

#include "adapters/git/tree.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = 64 << 10;
constexpr std::size_t kMaxStores = 32;  // git itself stops at a depth of 5

bool Holds(const std::vector<std::string>& stores, const std::string& store) {
  return std::find(stores.begin(), stores.end(), store) != stores.end();
}

}  // namespace

std::vector<std::string> ObjectStores(const std::string& repository) {
  std::vector<std::string> stores = {Cat(repository, "/objects")};
  for (std::size_t i = 0; i < stores.size(); ++i) {
    auto lines = ReadFile(Cat(stores[i], "/info/alternates"), kMaxFileBytes);
    if (!lines.ok()) continue;
    for (std::string_view line : SplitLines(*lines)) {
      if (line.empty() || line.front() == '#' || stores.size() == kMaxStores) continue;
      const fs::path path = (fs::path(stores[i]) / line).lexically_normal();
      std::error_code error;
      if (fs::is_directory(path, error) && !Holds(stores, path.string()))
        stores.push_back(path.string());
    }
  }
  return stores;
}

}  // namespace regreen
