#include "adapters/agent/program.h"

#include <algorithm>
#include <optional>

#include "daemon/base/capped_text.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostOutput = 1 << 20, kMostTail = 16 << 10, kMostWords = 300;
constexpr absl::Duration kGrace = absl::Seconds(2);
constexpr int kNoModelExit = 119;  // of our own first lines
constexpr std::string_view kUrl = "{url}";

// What a program said last that is none of its events: what it complains of.
std::string LastWords(std::string_view output) {
  const std::vector<std::string_view> lines = SplitLines(output);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    const std::string_view text = Trim(*line);
    if (!text.empty() && text.front() != '{') return EscapeControl(Truncate(text, kMostWords));
  }
  return "";
}

class Round {
 public:
  Round(const AgentOptions& options, const AgentProgram& program, Workspace& workspace,
        const Brief& brief, const Agent::EventSink& events)
      : options_(options),
        program_(program),
        workspace_(workspace),
        brief_(brief),
        events_(events),
        stream_(program.Stream(BriefText(brief))) {}

  StatusOr<AgentReport> Run(const std::stop_token& stop) {
    const std::stop_callback chain(stop, [this] { ours_.request_stop(); });
    auto result = workspace_.Exec(Spec(), ours_.get_token());
    struct Deaf final : ExecInput {
      void Write(std::string_view) override {}
      void Close() override {}
    } deaf;
    stream_->Finish(deaf);
    Tell();
    if (stop.stop_requested()) return Cancelled("stopped while an agent was at work");
    const bool ended_here = ours_.stop_requested();
    if (!result.ok() && !(ended_here && result.status().code() == StatusCode::kCancelled))
      return std::move(result).status();
    AgentReport report;
    report.usage = Used();
    report.usd = report.usage.usd;
    Judge(result.ok() ? &*result : nullptr, report);
    if (!stream_->end()) {
      AgentEvent event;
      event.kind = AgentEvent::Kind::kEnd;
      event.claim = report.claim;
      event.text = report.words;
      events_(event);
    }
    return report;
  }

 private:
  ExecSpec Spec() {
    ExecSpec spec;
    if (!options_.network.empty()) {
      Append(spec.command, "[ -n \"${", ModelUrlVariable(options_.network), "-}\" ] || exit ",
             kNoModelExit, "\n");
    }
    const auto set = [&](const std::string& name, const std::string& value) {
      Append(spec.command, "export ", name, "=", ShellTextWithUrl(value, options_.network), "\n");
    };
    for (const auto& [name, value] : program_.Environment()) set(name, value);
    for (const auto& [name, value] : options_.env) set(name, value);
    spec.command += program_.Command(brief_);
    spec.env = brief_.env;
    spec.timeout = brief_.timeout;
    spec.silence = options_.silence;
    spec.grace = kGrace;
    spec.max_output_bytes = kMostOutput;
    spec.on_output = [this](std::string_view piece) { tail_.Add(piece); };
    spec.converse = [this](std::string_view piece, ExecInput& input) {
      if (piece.empty()) {
        stream_->Begin(input);
      } else {
        stream_->Feed(piece, input);
      }
      Tell();
      Watch();
    };
    return spec;
  }

  void Tell() {
    for (const AgentEvent& event : stream_->TakeEvents()) events_(event);
  }

  // The figures of the calls themselves, where they go through us; else what the program says.
  ModelUsage Used() const {
    ModelUsage used = workspace_.Usage();
    const ModelUsage& told = stream_->usage();
    if (used.requests == 0) return told;
    if (used.usd == 0) used.usd = told.usd;
    return used;
  }

  void Watch() {
    if (ours_.stop_requested()) return;
    if (stream_->end()) {
      if (stream_->stays()) ours_.request_stop();
      return;
    }
    const ModelUsage used = Used();
    if (brief_.max_usd > 0 && used.usd >= brief_.max_usd)
      over_ = Cat("it spent $", used.usd, ", and $", brief_.max_usd, " may be spent");
    const std::int64_t most_tokens = options_.limits.max_tokens;
    if (most_tokens > 0 && used.tokens() >= most_tokens)
      over_ = Cat("it used ", used.tokens(), " tokens, and ", most_tokens, " may be used");
    if (options_.max_turns > 0 && stream_->tool_calls() > options_.max_turns)
      over_ = Cat("it called tools ", stream_->tool_calls(), " times, and ", options_.max_turns,
                  " are allowed (max_turns)");
    if (!over_.empty()) ours_.request_stop();
  }

  // `result` is null when it was ended from here.
  void Judge(const ExecResult* result, AgentReport& report) const {
    using Claim = AgentReport::Claim;
    const ModelUsage used = workspace_.Usage();
    const auto say = [&](Claim claim, std::string words) {
      report.claim = claim;
      report.words = std::move(words);
    };
    if (!over_.empty()) return say(Claim::kOverBudget, over_);
    if (used.over) {
      return say(Claim::kOverBudget, Cat("its calls of the model reached what they may: ",
                                         used.tokens(), " tokens, $", used.usd));
    }
    // An error that it tells when we end it is of our making.
    const bool ended = result != nullptr && result->timed_out;
    const bool good = stream_->end() && (stream_->end()->claim == Claim::kFinished ||
                                         stream_->end()->claim == Claim::kGaveUp);
    if (stream_->end() && (!ended || good))
      return say(stream_->end()->claim, stream_->end()->words);
    if (result == nullptr) return say(Claim::kCrashed, "was ended");
    if (result->silent)
      return say(Claim::kSilent, Cat("told nothing for ", absl::FormatDuration(options_.silence),
                                     " and was ended"));
    if (result->timed_out)
      return say(Claim::kTimedOut,
                 Cat("was still at work after ", absl::FormatDuration(brief_.timeout)));
    bool cut = false;
    CappedText tail = tail_;
    const std::string last = LastWords(tail.Take(&cut));
    if (result->exit_code == kNoModelExit && !options_.network.empty()) {
      return say(Claim::kFailed,
                 Cat("this kind of workspace does not offer the network ", options_.network));
    }
    if (result->exit_code == 126 || result->exit_code == 127)
      return say(Claim::kFailed, Cat("its program is not in the workspace (exit code ",
                                     result->exit_code, "): ", last));
    say(Claim::kCrashed, Cat("ended with exit code ", result->exit_code, " and no word of how",
                             last.empty() ? "" : Cat("; it said last: ", last)));
  }

  const AgentOptions& options_;
  const AgentProgram& program_;
  Workspace& workspace_;
  const Brief& brief_;
  const Agent::EventSink& events_;
  const std::unique_ptr<AgentStream> stream_;
  std::stop_source ours_;
  CappedText tail_{kMostTail};
  std::string over_;  // why it was ended from here
};

class ProgramAgent final : public Agent {
 public:
  ProgramAgent(AgentOptions options, std::unique_ptr<AgentProgram> program)
      : options_(std::move(options)), program_(std::move(program)) {}

  AgentLimits limits() const override { return options_.limits; }
  std::string kind() const override { return options_.kind; }
  std::string network() const override { return options_.network; }
  StatusOr<AgentReport> Repair(Workspace& workspace, const Brief& brief, const EventSink& events,
                               std::stop_token stop) override {
    return Round(options_, *program_, workspace, brief, events).Run(stop);
  }

 private:
  const AgentOptions options_;
  const std::unique_ptr<AgentProgram> program_;
};

}  // namespace

std::string ShellTextWithUrl(std::string_view text, const std::string& network) {
  std::string out;
  for (;;) {
    const std::size_t at = network.empty() ? std::string_view::npos : text.find(kUrl);
    out += ShellQuoted(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    Append(out, "\"$", ModelUrlVariable(network), "\"");
    text.remove_prefix(at + kUrl.size());
  }
}

Status CheckProgramOptions(const AgentOptions& options) {
  std::vector<std::string> problems = CommonMistakes(options);
  if (Trim(options.command).empty()) problems.push_back("command is needed: its program");
  if (options.price_usd != 0)
    problems.push_back("price_usd is of a command; what this kind costs is counted");
  for (const std::string& text : options.args) {
    if (text.find('\0') != std::string::npos)
      problems.push_back("args: no argument can hold a NUL");
  }
  return problems.empty() ? OkStatus() : InvalidArgument(Join(problems, "\n"));
}

std::unique_ptr<Agent> NewProgramAgent(AgentOptions options,
                                       std::unique_ptr<AgentProgram> program) {
  return std::make_unique<ProgramAgent>(std::move(options), std::move(program));
}

}  // namespace regreen
