// Any bytes end in an answer whose texts are valid UTF-8 and within their caps.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/triage/evidence.h"
#include "daemon/triage/report.h"
#include "daemon/triage/triage.h"

namespace {

regreen::Triage LoadTriage() {
  std::vector<regreen::RuleSource> sources;
  const std::filesystem::path folder = REGREEN_SOURCE_DIR "/policies/rules";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".toml") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    sources.push_back({entry.path().filename(), {std::istreambuf_iterator<char>(in), {}}});
  }
  regreen::Problems problems;
  auto rules = regreen::RuleSet::Load(sources, problems);
  if (!rules) std::abort();
  return regreen::Triage(std::move(rules));
}

void Demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const regreen::Triage triage = LoadTriage();
  const regreen::Evidence evidence = triage.Run({reinterpret_cast<const char*>(bytes), size});
  Demand(evidence.lines.size() <= regreen::kMaxEvidenceLines);
  Demand(evidence.failed_tests.size() <= regreen::kMaxFailedTests);
  Demand(regreen::ToValidUtf8(evidence.signature) == evidence.signature);
  for (const auto& line : evidence.lines) Demand(regreen::ToValidUtf8(line.text) == line.text);
  for (const auto& test : evidence.failed_tests) Demand(regreen::ToValidUtf8(test) == test);
  regreen::RenderEvidence(evidence, "log");
  return 0;
}
