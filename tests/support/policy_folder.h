// A policy folder of two templates and a rule, for tests of what reads one.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/base/file.h"
#include "daemon/pipeline/policies.h"
#include "tests/support/paths.h"

namespace regreen {

inline constexpr char kFixTable[] = R"toml(
name = "fix-table"
[match]
class = "format"
log = '(?P<file>\S+) is stale'
unless = { author = "bot*" }
[[step]]
run = "make table"
[guard]
paths = ["*.txt"]
)toml";
inline constexpr char kOfTeam[] = R"toml(
name = "of-team"
priority = 5
[match]
repo = "team/*"
[[step]]
run = "make all"
[verify]
command = "make check"
)toml";
inline constexpr char kRules[] = R"toml(
[[rule]]
name = "stale-table"
class = "format"
tool = "make"
match = '(?P<file>\S+) is stale'
signature = "stale: {file}"
examples = ["table.txt is stale"]
)toml";

class PolicyFolder {
 public:
  PolicyFolder() {
    Write("templates/fix-table.toml", kFixTable);
    Write("templates/of-team.toml", kOfTeam);
    Write("rules/test.toml", kRules);
    std::filesystem::create_directories(path() / "guard");
    std::filesystem::copy(std::filesystem::path(SourceFolder()) / "policies/guard",
                          path() / "guard", std::filesystem::copy_options::recursive);
  }
  void Write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((path() / name).parent_path());
    std::ofstream(path() / name, std::ios::binary) << text;
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  Policies Load() const {
    Problems problems;
    Policies policies = LoadPolicyFolder(path(), problems);
    EXPECT_EQ(problems.Render(), "");
    return policies;
  }

 private:
  TempDir folder_ = *TempDir::Create(std::filesystem::temp_directory_path(), "regreen-policies-");
};

}  // namespace regreen
