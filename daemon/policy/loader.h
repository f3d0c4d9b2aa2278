// A policy set is all templates, loaded together. Immutable, shared between threads.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/toml.h"
#include "daemon/policy/template.h"

namespace regreen {

struct PolicySource {
  std::string file;  // for messages
  std::string text;
};

class PolicySet {
 public:
  explicit PolicySet(std::vector<Template> templates, std::string digest);

  // In the order in which they are asked: priority, then specificity, both high to low, then name.
  const std::vector<Template>& templates() const { return templates_; }
  const Template* Find(std::string_view name) const;
  // Whether a condition of any template, match or unless, has this key.
  bool AsksFor(std::string_view key) const;
  // Hex of SHA-256 over every template's name and text; where the files lie does not count.
  const std::string& digest() const { return digest_; }

 private:
  std::vector<Template> templates_;
  std::string digest_;
};

// All mistakes of all files are noted in `problems`. nullptr when there was an error in these
// files.
std::shared_ptr<const PolicySet> LoadPolicies(std::span<const PolicySource> sources,
                                              Problems& problems);

}  // namespace regreen
