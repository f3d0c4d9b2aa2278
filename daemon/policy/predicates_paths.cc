// Paths that the commit changed, by glob.
#include "daemon/base/text.h"
#include "daemon/policy/glob.h"
#include "daemon/policy/predicate_families.h"

namespace regreen {
namespace {

class PathGlobs final : public Predicate {
 public:
  explicit PathGlobs(std::vector<std::string> globs) : globs_(std::move(globs)) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const std::vector<std::string>& paths = circumstances.incident.changed_paths;
    for (const std::string& path : paths) {
      for (const std::string& glob : globs_) {
        if (GlobMatch(glob, path))
          return {true, Cat("the changed path ", Quoted(path), " fits ", Quoted(glob)), {}};
      }
    }
    if (paths.empty())
      return {false, Cat("the changed paths are not known, and one must fit ", OneOf(globs_)), {}};
    if (paths.size() == 1) {
      return {false,
              Cat("the changed path ", Quoted(paths.front()), " does not fit ", OneOf(globs_)),
              {}};
    }
    return {false, Cat("none of the ", paths.size(), " changed paths fits ", OneOf(globs_)), {}};
  }
  std::string Spec() const override { return SpecOf(globs_); }

 private:
  std::vector<std::string> globs_;
};

}  // namespace

std::shared_ptr<const Predicate> ReadPaths(TomlTable& table, std::string_view key) {
  auto globs = ReadGlobs(table, key, true);
  return globs.empty() ? nullptr : std::make_shared<PathGlobs>(std::move(globs));
}

}  // namespace regreen
