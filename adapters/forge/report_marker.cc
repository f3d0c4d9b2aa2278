#include "adapters/forge/report_marker.h"

#include "daemon/base/text.h"

namespace regreen {
namespace {

std::string MarkerLine(const Report& report) {
  return Cat("regreen report ", report.marker);
}

}  // namespace

Status CheckMarker(const Report& report) {
  const bool good =
      !report.marker.empty() &&
      report.marker.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  return good ? OkStatus() : Internal("a report needs a marker of a-z, 0-9 and \"-\"");
}

std::string MarkedBody(const Report& report) {
  return Cat(report.body, "\n\n", MarkerLine(report), "\n");
}

bool IsMarkedBy(std::string_view text, const Report& report) {
  const std::vector<std::string_view> lines = SplitLines(Trim(text));
  return !lines.empty() && Trim(lines.back()) == MarkerLine(report);
}

}  // namespace regreen
