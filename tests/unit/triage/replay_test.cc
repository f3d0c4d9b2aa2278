// A short run of what the fuzz target demands, over the corpus and mutations of it.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/triage/evidence.h"
#include "daemon/triage/report.h"
#include "tests/unit/triage/shipped_rules.h"

namespace regreen {
namespace {

void Demand(const std::string& bytes) {
  const Evidence evidence = TriageOf(bytes);
  ASSERT_LE(evidence.lines.size(), kMaxEvidenceLines);
  ASSERT_LE(evidence.failed_tests.size(), kMaxFailedTests);
  ASSERT_EQ(ToValidUtf8(evidence.signature), evidence.signature);
  for (const EvidenceLine& line : evidence.lines) ASSERT_EQ(ToValidUtf8(line.text), line.text);
  for (const std::string& test : evidence.failed_tests) ASSERT_EQ(ToValidUtf8(test), test);
  ASSERT_FALSE(RenderEvidence(evidence, "log").empty());
}

std::string Mutated(const std::string& from, const std::string& other, std::mt19937& random) {
  std::string bytes = from;
  const auto at = [&](std::size_t size) { return size == 0 ? 0 : random() % size; };
  for (int i = 0; i < 8 && !bytes.empty(); ++i) {
    switch (random() % 5) {
      case 0:
        bytes[at(bytes.size())] = static_cast<char>(random());
        break;
      case 1:
        bytes.erase(at(bytes.size()), at(64));
        break;
      case 2:
        bytes.insert(at(bytes.size()), other.substr(at(other.size()), at(128)));
        break;
      case 3:
        bytes.insert(at(bytes.size()), at(40), "\n\r\x1b\0[##("[at(8)]);
        break;
      default:
        bytes.resize(at(bytes.size()));
        break;
    }
  }
  return bytes;
}

TEST(Replay, AnyBytesEndInAnAnswer) {
  std::vector<std::string> corpus;
  for (const auto& file : FilesIn(SourceFolder() + "/tests/fixtures/triage/corpus"))
    corpus.push_back(ReadBytes(file));
  ASSERT_FALSE(corpus.empty());
  std::mt19937 random(7);
  for (const std::string& bytes : corpus) {
    Demand(bytes);
    for (int i = 0; i < 40; ++i) {
      ASSERT_NO_FATAL_FAILURE(Demand(Mutated(bytes, corpus[random() % corpus.size()], random)));
    }
  }
}

TEST(Replay, LongLinesAndManyLinesEnd) {
  Demand(std::string(1 << 20, '('));
  Demand("FAILED " + std::string(1 << 20, ':'));
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "error: error: Error: FAILED ERROR 1) \n";
  Demand(many);
  std::string escapes;
  for (int i = 0; i < 100'000; ++i) escapes += "\x1b]";
  Demand(escapes);
}

}  // namespace
}  // namespace regreen
