#include "adapters/agent/command.h"

#include <optional>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostOutput = 1 << 20;
constexpr std::size_t kMostWords = 300;
constexpr std::string_view kGaveUp = "regreen: gave up:";

// Its reason when the last line says that it gave up.
std::optional<std::string> WhyGaveUp(std::string_view output) {
  const std::vector<std::string_view> lines = SplitLines(Trim(output));
  if (lines.empty()) return std::nullopt;
  const std::string_view last = Trim(lines.back());
  if (!last.starts_with(kGaveUp)) return std::nullopt;
  return EscapeControl(Truncate(Trim(last.substr(kGaveUp.size())), kMostWords));
}

class CommandAgent final : public Agent {
 public:
  explicit CommandAgent(AgentOptions options) : options_(std::move(options)) {}

  AgentLimits limits() const override { return options_.limits; }

  StatusOr<AgentReport> Repair(Workspace& workspace, const Brief& brief, const Printed& printed,
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
    ASSIGN_OR_RETURN(const ExecResult result, workspace.Exec(spec, std::move(stop)));
    printed(result.output);
    report.usd = options_.price_usd;
    ReadEnd(result, spec.timeout, report);
    return report;
  }

 private:
  static void ReadEnd(const ExecResult& result, absl::Duration timeout, AgentReport& report) {
    if (result.timed_out) {
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
  std::vector<std::string> problems;
  if (Trim(options.command).empty()) problems.push_back("command is needed: what to run");
  if (options.price_usd < 0) problems.push_back("price_usd must not be negative");
  if (options.limits.max_usd < 0) problems.push_back("max_usd must not be negative");
  if (options.limits.timeout <= absl::ZeroDuration())
    problems.push_back("timeout must be longer than nothing");
  if (options.limits.max_usd > 0 && options.price_usd > options.limits.max_usd)
    problems.push_back("price_usd is more than max_usd, so that it could never run");
  for (const auto& [name, value] : options.env) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos ||
        value.find('\0') != std::string::npos)
      problems.push_back(Cat("env: no environment can hold ", EscapeControl(name)));
  }
  if (!problems.empty()) return InvalidArgument(Join(problems, "\n"));
  return std::unique_ptr<Agent>(std::make_unique<CommandAgent>(options));
}

}  // namespace regreen
