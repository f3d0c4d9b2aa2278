#include "daemon/policy/bases.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/template.h"

namespace regreen {
namespace {

constexpr std::size_t kMostBases = 20;

std::string At(const Position& where) {
  return Cat(where.file, ":", where.line, ":", where.column);
}

}  // namespace

Bases::Bases(std::span<const PolicySource> sources, Problems& problems) {
  for (const PolicySource& source : sources) Read(source, problems);
  std::set<std::string> followed;
  for (const auto& [name, base] : bases_) {
    std::vector<std::string> path;
    Follow(name, path, followed, problems);
  }
}

void Bases::Read(const PolicySource& source, Problems& problems) {
  std::string name = source.name;
  if (name.ends_with(".toml")) name.resize(name.size() - 5);
  named_[source.file] = name;
  Problems own;
  TomlTable root = TomlTable::Parse(source.text, source.file, own);
  Base& base = bases_[name];
  base.source = &source;
  if (!own.has_errors()) {
    base.where = root.where("extends");
    base.extends = root.Strings("extends").value_or(std::vector<std::string>());
    CheckBase(root);
  }
  base.good = !own.has_errors();
  for (const Problem& problem : own.all()) problems.Error(problem.where, problem.message);
}

bool Bases::Known(const std::string& name, const Position& where, Problems& problems) const {
  if (bases_.contains(name)) return true;
  std::vector<std::string> names;
  for (const auto& [other, base] : bases_) names.push_back(other);
  const std::string file = Cat(name.starts_with("base/") ? "" : "base/", name, ".toml");
  const std::string nearest = DidYouMean(name, names);
  problems.Error(where, Cat("there is no base ", TomlQuote(name), nearest,
                            nearest.empty() ? Cat(": it would be the file ", file) : ""));
  return false;
}

void Bases::Follow(const std::string& name, std::vector<std::string>& path,
                   std::set<std::string>& followed, Problems& problems) {
  if (followed.contains(name)) return;
  Base& base = bases_[name];
  const auto again = std::find(path.begin(), path.end(), name);
  if (again != path.end()) {
    std::vector<std::string> cycle(again, path.end());
    cycle.push_back(name);
    problems.Error(base.where, Cat("\"", name, "\" extends itself: ", Join(cycle, " → ")));
    for (const std::string& member : cycle) bases_[member].good = false;
    return;
  }
  path.push_back(name);
  for (const std::string& next : base.extends) {
    if (!Known(next, base.where, problems)) {
      base.good = false;
      continue;
    }
    Follow(next, path, followed, problems);
    const Base& under = bases_[next];
    base.good &= under.good;
    base.beneath.insert(next);
    base.beneath.insert(under.beneath.begin(), under.beneath.end());
  }
  path.pop_back();
  followed.insert(name);
}

void Bases::InOrder(const std::vector<std::string>& names, std::vector<std::string>& out) const {
  for (const std::string& name : names) {
    if (std::find(out.begin(), out.end(), name) != out.end()) continue;
    InOrder(bases_.at(name).extends, out);
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
}

bool Bases::Extend(TomlTable& root, const std::string& file, Problems& problems) const {
  const auto names = root.Strings("extends");
  if (!names) return !root.Has("extends");
  const Position where = root.where("extends");
  bool good = true;
  for (const std::string& name : *names) {
    const bool known = Known(name, where, problems);
    good &= known && bases_.at(name).good;
  }
  if (!good) return false;
  std::vector<std::string> order;
  InOrder(*names, order);
  if (order.size() > kMostBases) {
    problems.Error(where, Cat("more than ", kMostBases, " bases"));
    return false;
  }
  // From the last to the first, so that lists of the first come first and the nearer value stays.
  for (auto name = order.rbegin(); name != order.rend(); ++name) {
    const PolicySource& source = *bases_.at(*name).source;
    Problems none;  // it was read before
    root.Inherit(TomlTable::Parse(source.text, source.file, none),
                 [&](const std::string& path, const Position& here, const Position& base) {
                   const auto other = named_.find(here.file);
                   if (here.file == file || other == named_.end()) return;
                   if (path == "extends" || bases_.at(other->second).beneath.contains(*name))
                     return;
                   problems.Error(
                       where, Cat("\"", path, "\" has one value at ", At(base), " and another at ",
                                  At(here), ": set it here, or in one of the two only"));
                   good = false;
                 });
  }
  return good;
}

}  // namespace regreen
