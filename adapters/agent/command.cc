#include <algorithm>
#include <optional>
#include <utility>

#include "adapters/agent/kinds.h"
#include "adapters/agent/stream.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostOutput = 1 << 20;
constexpr std::size_t kMostWords = 300;
constexpr absl::Duration kGrace = absl::Seconds(2);

class CommandAgent final : public Agent {
 public:
  explicit CommandAgent(AgentOptions options) : options_(std::move(options)) {}

  AgentLimits limits() const override { return options_.limits; }
  std::string kind() const override { return options_.kind; }
  std::string network() const override { return options_.network; }

  StatusOr<AgentReport> Repair(Workspace& workspace, const Brief& brief, const EventSink& events,
                               std::stop_token stop) override {
    AgentReport report;
    if (brief.max_usd > 0 && options_.price_usd > brief.max_usd) {
      report.words = Cat("a run of it costs $", options_.price_usd, ", and only $", brief.max_usd,
                         " may be spent");
      return report;
    }
    ExecSpec spec;
    spec.command = options_.command;
    spec.input = BriefText(brief);
    if (spec.input.size() > kMostInput) {
      report.words = Cat("its brief is longer than the ", kMostInput >> 10,
                         " KiB that a command's standard input may be");
      return report;
    }
    spec.timeout = brief.timeout;
    spec.max_output_bytes = kMostOutput;
    spec.env = brief.env;
    for (const auto& [name, value] : options_.env) spec.env.emplace_back(name, value);
    spec.silence = options_.silence;
    spec.grace = kGrace;
    spec.on_output = [&events](std::string_view piece) {
      AgentEvent event;
      event.text = piece;
      events(event);
    };
    ASSIGN_OR_RETURN(const ExecResult result, workspace.Exec(spec, std::move(stop)));
    report.usage = workspace.Usage();
    report.usd = std::max(options_.price_usd, report.usage.usd);
    ReadEnd(result, spec.timeout, report);
    return report;
  }

 private:
  void ReadEnd(const ExecResult& result, absl::Duration timeout, AgentReport& report) const {
    if (report.usage.over) {
      report.claim = AgentReport::Claim::kOverBudget;
      report.words = Cat("its calls of the model reached what they may: ", report.usage.tokens(),
                         " tokens, $", report.usage.usd);
    } else if (result.silent) {
      report.claim = AgentReport::Claim::kSilent;
      report.words =
          Cat("printed nothing for ", absl::FormatDuration(options_.silence), " and was ended");
    } else if (result.timed_out) {
      report.claim = AgentReport::Claim::kTimedOut;
      report.words = Cat("was still at work after ", absl::FormatDuration(timeout));
    } else if (!result.ended_by.empty()) {
      report.claim = AgentReport::Claim::kTimedOut;
      report.words = Cat(result.ended_by, ", and was ended");
    } else if (result.exit_code == 126 || result.exit_code == 127) {
      report.words = Cat("a program of it is not in the workspace (exit code ", result.exit_code,
                         "): ", EscapeControl(Truncate(Trim(result.output), kMostWords)));
    } else if (auto why = WhyGaveUp(result.output)) {
      report.claim = AgentReport::Claim::kGaveUp;
      report.words = *std::move(why);
    } else {
      report.claim = AgentReport::Claim::kFinished;
      report.words = Cat("ended with exit code ", result.exit_code);
    }
  }

  const AgentOptions options_;
};

}  // namespace

StatusOr<std::unique_ptr<Agent>> NewCommandAgent(const AgentOptions& options) {
  std::vector<std::string> problems = CommonMistakes(options);
  if (Trim(options.command).empty()) problems.push_back("command is needed: what to run");
  if (options.price_usd < 0) problems.push_back("price_usd must not be negative");
  if (options.limits.max_usd > 0 && options.price_usd > options.limits.max_usd)
    problems.push_back("price_usd is more than max_usd, so that it could never run");
  if (!problems.empty()) return InvalidArgument(Join(problems, "\n"));
  return std::unique_ptr<Agent>(std::make_unique<CommandAgent>(options));
}

}  // namespace regreen
