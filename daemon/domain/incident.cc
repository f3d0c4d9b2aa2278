#include "daemon/domain/incident.h"

#include <utility>

#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::pair<FailureClass, std::string_view> kClasses[] = {
    {FailureClass::kUnknown, "unknown"},     {FailureClass::kNone, "none"},
    {FailureClass::kCompile, "compile"},     {FailureClass::kTest, "test"},
    {FailureClass::kLint, "lint"},           {FailureClass::kFormat, "format"},
    {FailureClass::kTypes, "types"},         {FailureClass::kDependency, "dependency"},
    {FailureClass::kDocs, "docs"},           {FailureClass::kLicence, "licence"},
    {FailureClass::kCiConfig, "ci-config"},  {FailureClass::kInfra, "infra"},
    {FailureClass::kNetwork, "network"},     {FailureClass::kTimeout, "timeout"},
    {FailureClass::kResources, "resources"}, {FailureClass::kAuth, "auth"},
};

}  // namespace

std::string_view ToString(FailureClass c) {
  return kClasses[static_cast<std::size_t>(c)].second;
}

std::optional<FailureClass> ParseFailureClass(std::string_view name) {
  for (const auto& [value, text] : kClasses) {
    if (text == name) return value;
  }
  return std::nullopt;
}

const std::vector<std::string>& FailureClassNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [value, text] : kClasses) all.emplace_back(text);
    return all;
  }();
  return names;
}

std::string IncidentKey(const RunFacts& run, const Evidence& evidence) {
  const std::string fork = run.from_fork ? Cat("\nfork ", run.pull_request) : "";
  return Sha256Hex(Cat(run.key.forge, "\n", run.key.repo, "\n", run.base_branch, "\n",
                       evidence.fingerprint, fork));
}

}  // namespace regreen
