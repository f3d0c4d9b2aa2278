// Output of tools that the rules' own examples were not made from, with what a good engineer would
// point at. Each is read bare and as every CI wraps it: the failure must have one name everywhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/base/toml.h"
#include "daemon/triage/report.h"
#include "tests/unit/triage/shipped_rules.h"

namespace regreen {
namespace {

struct Case {
  std::string name, log, wanted_class, line, signature, step;
  std::vector<std::string> tests, not_tests;  // names, or parts of them
  std::int64_t exit = 1;
  bool whole = false;  // the log is as its CI wrote it
};

std::vector<Case> ReadCases(const std::filesystem::path& file) {
  Problems problems;
  TomlTable document = TomlTable::ParseFile(file, problems);
  std::vector<Case> cases;
  for (TomlTable& table : document.Tables("case")) {
    Case c;
    c.name = Cat(file.filename().string(), ": ", table.String("name").value_or(""));
    c.log = table.String("log").value_or("");
    c.wanted_class = table.String("class").value_or("");
    c.line = table.String("line").value_or("");
    c.signature = table.String("signature").value_or("");
    c.step = table.String("step").value_or("");
    c.tests = table.Strings("tests").value_or(c.tests);
    c.not_tests = table.Strings("not_tests").value_or(c.not_tests);
    c.exit = table.Int("exit").value_or(1);
    c.whole = table.Bool("whole").value_or(false);
    table.Finish();
    cases.push_back(std::move(c));
  }
  document.Finish();
  EXPECT_EQ(problems.Render(), "");
  return cases;
}

std::string Stamped(std::string_view text, std::string_view stamp, std::string_view end) {
  std::string out;
  for (const std::string_view line : SplitLines(text)) Append(out, stamp, line, end);
  return out;
}

std::string OnGitHub(const Case& c) {
  std::string text =
      "##[group]Run actions/checkout@v4\nwith:\n  repository: acme/shop\n##[endgroup]\n"
      "##[group]Run make check\n\x1b[36;1mmake check\x1b[0m\nshell: /usr/bin/bash -e {0}\n"
      "##[endgroup]\n";
  text += c.log;
  if (c.exit != 0) Append(text, "##[error]Process completed with exit code ", c.exit, ".\n");
  text += "Post job cleanup.\n[command]/usr/bin/git version\nCleaning up orphan processes\n";
  return Stamped(text, "2024-05-06T10:11:12.1234567Z ", "\r\n");
}

std::string OnGitLab(const Case& c) {
  std::string text =
      "section_start:1700000010:step_script\r\x1b[0K\x1b[0K\x1b[36;1mExecuting \"step_script\" "
      "stage of the job script\x1b[0;m\n\x1b[32;1m$ make check\x1b[0;m\n";
  Append(text, c.log, "\nsection_end:1700000090:step_script\r\x1b[0K");
  if (c.exit == 0) return text += "\x1b[32;1mJob succeeded\x1b[0;m\n";
  return Cat(text, "\x1b[31;1mERROR: Job failed: exit code ", c.exit, "\n\x1b[0;m");
}

std::string OnJenkins(const Case& c) {
  std::string text = Cat("[Pipeline] { (Test)\n[Pipeline] sh\n+ make check\n", c.log,
                         "[Pipeline] }\n[Pipeline] // stage\n[Pipeline] End of Pipeline\n");
  if (c.exit == 0)
    text += "Finished: SUCCESS\n";
  else
    Append(text, "ERROR: script returned exit code ", c.exit, "\nFinished: FAILURE\n");
  return Stamped(text, "[2024-05-06T10:11:12.345Z] ", "\n");
}

std::string OnAzure(const Case& c) {
  const std::string text =
      Cat("##[section]Starting: Test\nGenerating script.\n", c.log,
          "##[error]Bash exited with code '", c.exit, "'.\n##[section]Finishing: Test\n");
  return Stamped(text, "2024-05-06T10:11:12.1234567Z ", "\n");
}

std::string OnBuildkite(const Case& c) {
  const std::string text =
      Cat("~~~ Running script\n$ make check\n", c.log,
          "\x1b[31m🚨 Error: The command exited with status ", c.exit, "\x1b[0m\n^^^ +++\n");
  return Stamped(text, "\x1b_bk;t=1700000000123\x07", "\n");
}

std::vector<std::pair<const char*, std::string>> AsEachCiWritesIt(const Case& c) {
  if (c.whole) return {{"as it is", c.log}};
  std::vector<std::pair<const char*, std::string>> logs = {
      {"github", OnGitHub(c)}, {"gitlab", OnGitLab(c)}, {"jenkins", OnJenkins(c)}};
  // These two do not say that a job passed.
  if (c.exit != 0) logs.insert(logs.end(), {{"azure", OnAzure(c)}, {"buildkite", OnBuildkite(c)}});
  return logs;
}

bool Holds(const std::vector<std::string>& texts, std::string_view part) {
  return std::ranges::any_of(
      texts, [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

void Check(const Case& c, const Evidence& evidence) {
  EXPECT_EQ(ToString(evidence.failure_class), c.wanted_class) << RenderEvidence(evidence, "log");
  for (const std::string& test : c.tests)
    EXPECT_TRUE(Holds(evidence.failed_tests, test)) << test << "\n" << RenderEvidence(evidence, "");
  for (const std::string& test : c.not_tests)
    EXPECT_FALSE(Holds(evidence.failed_tests, test)) << test;
  std::vector<std::string> lines;
  for (const EvidenceLine& line : evidence.lines) lines.push_back(line.text);
  EXPECT_TRUE(c.line.empty() || Holds(lines, c.line)) << c.line;
  EXPECT_EQ(c.signature.empty() ? "" : evidence.signature, c.signature);
  EXPECT_EQ(c.step.empty() ? "" : evidence.step, c.step);
}

TEST(Cases, ReadAsAGoodEngineerWouldAtEveryCi) {
  std::size_t read = 0;
  for (const auto& file : FilesIn(SourceFolder() + "/tests/fixtures/triage/cases")) {
    for (const Case& c : ReadCases(file)) {
      ++read;
      std::string fingerprint;
      for (const auto& [ci, log] : AsEachCiWritesIt(c)) {
        SCOPED_TRACE(Cat(c.name, " (", ci, ")"));
        const Evidence evidence = TriageOf(log);
        Check(c, evidence);
        if (fingerprint.empty()) fingerprint = evidence.fingerprint;
        EXPECT_EQ(evidence.fingerprint, fingerprint) << evidence.signature;
      }
    }
  }
  EXPECT_GE(read, 40U);
}

}  // namespace
}  // namespace regreen
