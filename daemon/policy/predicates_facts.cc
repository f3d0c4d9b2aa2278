// Facts with few values: the class of the failure, numbers, whether it came from a fork.
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
  bool Holds(const Circumstances& circumstances) const override {
    const FailureClass found = circumstances.incident.evidence.failure_class;
    return std::find(classes_.begin(), classes_.end(), found) != classes_.end();
  }
  std::string Spec() const override { return SpecOf(names_); }

 private:
  std::vector<FailureClass> classes_;
  std::vector<std::string> names_;
};

using Numbers = std::vector<std::int64_t>;

class NumberIsOneOf final : public Predicate {
 public:
  using Read = std::optional<int> (*)(const Incident&);
  // `what`: "exit code".
  NumberIsOneOf(std::string_view what, Read read, Numbers wanted)
      : what_(what), read_(read), wanted_(std::move(wanted)) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const std::optional<int> found = read_(circumstances.incident);
    if (!found) return {false, Cat("the ", what_, " is not known"), {}};
    if (std::find(wanted_.begin(), wanted_.end(), *found) != wanted_.end()) {
      return {true, Cat(what_, " is ", *found), {}};
    }
    std::string wanted;
    for (const std::int64_t number : wanted_) Append(wanted, wanted.empty() ? "" : ", ", number);
    return {false, Cat(what_, " is ", *found, ", not ", wanted), {}};
  }
  std::string Spec() const override { return SpecOf(wanted_); }

 private:
  std::string_view what_;  // a literal
  Read read_;
  Numbers wanted_;
};

class ForkIs final : public Predicate {
 public:
  explicit ForkIs(bool wanted) : wanted_(wanted) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const bool fork = circumstances.incident.run.from_fork;
    return {fork == wanted_, fork ? "the run is from a fork" : "the run is not from a fork", {}};
  }
  std::string Spec() const override { return SpecOf(wanted_); }

 private:
  bool wanted_;
};

class PullRequestIs final : public Predicate {
 public:
  explicit PullRequestIs(bool wanted) : wanted_(wanted) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const int number = circumstances.incident.run.pull_request;
    if (number == 0) return {!wanted_, "the run is not of a pull request", {}};
    return {wanted_, Cat("the run is of pull request ", number), {}};
  }
  std::string Spec() const override { return SpecOf(wanted_); }

 private:
  bool wanted_;
};

// Any-of numbers between two bounds; `what` names one of them in a problem.
Numbers ReadNumbers(TomlTable& table, std::string_view key, std::string_view what,
                    std::int64_t least, std::int64_t most) {
  const auto numbers = table.Ints(key);
  if (!numbers) return {};
  if (numbers->empty())
    table.Error(key, Cat("\"", key, "\" is an empty list: leave it out, or name something"));
  for (const std::int64_t number : *numbers) {
    if (number < least || number > most)
      table.Error(key, Cat(what, " ", number, " is not between ", least, " and ", most));
  }
  return *numbers;
}

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
  Numbers codes = ReadNumbers(table, key, "exit code", 0, 255);
  if (codes.empty()) return nullptr;
  return std::make_shared<NumberIsOneOf>(
      "exit code", [](const Incident& i) { return i.evidence.exit_code; }, std::move(codes));
}

std::shared_ptr<const Predicate> ReadRunAttempts(TomlTable& table, std::string_view key) {
  Numbers attempts = ReadNumbers(table, key, "run attempt", 1, 1'000'000);
  if (attempts.empty()) return nullptr;
  return std::make_shared<NumberIsOneOf>(
      "run attempt", [](const Incident& i) { return std::optional(i.run.key.attempt); },
      std::move(attempts));
}

std::shared_ptr<const Predicate> ReadFork(TomlTable& table, std::string_view key) {
  const auto wanted = table.Bool(key);
  return wanted ? std::make_shared<ForkIs>(*wanted) : nullptr;
}

std::shared_ptr<const Predicate> ReadPullRequest(TomlTable& table, std::string_view key) {
  const auto wanted = table.Bool(key);
  return wanted ? std::make_shared<PullRequestIs>(*wanted) : nullptr;
}

}  // namespace regreen
