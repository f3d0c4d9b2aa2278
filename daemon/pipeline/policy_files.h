// What a set of policies is made of, before it is read: files by their paths below its folder. They
// may come from a disk, a commit or a request.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/toml.h"

namespace regreen {

inline constexpr std::size_t kMaxPolicyFileBytes = 1 << 20;
inline constexpr std::size_t kMaxPolicyFiles = 10'000;
inline constexpr std::size_t kMaxPolicyBytes = 64 << 20;

struct PolicyFile {
  std::string path;  // "templates/black.toml"
  std::string text;
};

// The folders that a set is made of. The first three must be there.
std::span<const std::string_view> PolicyFolders();
// Whether a file at this path is a part of a set: FOLDER/NAME with the suffix of that folder.
bool IsPolicyPath(std::string_view path);

// By path: what is loaded does not depend on the order of a folder. What cannot be read, or is
// beyond the caps, is noted.
std::vector<PolicyFile> ReadPolicyFolder(const std::filesystem::path& folder, Problems& problems);

// Hex of SHA-256 over the paths and bytes, whatever their order.
std::string PolicyDigest(std::span<const PolicyFile> files);

}  // namespace regreen
