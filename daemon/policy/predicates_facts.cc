// Facts with few values: the class of the failure, the exit code, whether it came from a fork.
#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/predicate_families.h"

namespace regreen {
namespace {

class ClassIsOneOf final : public Predicate {
 public:
  explicit ClassIsOneOf(std::vector<FailureClass> classes) : classes_(std::move(classes)) {
    for (const FailureClass c : classes_) names_.emplace_back(ToString(c));
  }

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const FailureClass found = circumstances.incident.evidence.failure_class;
    if (std::find(classes_.begin(), classes_.end(), found) != classes_.end()) {
      return {true, Cat("class is ", ToString(found)), {}};
    }
    return {false, Cat("class is ", ToString(found), ", not ", OneOf(names_)), {}};
  }

 private:
  std::vector<FailureClass> classes_;
  std::vector<std::string> names_;
};

class ExitCodeIsOneOf final : public Predicate {
 public:
  explicit ExitCodeIsOneOf(std::vector<std::int64_t> codes) : codes_(std::move(codes)) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const std::optional<int>& code = circumstances.incident.evidence.exit_code;
    if (!code) return {false, "the exit code is not known", {}};
    if (std::find(codes_.begin(), codes_.end(), *code) != codes_.end()) {
      return {true, Cat("exit code is ", *code), {}};
    }
    std::string wanted;
    for (const std::int64_t c : codes_) Append(wanted, wanted.empty() ? "" : ", ", c);
    return {false, Cat("exit code is ", *code, ", not ", wanted), {}};
  }

 private:
  std::vector<std::int64_t> codes_;
};

class ForkIs final : public Predicate {
 public:
  explicit ForkIs(bool wanted) : wanted_(wanted) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const bool fork = circumstances.incident.run.from_fork;
    return {fork == wanted_, fork ? "the run is from a fork" : "the run is not from a fork", {}};
  }

 private:
  bool wanted_;
};

}  // namespace

std::shared_ptr<const Predicate> ReadClasses(TomlTable& table, std::string_view key) {
  const auto names = table.Strings(key);
  if (!names) return nullptr;
  if (names->empty())
    table.Error(key, Cat("\"", key, "\" is an empty list: leave it out, or name something"));
  std::vector<FailureClass> classes;
  for (const std::string& name : *names) {
    if (const auto found = ParseFailureClass(name)) {
      classes.push_back(*found);
    } else {
      table.Error(key,
                  Cat("unknown class ", TomlQuote(name), DidYouMean(name, FailureClassNames())));
    }
  }
  return classes.empty() ? nullptr : std::make_shared<ClassIsOneOf>(std::move(classes));
}

std::shared_ptr<const Predicate> ReadExitCodes(TomlTable& table, std::string_view key) {
  const auto codes = table.Ints(key);
  if (!codes) return nullptr;
  if (codes->empty())
    table.Error(key, Cat("\"", key, "\" is an empty list: leave it out, or name something"));
  for (const std::int64_t code : *codes) {
    if (code < 0 || code > 255)
      table.Error(key, Cat("exit code ", code, " is not between 0 and 255"));
  }
  return codes->empty() ? nullptr : std::make_shared<ExitCodeIsOneOf>(*codes);
}

std::shared_ptr<const Predicate> ReadFork(TomlTable& table, std::string_view key) {
  const auto wanted = table.Bool(key);
  return wanted ? std::make_shared<ForkIs>(*wanted) : nullptr;
}

}  // namespace regreen
