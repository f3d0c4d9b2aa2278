// Incidents and templates for the tests of the policy floor.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/domain/incident.h"
#include "daemon/policy/loader.h"

namespace regreen {

inline Incident SampleIncident() {
  Incident incident;
  incident.run.key = {"github", "acme/widget", "42", 1};
  incident.run.ci = "github";
  incident.run.workflow = "CI";
  incident.run.event = "push";
  incident.run.branch = incident.run.base_branch = "main";
  incident.run.author = "dev";
  incident.job = {"7", "test (3.11)", "failure", true, "Run make check", 3, ""};
  incident.jobs = {"test (3.11)", "test (3.12)"};
  incident.evidence.failure_class = FailureClass::kFormat;
  incident.evidence.rule = "clang-format";
  incident.evidence.tool = "clang-format";
  incident.evidence.signature = "clang-format: src/a.cc";
  incident.evidence.exit_code = 2;
  incident.evidence.failed_tests = {"tests/test_a.py::test_x"};
  incident.evidence.lines = {{10, "make: entering", "context"},
                             {11, "error: the table is stale", "primary"}};
  return incident;
}

// A template with this [match] and, before it, these keys of its head.
inline std::string TemplateText(const std::string& name, const std::string& match = {},
                                const std::string& head = {}) {
  return Cat("name = \"", name, "\"\n", head, "\n[match]\n", match,
             "\n[[step]]\nrun = \"true\"\n[verify]\ncommand = \"make check\"\n");
}

inline std::shared_ptr<const PolicySet> Load(const std::vector<std::string>& texts,
                                             Problems& problems) {
  PolicySources sources;
  for (std::size_t i = 0; i < texts.size(); ++i)
    sources.templates.push_back({Cat(i, ".toml"), texts[i]});
  return LoadPolicies(sources, problems);
}

// Bases and prompts by their names below the policy folder; templates as above.
struct SampleFolder {
  std::vector<std::string> templates;
  std::vector<std::pair<std::string, std::string>> bases, prompts;
};
inline std::shared_ptr<const PolicySet> LoadFolder(const SampleFolder& folder, Problems& problems) {
  PolicySources sources;
  for (std::size_t i = 0; i < folder.templates.size(); ++i)
    sources.templates.push_back({Cat(i, ".toml"), folder.templates[i]});
  for (const auto& [name, text] : folder.bases) sources.bases.push_back({name, text, name});
  for (const auto& [name, text] : folder.prompts) sources.prompts.push_back({name, text, name});
  return LoadPolicies(sources, problems);
}

}  // namespace regreen
