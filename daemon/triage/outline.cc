#include "daemon/triage/outline.h"

#include <algorithm>
#include <array>

#include "daemon/base/text.h"

namespace regreen {
namespace {

// "Process completed with exit code 2.", "Bash exited with code '1'.": nullopt when it is no such
// line.
std::optional<int> ExitCode(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kBefore = {
      "completed with exit code ", "exited with code '", "exited with status "};
  for (const std::string_view before : kBefore) {
    const std::size_t at = text.find(before);
    if (at == std::string_view::npos) continue;
    std::string_view digits = text.substr(at + before.size());
    digits = digits.substr(0, digits.find_first_not_of("-0123456789"));
    std::int64_t code = 0;
    if (ParseInt64(digits, &code) && code >= INT32_MIN && code <= INT32_MAX)
      return static_cast<int>(code);
  }
  return std::nullopt;
}

// A step that fails ends with an error line. One that goes on behind it was an annotation only,
// made by a tool or a problem matcher in passing.
bool EndsStep(const std::vector<LogLine>& lines, std::uint32_t error) {
  std::uint32_t next = error + 1;
  while (next < lines.size() &&
         (lines[next].marker == Marker::kError || lines[next].marker == Marker::kWarning))
    ++next;
  return next == lines.size() || lines[next].marker == Marker::kStep ||
         lines[next].marker == Marker::kEndStep ||
         lines[next].text == "Cleaning up orphan processes";
}

// GitHub prints a step's script in its heading's group, down to "shell:".
std::string GitHubCommand(const std::vector<LogLine>& lines, std::uint32_t heading) {
  constexpr std::uint32_t kMaxScript = 400;
  std::string script;
  for (std::uint32_t i = heading + 1; i < lines.size() && i - heading < kMaxScript; ++i) {
    if (lines[i].marker == Marker::kEndGroup) break;
    if (lines[i].text.starts_with("shell: ")) return script;
    Append(script, script.empty() ? "" : "\n", lines[i].text);
  }
  return {};
}

class Reader {
 public:
  explicit Reader(const CleanLog& log) : log_(log) {}

  Outline Read() {
    for (const std::uint32_t index : log_.marked()) Take(index);
    if (open_) Close(static_cast<std::uint32_t>(log_.lines().size()));
    return std::move(outline_);
  }

 private:
  void Take(std::uint32_t index) {
    const LogLine& line = log_.lines()[index];
    switch (line.marker) {
      case Marker::kStep:
        Begin(index);
        break;
      case Marker::kEndStep:
        if (open_) Close(index);
        break;
      case Marker::kCommand:
        if (open_ && outline_.steps.back().command.empty())
          outline_.steps.back().command = line.text;
        break;
      case Marker::kError:
        NoteError(index);
        break;
      default:
        break;
    }
  }

  void Begin(std::uint32_t index) {
    if (open_) Close(index);
    LogStep step;
    step.name = log_.lines()[index].text;
    step.first = index;
    if (step.name.starts_with("Run ")) step.command = GitHubCommand(log_.lines(), index);
    outline_.steps.push_back(std::move(step));
    open_ = true;
  }

  void Close(std::uint32_t end) {
    outline_.steps.back().last = end == 0 ? 0 : end - 1;
    open_ = false;
  }

  void NoteError(std::uint32_t index) {
    const std::optional<int> code = ExitCode(log_.lines()[index].text);
    if (!code && !EndsStep(log_.lines(), index)) return;
    // A job can fail before its first step, or between two.
    if (!open_) {
      LogStep outside;
      outside.first = outline_.steps.empty() ? 0 : outline_.steps.back().last + 1;
      outside.last = index;
      outline_.steps.push_back(std::move(outside));
    }
    LogStep& step = outline_.steps.back();
    step.failed = true;
    if (code) step.exit_code = code;
    if (!outline_.failed) outline_.failed = outline_.steps.size() - 1;
  }

  const CleanLog& log_;
  Outline outline_;
  bool open_ = false;
};

}  // namespace

const LogStep* Outline::StepOf(std::uint32_t line) const {
  const auto after = std::ranges::upper_bound(steps, line, {}, &LogStep::first);
  if (after == steps.begin()) return nullptr;
  const LogStep& step = *(after - 1);
  return line <= step.last ? &step : nullptr;
}

Outline ReadOutline(const CleanLog& log) {
  return Reader(log).Read();
}

}  // namespace regreen
