// The rules that are shipped, and the fixtures' logs.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "daemon/triage/triage.h"
#include "tests/support/paths.h"

namespace regreen {

inline std::string ReadBytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::filesystem::path> FilesIn(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry);
  std::ranges::sort(files);
  return files;
}

inline std::shared_ptr<const RuleSet> ShippedRules() {
  static const std::shared_ptr<const RuleSet> rules = [] {
    std::vector<RuleSource> sources;
    for (const auto& file : FilesIn(SourceFolder() + "/policies/rules")) {
      if (file.extension() == ".toml") sources.push_back({file.filename(), ReadBytes(file)});
    }
    Problems problems;
    auto loaded = RuleSet::Load(sources, problems);
    EXPECT_TRUE(loaded != nullptr) << problems.Render();
    return loaded;
  }();
  return rules;
}

inline std::string Fixture(const std::string& name) {
  return ReadBytes(std::filesystem::path(SourceFolder() + "/tests/fixtures/triage/corpus") / name);
}

inline Evidence TriageOf(std::string_view log, const TriageHints& hints = {}) {
  return Triage(ShippedRules()).Run(log, hints);
}

}  // namespace regreen
