// The YAML of a CI definition as a tree of ours: read under caps, merged and walked without ever
// growing beyond a budget. The text is a stranger's.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/status.h"

namespace regreen {

struct CiNode;
using CiNodePtr = std::shared_ptr<const CiNode>;  // never null where a tree holds one

struct CiNode {
  enum class Kind { kNull, kScalar, kList, kMap, kReference };
  Kind kind = Kind::kNull;
  std::string text;              // kScalar, as it is written
  bool plain = false;            // kScalar: written without quotes, so that YAML gives it a type
  std::vector<CiNodePtr> items;  // kList; kReference: its path, GitLab's `!reference [a, b]`
  // kMap: in order, each key once. Of a key that is written twice the last counts, and what `<<`
  // brings counts from its place on, as GitLab's reader (Ruby's) has it.
  std::vector<std::pair<std::string, CiNodePtr>> members;

  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_null() const { return kind == Kind::kNull; }
};

// A member of a map; null when it is none, or has no such member.
CiNodePtr Member(const CiNodePtr& map, std::string_view key);
// The text of a member that is a scalar; null when there is none.
const std::string* TextMember(const CiNodePtr& map, std::string_view key);
// A scalar as a CI makes text of it: `3.10` without quotes is the number 3.1. nullopt when CIs
// differ in that, or it is not certain.
std::optional<std::string> CertainText(const CiNode& scalar);

// What merging and resolving may come to, all files of a definition together.
class CiBudget {
 public:
  // InvalidArgument when it is used up.
  Status Spend(std::size_t nodes);

 private:
  std::size_t left_ = 500'000;
};

// Maps are merged member by member, however deep; all else of `above` takes the place of what is
// `below`.
StatusOr<CiNodePtr> DeepMerge(const CiNodePtr& below, const CiNodePtr& above, CiBudget& budget);

// `what` names the text in sentences: "the workflow". The document, or the one after a header
// (`spec:`), with every alias and merge key in its place. InvalidArgument: no YAML, or beyond 256
// KiB, 50,000 values or 64 levels.
StatusOr<CiNodePtr> ReadCiYaml(std::string_view text, std::string_view what);

}  // namespace regreen
