// Bases: parts of templates that several have in common. What extends one is combined with it as a
// document, so that every value keeps the place where it was written.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/toml.h"
#include "daemon/policy/source.h"

namespace regreen {

class Bases {
 public:
  // Reads and checks them all; `sources` must outlive this.
  Bases(std::span<const PolicySource> sources, Problems& problems);

  // Combines a template with what it extends: lists are joined, the base's first; what the template
  // sets itself stays, and what a base sets goes before what that base's own bases set. Two bases
  // of which neither extends the other must not set one value differently. False when there is a
  // mistake, here or in a base; the mistakes of bases are noted already.
  bool Extend(TomlTable& root, const std::string& file, Problems& problems) const;

 private:
  struct Base {
    const PolicySource* source = nullptr;
    Position where;                    // of its `extends`
    std::vector<std::string> extends;  // names of bases
    std::set<std::string> beneath;     // all that it extends, by way of others too
    bool good = true;
  };

  void Read(const PolicySource& source, Problems& problems);
  // Follows `extends` of one base to the end; `path` holds those on the way.
  void Follow(const std::string& name, std::vector<std::string>& path,
              std::set<std::string>& followed, Problems& problems);
  bool Known(const std::string& name, const Position& where, Problems& problems) const;
  // Those named and what they extend, each once, a base after its own bases.
  void InOrder(const std::vector<std::string>& names, std::vector<std::string>& out) const;

  std::map<std::string, Base> bases_;         // by name: "base/node"
  std::map<std::string, std::string> named_;  // file → name
};

}  // namespace regreen
