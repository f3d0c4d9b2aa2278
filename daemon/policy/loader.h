// A policy set is all templates, loaded together. Immutable, shared between threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/base/toml.h"
#include "daemon/policy/source.h"
#include "daemon/policy/template.h"
#include "daemon/policy/template_index.h"

namespace regreen {

class PolicySet {
 public:
  explicit PolicySet(std::vector<Template> templates, std::string digest);

  // In the order in which they are asked: priority, then specificity, both high to low, then name.
  const std::vector<Template>& templates() const { return templates_; }
  const Template* Find(std::string_view name) const;
  const TemplateIndex& index() const { return *index_; }  // of templates(), by place
  // Hex of SHA-256 over the names and texts of all sources; where the files lie does not count.
  const std::string& digest() const { return digest_; }
  // Whether any template has this condition, so that its fact must be asked for.
  bool AsksFor(std::string_view key) const;

 private:
  std::vector<Template> templates_;
  std::string digest_;
  std::shared_ptr<const TemplateIndex> index_;
};

// All mistakes of all files are noted in `problems`. nullptr when there was an error in these
// files.
std::shared_ptr<const PolicySet> LoadPolicies(const PolicySources& sources, Problems& problems);

}  // namespace regreen
