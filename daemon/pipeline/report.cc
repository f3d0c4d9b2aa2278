#include "daemon/pipeline/report.h"

#include "daemon/base/crash_point.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/change_text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostTitle = 120;
constexpr std::size_t kMostSentence = 300;
constexpr std::size_t kMostTried = 30;
constexpr std::size_t kMostText = 20'000;  // of the template; forges take some 65,000 characters

// [a-z0-9-], so that the forge's adapter can find it in any text.
std::string MarkerOf(const Task& task, const Step& step) {
  std::string marker = Cat(task.id, "-", Lower(step.name));
  for (char& c : marker) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '-';
  }
  return marker;
}

std::string TriedText(std::span<const Tried> tried) {
  if (tried.empty()) return "";
  std::string text = "**What was tried**:\n\n";
  if (tried.size() > kMostTried) {
    Append(text, "- ", tried.size() - kMostTried, " earlier\n");
    tried = tried.last(kMostTried);
  }
  for (const Tried& one : tried) {
    Append(text, "- ", CodeSpan(one.step), ": **", ToString(one.outcome), "**. ",
           PlainWords(one.sentence, kMostSentence), "\n");
  }
  return text + "\n";
}

std::string HistoryText(const History& history) {
  if (history.seen == 0) return "**History**: this failure was not seen here before.\n\n";
  return Cat("**History**: seen in ", history.seen, history.seen == 1 ? " run" : " runs",
             " before; ", history.recovered, " of them recovered at the same commit",
             history.flaky() ? ", so it is flaky" : "", "; ", history.fixed,
             " fixed by a merged change.\n\n");
}

}  // namespace

Report ReportOf(const Task& task, const Step& step, std::span<const Tried> tried) {
  const RunFacts& run = task.incident.run;
  Report report;
  report.repo = run.key.repo;
  report.kind = step.report;
  report.pull_request = run.pull_request;
  report.commit = run.commit;
  report.title =
      PlainWords(Cat(task.plan.title, ": ", task.incident.evidence.signature), kMostTitle);
  report.labels = task.plan.change_labels;
  report.marker = MarkerOf(task, step);
  if (!Trim(step.text).empty()) Append(report.body, Truncate(Trim(step.text), kMostText), "\n\n");
  report.body += FailureText(task);
  report.body += TriedText(tried);
  report.body += HistoryText(task.incident.history);
  Append(report.body, "Task `", task.id, "` by template ", CodeSpan(task.plan.template_name), ".");
  return report;
}

StatusOr<Told> TellReport(ForgeActions* actions, const Task& task, const Step& step,
                          std::span<const Tried> tried, RepairLog& log, std::stop_token stop) {
  const Report report = ReportOf(task, step, tried);
  RETURN_IF_ERROR(
      log.Keep(std::string(kReportArtifact), Cat("# ", report.title, "\n\n", report.body, "\n")));
  const std::string_view kind = report.kind == ReportKind::kIssue ? "an issue" : "a comment";
  if (task.plan.stage == Stage::kShadow)
    return Told{true, true, Cat("would have told of it by ", kind)};
  if (actions == nullptr)
    return Told{true, true, "kept the report with the task, since the forge takes none"};
  const auto link = actions->Tell(report, stop);
  CrashPoint("report.told");
  if (link.ok()) return Told{true, false, Cat("told of it by ", kind, ": ", *link)};
  if (IsRetryable(link.status()) || link.status().code() == StatusCode::kCancelled)
    return link.status();
  return Told{false, true, Cat("could not tell of it: ", Message(link.status()))};
}

}  // namespace regreen
