#include "daemon/policy/report.h"

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestSummary = 500;

void AppendReasons(std::string& out, const std::vector<std::string>& reasons) {
  for (const std::string& reason : reasons) Append(out, "    ", EscapeControl(reason), "\n");
}

}  // namespace

std::string RenderSelection(const Selection& selection) {
  std::string out;
  if (selection.plan) {
    Append(out, "chosen: ", selection.plan->template_name, " (", ToString(selection.plan->stage),
           ")\n");
    AppendReasons(out, selection.reasons);
  } else {
    Append(out, "none chosen: ", EscapeControl(Join(selection.reasons, "; ")), "\n");
  }
  for (const Rejection& rejection : selection.rejected) {
    Append(out, "not ", rejection.template_name, ":\n");
    AppendReasons(out, rejection.reasons);
  }
  const std::size_t more = selection.more_near + selection.more_far;
  if (more > 0) {
    Append(out, "and ", more, " more: ", selection.more_near,
           " that match or fail on one condition only, ", selection.more_far,
           " that fail on more (regreen policy explain tells all)\n");
  }
  return out;
}

std::string SummarizeSelection(const Selection& selection) {
  const std::string reasons = EscapeControl(Join(selection.reasons, "; "));
  if (!selection.plan) return Truncate(reasons, kLongestSummary);
  return Truncate(Cat("template \"", selection.plan->template_name, "\": ", reasons),
                  kLongestSummary);
}

}  // namespace regreen
