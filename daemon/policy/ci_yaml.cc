#include "daemon/policy/ci_yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>
#include <unordered_map>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostBytes = 256 << 10;
constexpr int kMostNodes = 50'000;
constexpr int kMostDepth = 64;

// Counts what the text would build before anything is built. An alias counts once here; what it
// stands for counts when the tree is copied.
class Counter final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { Count(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { Count(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    Count(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Enter(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Enter(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void Count(const YAML::Mark& mark) {
    if (++nodes_ > kMostNodes) throw YAML::ParserException(mark, "too many values");
  }
  void Enter(const YAML::Mark& mark) {
    Count(mark);
    if (++depth_ > kMostDepth) throw YAML::ParserException(mark, "nested too deeply");
  }
  int nodes_ = 0, depth_ = 0;
};

// Members by their keys while a map is made.
class MapMaker {
 public:
  explicit MapMaker(CiNode& map) : map_(map) {}
  void Set(const std::string& key, CiNodePtr value) {
    const auto [at, added] = places_.emplace(key, map_.members.size());
    if (added)
      map_.members.emplace_back(key, std::move(value));
    else
      map_.members[at->second].second = std::move(value);
  }
  CiNodePtr Find(const std::string& key) const {
    const auto at = places_.find(key);
    return at == places_.end() ? nullptr : map_.members[at->second].second;
  }

 private:
  CiNode& map_;
  std::unordered_map<std::string, std::size_t> places_;
};

class Copier {
 public:
  CiNodePtr Copy(const YAML::Node& node, int depth) {
    if (++nodes_ > kMostNodes) throw YAML::ParserException(node.Mark(), "too many values");
    if (depth > kMostDepth) throw YAML::ParserException(node.Mark(), "nested too deeply");
    auto copy = std::make_shared<CiNode>();
    if (node.IsScalar()) {
      copy->kind = CiNode::Kind::kScalar;
      copy->text = node.Scalar();
      copy->plain = node.Tag() == "?";
    } else if (node.IsSequence()) {
      copy->kind = node.Tag() == "!reference" ? CiNode::Kind::kReference : CiNode::Kind::kList;
      for (const YAML::Node& item : node) copy->items.push_back(Copy(item, depth + 1));
    } else if (node.IsMap()) {
      copy->kind = CiNode::Kind::kMap;
      CopyMembers(node, depth, *copy);
    }
    return copy;
  }

 private:
  void CopyMembers(const YAML::Node& node, int depth, CiNode& copy) {
    MapMaker maker(copy);
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) continue;
      CiNodePtr value = Copy(entry.second, depth + 1);
      if (entry.first.Scalar() != "<<") {
        maker.Set(entry.first.Scalar(), std::move(value));
        continue;
      }
      // Of several maps the first counts.
      std::vector<CiNodePtr> maps = value->is_list() ? value->items : std::vector{value};
      for (auto map = maps.rbegin(); map != maps.rend(); ++map) {
        nodes_ += static_cast<int>((*map)->members.size());
        for (const auto& [key, member] : (*map)->members) maker.Set(key, member);
      }
    }
  }
  int nodes_ = 0;
};

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

CiNodePtr Member(const CiNodePtr& map, std::string_view key) {
  if (!map || !map->is_map()) return nullptr;
  for (const auto& [name, value] : map->members) {
    if (name == key) return value;
  }
  return nullptr;
}

const std::string* TextMember(const CiNodePtr& map, std::string_view key) {
  const CiNodePtr value = Member(map, key);
  return value && value->is_scalar() ? &value->text : nullptr;
}

std::optional<std::string> CertainText(const CiNode& scalar) {
  const std::string& text = scalar.text;
  if (!scalar.plain || text == "true" || text == "false") return text;
  for (const char* word : {"yes", "no", "on", "off", "true", "false"}) {
    if (Lower(text) == word) return std::nullopt;
  }
  const bool signed_number = text.starts_with('-') || text.starts_with('+');
  std::string_view number = std::string_view(text).substr(signed_number ? 1 : 0);
  if (number.empty() || number.front() < '0' || number.front() > '9') {
    return number.starts_with('.') || signed_number ? std::nullopt : std::optional(text);
  }
  if (number.find_first_not_of("0123456789._:xoXOeE+-abcdefABCDEF") != std::string_view::npos)
    return text;
  const std::size_t dot = number.find('.');
  const std::string_view whole = number.substr(0, dot);
  const bool canonical = IsDigits(whole) && (whole.size() == 1 || whole.front() != '0');
  if (dot == std::string_view::npos) {
    if (IsDigits(number))
      return canonical && !text.starts_with('+') ? std::optional(text) : std::nullopt;
    // Hexadecimal, with underscores, a power, a date, a time of day: or a commit, or a version.
    const bool odd = number.find_first_of("_:xXoO") != std::string_view::npos ||
                     number.find_first_not_of("0123456789eE+-") == std::string_view::npos;
    return odd ? std::nullopt : std::optional(text);
  }
  std::string fraction(number.substr(dot + 1));
  if (!IsDigits(fraction)) {
    const bool version = fraction.find_first_of("_eE:") == std::string::npos;
    return version ? std::optional(text) : std::nullopt;
  }
  if (!canonical || text.starts_with('+') || text.size() > 15) return std::nullopt;
  while (fraction.size() > 1 && fraction.ends_with('0')) fraction.pop_back();
  return Cat(signed_number ? "-" : "", whole, ".", fraction);
}

Status CiBudget::Spend(std::size_t nodes) {
  if (nodes > left_)
    return InvalidArgument("the CI definition grows beyond what is read when it is put together");
  left_ -= nodes;
  return OkStatus();
}

StatusOr<CiNodePtr> DeepMerge(const CiNodePtr& below, const CiNodePtr& above, CiBudget& budget) {
  if (!below || !above->is_map() || !below->is_map()) return above;
  RETURN_IF_ERROR(budget.Spend(1 + below->members.size() + above->members.size()));
  auto merged = std::make_shared<CiNode>();
  merged->kind = CiNode::Kind::kMap;
  MapMaker maker(*merged);
  for (const auto& [key, value] : below->members) maker.Set(key, value);
  for (const auto& [key, value] : above->members) {
    const CiNodePtr old = maker.Find(key);
    ASSIGN_OR_RETURN(CiNodePtr both, DeepMerge(old, value, budget));
    maker.Set(key, std::move(both));
  }
  return CiNodePtr(merged);
}

StatusOr<CiNodePtr> ReadCiYaml(std::string_view text, std::string_view what) {
  if (text.size() > kMostBytes)
    return InvalidArgument(Cat(what, " is larger than ", kMostBytes, " bytes"));
  try {
    std::istringstream stream{std::string(text)};
    Counter counter;
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(counter)) {
    }
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.empty()) return std::make_shared<const CiNode>();
    const CiNodePtr first = Copier().Copy(documents[0], 0);
    if (documents.size() < 2 || !Member(first, "spec")) return first;
    return Copier().Copy(documents[1], 0);
  } catch (const YAML::Exception& error) {
    return InvalidArgument(
        Cat(what, " is no YAML that can be read: ", EscapeControl(Truncate(error.what(), 200))));
  }
}

}  // namespace regreen
