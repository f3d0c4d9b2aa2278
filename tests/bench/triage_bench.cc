// Measures triage of raw logs on one thread, and writes what the comparison needs:
//   triage_bench time RULES_DIR LOG…            seconds and rate of clean + classify + signature
//   triage_bench clean LOG…                     the cleaned logs, to standard output
//   triage_bench patterns RULES_DIR             one pattern a line, for `rg -f`
//   triage_bench memory RULES_DIR LOG           peak resident memory beyond the mapped log
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/regex.h"
#include "daemon/triage/clean.h"
#include "daemon/triage/rule.h"
#include "daemon/triage/triage.h"

namespace regreen {
namespace {

std::string Read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::shared_ptr<const RuleSet> LoadRules(const std::filesystem::path& folder) {
  std::vector<RuleSource> sources;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".toml") continue;
    sources.push_back({entry.path().filename(), Read(entry.path())});
  }
  Problems problems;
  auto rules = RuleSet::Load(sources, problems);
  if (!rules) std::cerr << problems.Render();
  return rules;
}

int Time(const std::filesystem::path& rules, const std::vector<std::string>& files) {
  const auto set = LoadRules(rules);
  if (!set) return 1;
  const Triage triage(set);
  std::vector<std::string> logs;
  std::size_t bytes = 0;
  for (const std::string& file : files) bytes += logs.emplace_back(Read(file)).size();
  double best = 1e9;
  std::size_t failures = 0;
  for (int round = 0; round < 7; ++round) {
    const auto start = std::chrono::steady_clock::now();
    failures = 0;
    for (const std::string& log : logs) {
      failures += triage.Run(log).failure_class == FailureClass::kNone ? 0 : 1;
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    best = std::min(best, spent.count());
  }
  std::printf("%zu logs %zu failures %zu bytes %.6f s %.3f GB/s\n", logs.size(), failures, bytes,
              best, static_cast<double>(bytes) / best / 1e9);
  return 0;
}

int Clean(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    const std::string raw = Read(file);
    const CleanLog log(raw);
    for (const LogLine& line : log.lines()) std::cout << line.text << '\n';
  }
  return 0;
}

int Patterns(const std::filesystem::path& rules) {
  const auto set = LoadRules(rules);
  const auto group = Regex::Compile(R"(\(\?P<\w+>)");
  if (!set || !group.ok()) return 1;
  for (const Rule& rule : set->index().rules) {
    // A name may stand once only in all of ripgrep's patterns.
    for (const Regex& regex : rule.match) {
      std::cout << group->ReplaceAll(regex.pattern(), "(?:") << '\n';
    }
  }
  return 0;
}

long PeakKilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

int Memory(const std::filesystem::path& rules, const std::string& file) {
  const auto set = LoadRules(rules);
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (!set || !fd || fstat(fd.get(), &facts) != 0) return 1;
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* const map = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd.get(), 0);
  if (map == MAP_FAILED) return 1;
  const long before = PeakKilobytes();
  const auto start = std::chrono::steady_clock::now();
  const Evidence evidence = Triage(set).Run({static_cast<const char*>(map), size});
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  std::printf("%zu bytes: %ld KiB beyond the map, %.3f s, class %s\n", size,
              PeakKilobytes() - before, spent.count(),
              std::string(ToString(evidence.failure_class)).c_str());
  munmap(map, size);
  return 0;
}

int Main(const std::vector<std::string>& args) {
  if (args.size() >= 3 && args[0] == "time") return Time(args[1], {args.begin() + 2, args.end()});
  if (args.size() >= 2 && args[0] == "clean") return Clean({args.begin() + 1, args.end()});
  if (args.size() == 2 && args[0] == "patterns") return Patterns(args[1]);
  if (args.size() == 3 && args[0] == "memory") return Memory(args[1], args[2]);
  std::cerr << "usage: triage_bench time RULES LOG… | clean LOG… | patterns RULES | memory RULES "
               "LOG\n";
  return 2;
}

}  // namespace
}  // namespace regreen

int main(int argc, char** argv) { return regreen::Main({argv + 1, argv + argc}); }
