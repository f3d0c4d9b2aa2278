#include "adapters/workspace/system_view.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTopFolders[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};

// Below /etc; `*` as in shells. What is not there is left out.
constexpr const char* kEtc[] = {"R",
                                "alternatives",
                                "ca-certificates",
                                "ca-certificates.conf",
                                "debian_version",
                                "fonts",
                                "java-*",
                                "ld.so.cache",
                                "ld.so.conf",
                                "ld.so.conf.d",
                                "localtime",
                                "magic",
                                "maven",
                                "mime.types",
                                "npm",
                                "os-release",
                                "perl",
                                "php",
                                "pki/tls/certs",
                                "protocols",
                                "python*",
                                "services",
                                "ssl/certs",
                                "ssl/openssl.cnf",
                                "timezone",
                                "xml"};

// The entries of /etc that a pattern names. Only its last part may have a `*`.
std::vector<std::string> Matching(const std::string& pattern) {
  std::error_code error;
  if (pattern.find('*') == std::string::npos) {
    const std::string path = Cat("/etc/", pattern);
    if (!fs::exists(path, error)) return {};
    return {path};
  }
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator("/etc", error)) {
    if (GlobMatch(pattern, entry.path().filename().string()))
      found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::vector<std::string> SystemView() {
  std::vector<std::string> options = {"--ro-bind", "/usr", "/usr"};
  std::error_code error;
  for (const std::string name : kTopFolders) {
    const std::string path = Cat("/", name);
    if (fs::is_symlink(path, error)) {
      options.insert(options.end(), {"--symlink", fs::read_symlink(path, error).string(), path});
    } else if (fs::is_directory(path, error)) {
      options.insert(options.end(), {"--ro-bind", path, path});
    }
  }
  for (const char* pattern : kEtc) {
    for (const std::string& path : Matching(pattern)) {
      options.insert(options.end(), {"--ro-bind", path, path});
    }
  }
  return options;
}

std::vector<std::pair<std::string, std::string>> MadeFiles() {
  return {{"/etc/passwd",
           "root:x:0:0:root:/root:/usr/sbin/nologin\n"
           "regreen:x:1000:1000:regreen:/home/regreen:/bin/sh\n"
           "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
          {"/etc/group", "root:x:0:\nregreen:x:1000:\nnogroup:x:65534:\n"},
          {"/etc/hosts", "127.0.0.1 localhost regreen\n::1 localhost\n"},
          {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"},
          {"/etc/resolv.conf", "# This sandbox has no network.\n"}};
}

}  // namespace regreen
