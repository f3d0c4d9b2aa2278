// Reads the #include lines of the whole source: includes point down only, adapters are seen by the
// app alone, and each third-party header has one owner.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>
#include "tests/support/paths.h"

namespace {

namespace fs = std::filesystem;

struct Include {
  std::string file;  // relative to the source tree
  int line = 0;
  std::string header;
  bool ours = false;  // from the root of the source tree
};

std::vector<fs::path> Sources() {
  std::vector<fs::path> files;
  for (const char* root : {"daemon", "adapters"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(regreen::SourceFolder()) / root)) {
      const auto extension = entry.path().extension();
      if (extension == ".h" || extension == ".cc") files.push_back(entry.path());
    }
  }
  return files;
}

std::vector<Include> AllIncludes() {
  static const std::regex pattern(R"re(^\s*#\s*include\s*(["<])([^">]+)[">])re");
  std::vector<Include> includes;
  for (const fs::path& path : Sources()) {
    std::ifstream in(path);
    std::string text;
    for (int line = 1; std::getline(in, text); ++line) {
      std::smatch match;
      if (!std::regex_search(text, match, pattern)) continue;
      const std::string header = match[2];
      const bool ours = header.starts_with("daemon/") || header.starts_with("adapters/");
      includes.push_back(
          {fs::relative(path, regreen::SourceFolder()).string(), line, header, ours});
    }
  }
  return includes;
}

std::string Folder(const std::string& path) {
  const auto first = path.find('/');
  const auto second = path.find('/', first + 1);
  return second == std::string::npos ? "" : path.substr(0, second);
}

// What each folder may include besides itself, written out: a table is easier to read than a rule.
const std::map<std::string, std::set<std::string>>& MayInclude() {
  static const std::set<std::string> below_ports = {"daemon/base", "daemon/domain", "daemon/ports"};
  static const std::map<std::string, std::set<std::string>> table = [] {
    std::map<std::string, std::set<std::string>> t;
    t["daemon/base"] = {};
    t["daemon/domain"] = {"daemon/base"};
    t["daemon/ports"] = {"daemon/base", "daemon/domain"};
    for (const char* floor :
         {"daemon/triage", "daemon/policy", "daemon/guard", "adapters/ci", "adapters/git",
          "adapters/store", "adapters/agent", "adapters/forge"}) {
      t[floor] = below_ports;
    }
    t["adapters/workspace"] = below_ports;
    t["adapters/workspace"].insert("adapters/git");  // workspaces are checkouts
    t["daemon/pipeline"] = below_ports;
    t["daemon/pipeline"].insert({"daemon/triage", "daemon/policy", "daemon/guard"});
    t["daemon/service"] = t["daemon/pipeline"];
    t["daemon/service"].insert("daemon/pipeline");
    t["daemon/app"] = t["daemon/service"];
    t["daemon/app"].insert({"daemon/service", "adapters/ci", "adapters/forge", "adapters/git",
                            "adapters/store", "adapters/workspace", "adapters/agent"});
    return t;
  }();
  return table;
}

TEST(Floors, IncludesPointDownOnly) {
  std::size_t checked = 0;
  for (const Include& include : AllIncludes()) {
    if (!include.ours) continue;
    const std::string from = Folder(include.file), to = Folder(include.header);
    ASSERT_TRUE(MayInclude().contains(from)) << include.file << " is in a folder that has no floor";
    ++checked;
    EXPECT_TRUE(from == to || MayInclude().at(from).contains(to))
        << include.file << ":" << include.line << " includes \"" << include.header
        << "\", which is not below it";
  }
  EXPECT_GT(checked, 100u);
}

struct Owner {
  const char* header;              // how the header's name begins
  std::vector<std::string> files;  // how the path of those that may include it begins
};

TEST(Floors, EachThirdPartyHeaderHasOneOwner) {
  const std::vector<Owner> owners = {
      {"httplib", {"daemon/base/"}},
      {"rapidjson/", {"daemon/base/json.cc"}},
      {"spdlog/", {"daemon/base/log.cc"}},
      {"toml++/", {"daemon/base/toml.cc"}},
      {"re2/", {"daemon/base/regex.cc", "daemon/base/regex_filter.cc", "daemon/triage/"}},
      {"hs", {"daemon/triage/"}},
      {"zstd", {"daemon/base/compress"}},
      {"zlib", {"daemon/base/compress"}},
      {"openssl/", {"daemon/base/hash.cc", "daemon/base/rsa.cc"}},
      {"git2", {"adapters/git/"}},
      {"sqlite3", {"adapters/store/"}},
      {"seccomp", {"adapters/workspace/"}},
      {"yaml-cpp/", {"daemon/policy/"}},
      {"kainjow/", {"daemon/policy/mustache.cc"}},
      {"prometheus/", {"daemon/service/metrics.cc"}},
      {"CLI/", {"daemon/app/command_line"}},
  };
  const std::set<std::string> everyones = {"absl"};
  for (const Include& include : AllIncludes()) {
    if (include.ours) continue;
    bool owned = false, allowed = false;
    for (const Owner& owner : owners) {
      const std::string begin = owner.header;
      const bool whole = begin.back() == '/' || include.header == begin ||
                         include.header.starts_with(begin + ".") ||
                         include.header.starts_with(begin + "/");
      if (!include.header.starts_with(begin) || !whole) continue;
      owned = true;
      for (const std::string& file : owner.files) allowed |= include.file.starts_with(file);
    }
    EXPECT_TRUE(!owned || allowed) << include.file << ":" << include.line << " includes <"
                                   << include.header << ">, which another file owns";
    const auto slash = include.header.find('/');
    const bool system = slash == std::string::npos || include.header.starts_with("sys/") ||
                        include.header.starts_with("linux/") ||
                        include.header.starts_with("netinet/") ||
                        include.header.starts_with("arpa/");
    EXPECT_TRUE(owned || system || everyones.contains(include.header.substr(0, slash)))
        << include.file << ":" << include.line << " includes <" << include.header
        << ">, which has no owner yet";
  }
}

TEST(Floors, FilesStayUnder400Lines) {
  for (const fs::path& path : Sources()) {
    std::ifstream in(path);
    const auto lines =
        std::count(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>(), '\n');
    EXPECT_LE(lines, 400) << path << " is a crowded room: split it";
  }
}

TEST(Repository, TopLevelIsWhatTheDesignSays) {
  const std::set<std::string> allowed = {
      "CMakeLists.txt", "CMakePresets.json",   "daemon",    "adapters",     "policies", "deploy",
      "tests",          "config.example.toml", "README.md", "CHANGELOG.md", "LICENSE",  "build"};
  for (const auto& entry : fs::directory_iterator(regreen::SourceFolder())) {
    const std::string name = entry.path().filename();
    EXPECT_TRUE(name.starts_with('.') || allowed.contains(name))
        << name << " does not belong to the top level";
  }
}

}  // namespace
