// What came before: whether the failure is a flake, and how often it was seen.
#include "daemon/base/text.h"
#include "daemon/policy/predicate_families.h"

namespace regreen {
namespace {

std::string Times(int n) {
  return n == 1 ? std::string("once") : Cat(n, " times");
}

class FlakyIs final : public Predicate {
 public:
  explicit FlakyIs(bool wanted) : wanted_(wanted) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const History& history = circumstances.incident.history;
    const bool holds = history.flaky() == wanted_;
    if (history.flaky()) {
      return {holds,
              Cat("the failure is flaky: of ", history.seen, history.seen == 1 ? " run" : " runs",
                  " with it before, ", history.recovered, " turned green at the same commit"),
              {}};
    }
    if (history.seen == 0) return {holds, "the failure is not known to be flaky: it is new", {}};
    return {holds,
            Cat("the failure is not known to be flaky: it was seen ", Times(history.seen),
                " before, and no later attempt was green"),
            {}};
  }

 private:
  bool wanted_;
};

class SeenAtLeast final : public Predicate {
 public:
  explicit SeenAtLeast(std::int64_t wanted) : wanted_(wanted) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const int seen = circumstances.incident.history.seen;
    if (seen >= wanted_) return {true, Cat("the failure was seen ", Times(seen), " before"), {}};
    const std::string found = seen == 0 ? "never seen" : Cat("seen ", Times(seen));
    return {false, Cat("the failure was ", found, " before, and must be at least ", wanted_), {}};
  }

 private:
  std::int64_t wanted_;
};

}  // namespace

std::shared_ptr<const Predicate> ReadFlaky(TomlTable& table, std::string_view key) {
  const auto wanted = table.Bool(key);
  return wanted ? std::make_shared<FlakyIs>(*wanted) : nullptr;
}

std::shared_ptr<const Predicate> ReadSeenAtLeast(TomlTable& table, std::string_view key) {
  const auto wanted = table.Int(key);
  if (!wanted) return nullptr;
  if (*wanted >= 1) return std::make_shared<SeenAtLeast>(*wanted);
  table.Error(key, Cat("\"", key, "\" is ", *wanted, ", and must be 1 or more"));
  return nullptr;
}

}  // namespace regreen
