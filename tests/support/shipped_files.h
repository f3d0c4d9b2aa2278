// The files of the policy folder that is shipped.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/base/file.h"
#include "tests/support/paths.h"

namespace regreen {

struct ShippedFile {
  std::string path, text;
};

inline std::vector<ShippedFile> ShippedFiles(const std::string& folder,
                                             const std::string& extension = ".toml") {
  std::vector<ShippedFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(SourceFolder()) / "policies" / folder)) {
    if (entry.path().extension() != extension) continue;
    const auto text = ReadFile(entry.path(), 1 << 20);
    EXPECT_TRUE(text.ok()) << text.status();
    files.push_back({entry.path().string(), text.value_or("")});
  }
  std::sort(files.begin(), files.end(),
            [](const ShippedFile& a, const ShippedFile& b) { return a.path < b.path; });
  EXPECT_FALSE(files.empty()) << folder;
  return files;
}

}  // namespace regreen
