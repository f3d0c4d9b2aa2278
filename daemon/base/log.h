// Logging by spdlog (this file's .cc owns it): text for people or one JSON object a line. Every
// value is escaped; known secrets and token shapes are masked. Any thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "daemon/base/secret.h"

namespace regreen {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

struct LogField {
  std::string_view key;
  std::string value;
};

void ConfigureLog(LogFormat format, LogLevel level);
// From now on this value is shown as [secret] wherever it would be logged.
void MaskInLogs(const Secret& secret);
// Masks known secrets and what looks like a token. Also used for text that leaves by other ways.
std::string Redact(std::string_view text);

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});
inline void LogInfo(std::string_view m, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kInfo, m, f);
}
inline void LogDebug(std::string_view m, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kDebug, m, f);
}
inline void LogWarning(std::string_view m, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kWarning, m, f);
}
inline void LogError(std::string_view m, std::initializer_list<LogField> f = {}) {
  Log(LogLevel::kError, m, f);
}

// While it lives, every line of this thread carries the task's id.
class ScopedLogTask {
 public:
  explicit ScopedLogTask(std::string_view task_id);
  ~ScopedLogTask();
  ScopedLogTask(const ScopedLogTask&) = delete;

 private:
  std::string previous_;
};

}  // namespace regreen
