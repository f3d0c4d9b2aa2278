#include "daemon/policy/input_sources.h"

#include <algorithm>
#include <array>

#include "daemon/base/text.h"

namespace regreen {
namespace {

struct Fact {
  std::string_view name;
  bool trusted, list;
};

// Trusted is what the forge itself or regreen makes, in a form that nobody else chooses.
constexpr std::array<Fact, 21> kFacts = {{{"incident.class", true, false},
                                          {"incident.signature", false, false},
                                          {"incident.fingerprint", true, false},
                                          {"incident.rule", false, false},
                                          {"incident.tool", false, false},
                                          {"incident.step", false, false},
                                          {"incident.command", false, false},
                                          {"incident.directory", false, false},
                                          {"incident.exit_code", true, false},
                                          {"incident.failed_tests", false, true},
                                          {"incident.files", false, true},
                                          {"run.repo", true, false},
                                          {"run.branch", false, false},
                                          {"run.base_branch", false, false},
                                          {"run.commit", true, false},
                                          {"run.workflow", false, false},
                                          {"run.job", false, false},
                                          {"run.event", true, false},
                                          {"run.author", false, false},
                                          {"run.link", false, false},
                                          {"run.pull_request", true, false}}};

constexpr std::size_t kLongestValueName = 40;

bool IsCaptureName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestValueName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

}  // namespace

bool IsValueName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestValueName && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

StatusOr<InputSource> ParseInputSource(std::string_view from) {
  if (from.starts_with("log.") && IsCaptureName(from.substr(4)))
    return InputSource{InputSource::Kind::kLog, std::string(from.substr(4)), false, false};
  if (from.starts_with("outputs.") && IsValueName(from.substr(8)))
    return InputSource{InputSource::Kind::kOutputs, std::string(from.substr(8)), false, false};
  std::vector<std::string> names;
  for (const Fact& fact : kFacts) {
    if (fact.name == from)
      return InputSource{InputSource::Kind::kFact, std::string(from), fact.trusted, fact.list};
    names.emplace_back(fact.name);
  }
  const std::string nearest = DidYouMean(from, names);
  return InvalidArgument(Cat("there is no source ", Truncate(EscapeControl(from), 60), nearest,
                             nearest.empty() ? ": write log.<named group>, outputs.<name>, "
                                               "incident.<fact> or run.<fact>"
                                             : ""));
}

}  // namespace regreen
