// Scores on real logs that are not part of the repository; skipped, loudly, where they are missing.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/compress.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "tests/unit/triage/shipped_rules.h"

namespace regreen {
namespace {

std::filesystem::path Logs() {
  const char* shared = std::getenv("REGREEN_SHARED");
  return std::filesystem::path(shared != nullptr ? shared : SourceFolder() + "/../shared") /
         "data/logs";
}

// The identifiers of a name: frameworks and labels separate them differently.
std::set<std::string> Words(std::string_view name) {
  std::set<std::string> words;
  std::string word;
  for (const char c : std::string(name) + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0) {
      word.push_back(c);
    } else if (!word.empty()) {
      words.insert(std::exchange(word, {}));
    }
  }
  return words;
}

bool IsAmong(const std::string& label, const std::vector<std::string>& tests) {
  const std::set<std::string> wanted = Words(label);
  return std::ranges::any_of(tests, [&](const std::string& test) {
    const std::set<std::string> found = Words(test);
    return std::ranges::includes(found, wanted);
  });
}

TEST(Score, FailedTestsOfGitHubLogs) {
  const auto folder = Logs() / "github";
  if (!exists(folder)) GTEST_SKIP() << "NOT SCORED: there are no logs in " << folder;
  const auto labels = Json::Parse(ReadBytes(folder / "labels.json"));
  ASSERT_TRUE(labels.ok());
  int labelled = 0, all = 0, any = 0, green = 0, green_right = 0;
  for (const auto& [name, label] : labels->Members()) {
    const auto log = GzipDecompress(ReadBytes(folder / (name + ".gz")), 64 << 20);
    ASSERT_TRUE(log.ok()) << name;
    const Evidence evidence = TriageOf(*log);
    if (label["status"].StringOr("") == "ok") {
      ++green;
      green_right += evidence.failure_class == FailureClass::kNone ? 1 : 0;
    }
    const auto wanted = label["failed_tests"].Elements();
    if (wanted.empty()) continue;
    std::size_t found = 0;
    for (const Json& test : wanted)
      found += IsAmong(test.StringOr(""), evidence.failed_tests) ? 1 : 0;
    ++labelled;
    all += found == wanted.size() ? 1 : 0;
    any += found > 0 ? 1 : 0;
    if (found < wanted.size()) std::printf("%s: %zu of %zu\n", name.c_str(), found, wanted.size());
  }
  std::printf("failed tests: all in %d, one in %d of %d logs; green logs: %d of %d\n", all, any,
              labelled, green_right, green);
  EXPECT_GE(all * 100, labelled * 85);
  EXPECT_GE(any * 100, labelled * 95);
  EXPECT_EQ(green_right, green);
}

// The window without its marks, and the number of the marked line.
std::pair<std::string, std::int64_t> Unmark(const std::string& marked) {
  constexpr std::string_view kMark = "#=MATCH=# ";
  std::string text;
  std::int64_t number = 0, at = 0;
  for (std::string_view line : Split(marked, '\n')) {
    ++at;
    std::string plain(line);
    if (line.starts_with(kMark)) {
      number = at;
      plain = line.substr(kMark.size());
      for (const std::string_view bracket : {"‹", "›"}) {
        for (auto i = plain.find(bracket); i != std::string::npos; i = plain.find(bracket))
          plain.erase(i, bracket.size());
      }
    }
    Append(text, plain, "\n");
  }
  return {text, number};
}

TEST(Score, MarkedLinesOfPytorchLogs) {
  const auto folder = Logs() / "pytorch";
  if (!exists(folder)) GTEST_SKIP() << "NOT SCORED: there are no logs in " << folder;
  int windows = 0, found = 0;
  for (const auto& file : FilesIn(folder)) {
    const auto [text, number] = Unmark(ReadBytes(file));
    const Evidence evidence = TriageOf(text);
    const bool shown = std::ranges::any_of(
        evidence.lines, [n = number](const EvidenceLine& line) { return line.n == n; });
    ++windows;
    found += shown ? 1 : 0;
    if (!shown)
      std::printf("%s: line %lld is not shown\n", file.filename().c_str(),
                  static_cast<long long>(number));
  }
  std::printf("marked lines: %d of %d\n", found, windows);
  EXPECT_GE(found * 100, windows * 90);
}

}  // namespace
}  // namespace regreen
