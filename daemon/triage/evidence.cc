#include "daemon/triage/evidence.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "daemon/base/text.h"
#include "daemon/triage/failed_test.h"
#include "daemon/triage/signature.h"

namespace regreen {
namespace {

std::string Capture(const Match& match, const std::string& name) {
  const auto found = match.captures.find(name);
  return found == match.captures.end() ? std::string() : std::string(Trim(found->second));
}

int NumberOf(const std::string& text) {
  std::int64_t number = 0;
  return ParseInt64(text, &number) && number > 0 && number <= INT32_MAX ? static_cast<int>(number)
                                                                        : 0;
}

// The command that the CI echoed last above the line, as "$ make test"; "" when it echoes none.
std::string EchoedCommand(const CleanLog& log, std::uint32_t line) {
  constexpr std::uint32_t kMaxLines = 100'000;
  const std::uint32_t lowest = line > kMaxLines ? line - kMaxLines : 0;
  for (std::uint32_t i = line + 1; i > lowest; --i) {
    const std::string_view text = log.lines()[i - 1].text;
    if (text.starts_with("$ ")) return std::string(Trim(text.substr(2)));
  }
  return {};
}

class Assembler {
 public:
  Assembler(const RuleIndex& index, const CleanLog& log, const Outline& outline,
            const TriageHints& hints, std::vector<Match> matches)
      : index_(index), log_(log), outline_(outline), hints_(hints), matches_(std::move(matches)) {}

  Evidence Assemble() {
    ReadOutcome();
    NameTests();
    DropRecovered();
    CollectTests();
    if (passed_ && !failed_) return Passed();
    CollectDiagnostics();
    Match* const cause = Cause();
    if (cause == nullptr && !failed_) return {};
    if (cause != nullptr)
      NameFailure(*cause);
    else
      NameUnknown();
    NameStep(cause);
    CollectLines(cause);
    return std::move(evidence_);
  }

 private:
  // Tests can fail in a job that passes: those of a test tool itself, those that may. They are
  // named.
  Evidence Passed() {
    Evidence passed;
    passed.failed_tests = std::move(evidence_.failed_tests);
    return passed;
  }

  const Rule& RuleOf(const Match& match) const { return index_.rules[match.rule]; }

  void ReadOutcome() {
    failed_ = outline_.failed.has_value();
    for (const Match& match : matches_) {
      const Rule& rule = RuleOf(match);
      if (!rule.outcome) continue;
      (rule.failure_class == FailureClass::kNone ? passed_ : failed_) = true;
      if (const std::string code = Capture(match, "exit"); !code.empty() && !evidence_.exit_code) {
        evidence_.exit_code = NumberOf(code);
      }
    }
    std::erase_if(matches_, [&](const Match& match) {
      const bool none = RuleOf(match).failure_class == FailureClass::kNone;
      if (none && match.captures.contains("test"))
        recovered_.push_back(Truncate(Capture(match, "test"), kMaxLineBytes));
      return none;
    });
  }

  // A test that failed and passed when it was run again did not fail the job.
  void DropRecovered() {
    if (recovered_.empty()) return;
    const NamedTests recovered(recovered_);
    std::erase_if(matches_,
                  [&](const Match& match) { return recovered.Has(Capture(match, "test")); });
  }

  // The names behind matches, also those that a framework spreads over lines.
  void NameTests() {
    std::vector<Match> named;
    LookAbove above(index_, log_);
    for (Match& match : matches_) {
      const Rule& rule = RuleOf(match);
      if (rule.titles.empty()) {
        NameTest(match, above);
        continue;
      }
      for (FailedTest& test : ReadTitles(rule.titles, log_, match.line)) {
        Match& copy = named.emplace_back(match);
        copy.captures["test"] = std::move(test.name);
        copy.line = test.line;
        // The name is the failure's subject, its file no longer.
        match.captures.erase("file");
      }
    }
    std::ranges::move(named, std::back_inserter(matches_));
    std::ranges::stable_sort(matches_, {}, &Match::line);
  }

  void NameTest(Match& match, LookAbove& above) const {
    const Rule& rule = RuleOf(match);
    if (rule.test == "{test}") {
      if (const auto test = match.captures.find("test"); test != match.captures.end())
        test->second = Trim(test->second);
      return;
    }
    above.Complete(match);
    std::string name = Fill(rule.test, match.captures);
    // Of a name that is not known in full the rest stays.
    constexpr std::string_view kSeparators = " .:#›";
    if (!name.starts_with("./"))
      name.erase(0, std::min(name.find_first_not_of(kSeparators), name.size()));
    name.erase(name.find_last_not_of(kSeparators) + 1);
    match.captures["test"] = std::move(name);
  }

  void CollectTests() {
    std::vector<std::string> names;
    for (const Match& match : matches_) {
      if (RuleOf(match).failure_class != FailureClass::kTest) continue;
      if (std::string name = Capture(match, "test"); !name.empty())
        names.push_back(ToValidUtf8(Truncate(name, kMaxLineBytes)));
    }
    evidence_.failed_tests = Distinct(names);
    if (evidence_.failed_tests.size() > kMaxFailedTests)
      evidence_.failed_tests.resize(kMaxFailedTests);
  }

  void CollectDiagnostics() {
    std::set<std::tuple<std::string, int, int, std::string>> seen;
    for (const Match& match : matches_) {
      if (evidence_.diagnostics.size() >= kMaxDiagnostics) return;
      Diagnostic diagnostic;
      diagnostic.file = StableName(Capture(match, "file"));
      if (diagnostic.file.empty()) continue;
      diagnostic.line = NumberOf(Capture(match, "line"));
      diagnostic.column = NumberOf(Capture(match, "column"));
      diagnostic.message = Truncate(Capture(match, "message"), kMaxLineBytes);
      if (seen.emplace(diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.message)
              .second) {
        evidence_.diagnostics.push_back(std::move(diagnostic));
      }
    }
  }

  std::string Subject(const Match& match) const {
    if (const std::string test = Capture(match, "test"); !test.empty()) return StableName(test);
    return StableName(Capture(match, "file"));
  }

  // The match of the highest priority names the failure. Of several by its rule the one whose name
  // comes first by the alphabet does: jobs run tests and compilers in different orders.
  Match* Cause() {
    const bool decided = std::ranges::any_of(matches_, [&](const Match& match) {
      return IsOfFailedStep(match) && RuleOf(match).priority > kGenericPriority;
    });
    Match* best = nullptr;
    std::tuple<int, std::uint32_t> best_rank;
    for (Match& match : matches_) {
      if (decided && !IsOfFailedStep(match)) continue;
      const std::tuple<int, std::uint32_t> rank(-RuleOf(match).priority, match.line);
      if (best == nullptr || rank < best_rank) {
        best = &match;
        best_rank = rank;
      }
    }
    if (best == nullptr) return nullptr;
    std::string best_subject = Subject(*best);
    for (Match& match : matches_) {
      if (match.rule != best->rule || (decided && !IsOfFailedStep(match))) continue;
      std::string subject = Subject(match);
      if (subject.empty() || (!best_subject.empty() && subject >= best_subject)) continue;
      best = &match;
      best_subject = std::move(subject);
    }
    return FirstToTell(best, best_subject);
  }

  // The first step that failed decides: those behind it clean up, or fail for want of it. What ends
  // a job whatever it did is printed at any place.
  bool IsOfFailedStep(const Match& match) const {
    constexpr int kEndsAnyJob = 88;
    if (!outline_.failed || RuleOf(match).priority >= kEndsAnyJob) return true;
    const LogStep& step = outline_.steps[*outline_.failed];
    return match.line >= step.first && match.line <= step.last;
  }

  // A log names a failure in several places, and tells why in one of them only.
  Match* FirstToTell(Match* best, const std::string& subject) {
    constexpr int kMaxTries = 20;
    int tries = 0;
    for (Match& match : matches_) {
      if (match.rule != best->rule || Subject(match) != subject) continue;
      Match whole = match;
      Complete(whole, index_, log_);
      if (!Detail(whole).empty()) return &match;
      if (++tries == kMaxTries) break;
    }
    return best;
  }

  static std::string Detail(const Match& match) {
    std::string detail = Capture(match, "error");
    return detail.empty() ? Capture(match, "message") : detail;
  }

  void NameFailure(Match& cause) {
    Complete(cause, index_, log_);
    const Rule& rule = RuleOf(cause);
    evidence_.failure_class = rule.failure_class;
    evidence_.rule = rule.name;
    evidence_.tool = rule.tool;
    std::string detail = Detail(cause);
    std::string subject = Subject(cause);
    if (!rule.signature.empty()) {
      subject.clear();
      detail = Fill(rule.signature, cause.captures);
    } else if (subject.empty() && detail.empty()) {
      detail = log_.lines()[cause.line].text;
    }
    SetSignature(MakeSignature(rule.tool, subject, StableMessage(detail)));
    for (const auto& [name, value] : cause.captures) {
      evidence_.captures[name] = ToValidUtf8(Truncate(value, kMaxLineBytes));
    }
    if (const std::string code = Capture(cause, "exit"); !code.empty())
      evidence_.exit_code = NumberOf(code);
    evidence_.command = Capture(cause, "command");
  }

  void NameUnknown() {
    evidence_.failure_class = FailureClass::kUnknown;
    SetSignature("the job failed without a message that is known");
  }

  void SetSignature(std::string signature) {
    evidence_.signature = ToValidUtf8(signature);
    evidence_.fingerprint = MakeFingerprint(evidence_.failure_class, evidence_.signature);
  }

  void NameStep(const Match* cause) {
    const LogStep* step = outline_.failed ? &outline_.steps[*outline_.failed] : nullptr;
    if (step == nullptr && cause != nullptr) step = outline_.StepOf(cause->line);
    evidence_.step = hints_.step;
    if (step != nullptr) {
      if (evidence_.step.empty()) evidence_.step = step->name;
      if (evidence_.command.empty()) evidence_.command = step->command;
      if (step->exit_code) evidence_.exit_code = step->exit_code;
    }
    if (!hints_.command.empty()) evidence_.command = hints_.command;
    if (evidence_.command.empty() && cause != nullptr)
      evidence_.command = EchoedCommand(log_, cause->line);
    evidence_.command = ToValidUtf8(Truncate(evidence_.command, 4 * kMaxLineBytes));
  }

  // The best matches first, until enough; shown in the log's order, each with its context.
  void CollectLines(const Match* cause) {
    std::vector<const Match*> ranked;
    for (const Match& match : matches_) ranked.push_back(&match);
    std::ranges::stable_sort(ranked, [&](const Match* a, const Match* b) {
      return std::tuple(a != cause, -RuleOf(*a).priority, a->line) <
             std::tuple(b != cause, -RuleOf(*b).priority, b->line);
    });
    std::map<std::uint32_t, bool> shown;  // line → primary
    std::size_t primary = 0;
    for (const Match* match : ranked) {
      if (primary >= kMaxPrimaryLines || shown.size() >= kMaxEvidenceLines) break;
      const auto [at, added] = shown.emplace(match->line, true);
      if (!added && at->second) continue;
      at->second = true;
      ++primary;
      AddContext(*match, shown);
    }
    for (const auto& [line, is_primary] : shown) {
      const LogLine& source = log_.lines()[line];
      evidence_.lines.push_back({source.number, Truncate(source.text, kMaxLineBytes),
                                 is_primary ? "primary" : "context"});
    }
  }

  void AddContext(const Match& match, std::map<std::uint32_t, bool>& shown) const {
    const Rule& rule = RuleOf(match);
    const auto before = static_cast<std::uint32_t>(rule.before);
    const std::uint32_t first = match.line > before ? match.line - before : 0;
    const std::size_t last = std::min<std::size_t>(
        log_.lines().size() - 1, match.line + static_cast<std::size_t>(rule.after));
    for (std::uint32_t i = first; i <= last && shown.size() < kMaxEvidenceLines; ++i)
      shown.emplace(i, false);
  }

  const RuleIndex& index_;
  const CleanLog& log_;
  const Outline& outline_;
  const TriageHints& hints_;
  std::vector<Match> matches_;
  std::vector<std::string> recovered_;  // tests that failed first and passed then
  Evidence evidence_;
  bool failed_ = false, passed_ = false;
};

}  // namespace

Evidence MakeEvidence(const RuleIndex& index, const CleanLog& log, const Outline& outline,
                      const TriageHints& hints, std::vector<Match> matches) {
  return Assembler(index, log, outline, hints, std::move(matches)).Assemble();
}

}  // namespace regreen
