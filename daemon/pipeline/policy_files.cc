#include "daemon/pipeline/policy_files.h"

#include <algorithm>
#include <map>

#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kFolders[] = {"templates", "rules", "guard", "base", "prompts"};
constexpr std::size_t kRequiredFolders = 3;

std::string_view SuffixIn(std::string_view folder) {
  return folder == "prompts" ? ".md" : ".toml";
}

std::vector<std::filesystem::path> PathsIn(const std::filesystem::path& folder, bool required,
                                           Problems& problems) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  if (!required && !std::filesystem::exists(folder, error)) return paths;
  const std::string kind = folder.filename().string();
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    // Left out as well: ".#black.toml", which is an editor's.
    if (IsPolicyPath(Cat(kind, "/", it->path().filename().string()))) paths.push_back(it->path());
    if (paths.size() > kMaxPolicyFiles) break;
  }
  if (error) {
    problems.Error({folder.string(), 0, 0},
                   Cat("cannot be read: ", error.message(),
                       error == std::errc::no_such_file_or_directory
                           ? "; a policy folder needs one, to begin with a copy of the shipped one"
                           : ""));
  }
  if (paths.size() > kMaxPolicyFiles) {
    problems.Error({folder.string(), 0, 0}, Cat("holds more than ", kMaxPolicyFiles, " files"));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::span<const std::string_view> PolicyFolders() {
  return kFolders;
}

bool IsPolicyPath(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view folder = path.substr(0, slash), name = path.substr(slash + 1);
  if (std::find(std::begin(kFolders), std::end(kFolders), folder) == std::end(kFolders))
    return false;
  return name.size() > SuffixIn(folder).size() && name.ends_with(SuffixIn(folder)) &&
         name.front() != '.' && name.find('/') == std::string_view::npos;
}

std::vector<PolicyFile> ReadPolicyFolder(const std::filesystem::path& folder, Problems& problems) {
  std::vector<PolicyFile> files;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < std::size(kFolders); ++i) {
    for (const auto& path : PathsIn(folder / kFolders[i], i < kRequiredFolders, problems)) {
      std::string name = Cat(kFolders[i], "/", path.filename().string());
      std::error_code error;
      if (!std::filesystem::is_regular_file(path, error)) {  // to open a pipe would wait for ever
        problems.Error({path.string(), 0, 0}, "is no file that can be read");
        continue;
      }
      auto text = ReadFile(path, kMaxPolicyFileBytes);
      if (!text.ok()) {
        problems.Error({path.string(), 0, 0}, Message(text.status()));
        continue;
      }
      bytes += text->size();
      if (bytes > kMaxPolicyBytes) {
        problems.Error({folder.string(), 0, 0}, Cat("holds more than ", kMaxPolicyBytes, " bytes"));
        return files;
      }
      files.push_back({std::move(name), *std::move(text)});
    }
  }
  return files;
}

std::string PolicyDigest(std::span<const PolicyFile> files) {
  std::map<std::string_view, std::string> digests;
  for (const PolicyFile& file : files) digests[file.path] = Sha256Hex(file.text);
  std::string all;
  for (const auto& [path, digest] : digests) Append(all, path, "\n", digest, "\n");
  return Sha256Hex(all);
}

}  // namespace regreen
