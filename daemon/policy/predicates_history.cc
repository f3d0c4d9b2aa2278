// What came before: whether the failure is a flake, and how often and when it was seen.
#include <algorithm>

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
  std::string Spec() const override { return SpecOf(wanted_); }

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
  std::string Spec() const override { return Cat(wanted_); }

 private:
  std::int64_t wanted_;
};

class SeenWithin final : public Predicate {
 public:
  SeenWithin(std::int64_t wanted, absl::Duration window) : wanted_(wanted), window_(window) {}

  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const Incident& incident = circumstances.incident;
    const absl::Time since = incident.at - window_;
    const auto count = std::count_if(incident.history.times.begin(), incident.history.times.end(),
                                     [&](absl::Time t) { return t >= since; });
    const std::string found =
        Cat("in the ", absl::FormatDuration(window_), " before, the failure was ",
            count == 0 ? "never seen" : Cat("seen ", Times(static_cast<int>(count))));
    if (count >= wanted_) return {true, found, {}};
    return {false, Cat(found, ", and must be at least ", wanted_), {}};
  }
  std::string Spec() const override {
    return Cat("{ at_least = ", wanted_, ", within = \"", absl::FormatDuration(window_), "\" }");
  }

 private:
  std::int64_t wanted_;
  absl::Duration window_;
};

class SeenFirst final : public Predicate {
 public:
  PredicateAnswer Ask(const Circumstances& circumstances) const override {
    const int seen = circumstances.incident.history.seen;
    if (seen == 0) return {true, "the failure is new", {}};
    return {false, Cat("the failure is not new: it was seen ", Times(seen), " before"), {}};
  }
  std::string Spec() const override { return "\"first\""; }
};

std::shared_ptr<const Predicate> ReadSeenTable(TomlTable table) {
  const auto at_least = table.Int("at_least");
  const auto within = table.Duration("within");
  const bool windowed = table.Has("within");
  table.Finish();
  const std::int64_t wanted = at_least.value_or(1);
  if (!at_least && !windowed)
    table.Error("at_least", "\"seen\" needs \"at_least\", \"within\", or both");
  if (wanted < 1)
    table.Error("at_least", Cat("\"at_least\" is ", wanted, ", and must be 1 or more"));
  if (within && *within < absl::Seconds(1)) table.Error("within", "\"within\" must be 1s or more");
  if (windowed && wanted > static_cast<std::int64_t>(History::kMostTimes)) {
    table.Error("at_least", Cat("\"at_least\" is ", wanted, ", and only the last ",
                                History::kMostTimes, " times are remembered for \"within\""));
  }
  if (within) return std::make_shared<SeenWithin>(wanted, *within);
  return std::make_shared<SeenAtLeast>(wanted);
}

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

std::shared_ptr<const Predicate> ReadSeen(TomlTable& table, std::string_view key) {
  if (table.HoldsTable(key)) return ReadSeenTable(*table.Table(key));
  const auto word = table.String(key);
  if (!word) return nullptr;
  if (*word == "first") return std::make_shared<SeenFirst>();
  table.Error(key, Cat("\"", key, "\" is ", TomlQuote(*word),
                       ", and must be \"first\" or { at_least = 3, within = \"24h\" }"));
  return nullptr;
}

}  // namespace regreen
