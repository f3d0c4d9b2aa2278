#include "daemon/app/print.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {

void PrintOut(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

int Complain(std::string_view sentence, int code) {
  const std::string line = Cat("regreen: ", EscapeControlKeepLines(Redact(sentence)), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
  return code;
}

int Complain(const Status& status) {
  return Complain(Message(status));
}

std::string LocalTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::LocalTimeZone());
}

std::string TimelineText(const TimelineEntry& entry) {
  std::string text = Cat("  ", LocalTime(entry.at), "  ", entry.kind,
                         std::string(entry.kind.size() < 11 ? 11 - entry.kind.size() : 1, ' '));
  // A selection's reasons are many lines: they stand below their first.
  std::string indent;
  for (const std::string_view line : SplitLines(Trim(entry.message))) {
    Append(text, indent, line, "\n");
    indent = std::string(36, ' ');
  }
  return text;
}

StatusOr<Config> LoadConfigOrExplain(const std::string& path, ConfigUse use) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error)
    return NotFound(Cat("there is no configuration at ", path, "; --config FILE names another"));
  Problems problems;
  Config config = LoadConfig(path, problems, use);
  const std::string text = problems.Render();
  std::fwrite(text.data(), 1, text.size(), stderr);
  if (problems.has_errors()) return InvalidArgument(Cat(path, " has mistakes; see above"));
  return config;
}

void LogWarningsOnly() {
  ConfigureLog(LogFormat::kText, LogLevel::kWarning);
}

}  // namespace regreen
