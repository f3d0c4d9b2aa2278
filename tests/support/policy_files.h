// The smallest set of policies that is whole, in memory and on disk.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/pipeline/policy_files.h"
#include "gtest/gtest.h"

namespace regreen {

inline std::string SampleTemplateText(const std::string& name) {
  return "name = \"" + name +
         "\"\n[match]\nlog = ['table\\.txt is out of date']\n"
         "[[step]]\nrun = \"sh generate.sh > table.txt\"\n";
}

// templates/<name>.toml, rules/sample.toml, guard/sample.toml.
inline std::vector<PolicyFile> SamplePolicyFiles(const std::string& name) {
  return {
      {"templates/" + name + ".toml", SampleTemplateText(name)},
      {"rules/sample.toml",
       "[[rule]]\nname = \"sample\"\nclass = \"lint\"\nmatch = ['table\\.txt is out of date']\n"},
      {"guard/sample.toml",
       "[[protected]]\nname = \"sample\"\nabout = \"is protected\"\npaths = [\"secret/**\"]\n"},
  };
}

// Removed at its end.
class PolicyDisk {
 public:
  explicit PolicyDisk(const std::vector<PolicyFile>& files)
      : folder_(*TempDir::Create(testing::TempDir(), "policies-")) {
    for (const PolicyFile& file : files) Write(file.path, file.text);
  }
  std::filesystem::path path() const { return folder_.path() / "set"; }
  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path() / name).parent_path());
    std::ofstream(path() / name) << text;
  }
  void Remove(const std::string& name) const { std::filesystem::remove(path() / name); }

 private:
  TempDir folder_;
};

}  // namespace regreen
