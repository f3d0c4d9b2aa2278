#include "daemon/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/base/json.h"
#include "daemon/base/mutex.h"
#include "daemon/base/regex.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kMask = "[secret]";
constexpr std::size_t kShortestMasked = 6;  // shorter ones would mask ordinary words
constexpr std::size_t kMaxValueBytes = 8 << 10;

// Shapes of credentials: GitHub (any length since 2026), GitLab, AWS, Slack, npm, model keys, JWT,
// basic authentication in URLs, private keys.
constexpr std::string_view kTokenShapes =
    R"((gh[pousr]_[A-Za-z0-9_.-]{16,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|AKIA[0-9A-Z]{16})"
    R"(|xox[abprs]-[A-Za-z0-9-]{10,}|npm_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{20,}|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+)"
    R"(|-----BEGIN [A-Z ]*PRIVATE KEY-----))";

struct Masks {
  Mutex mutex;
  std::vector<std::string> values RG_GUARDED_BY(mutex);
};
Masks& KnownMasks() {
  static Masks masks;
  return masks;
}

std::atomic<LogFormat> g_format{LogFormat::kText};
thread_local std::string t_task;

spdlog::logger& Sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = spdlog::stderr_logger_mt("regreen");
    made->set_pattern("%v");  // the line is ours to the last byte
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum Level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error"};

std::string TextLine(LogLevel level, std::string_view message,
                     std::initializer_list<LogField> fields) {
  std::string line = absl::FormatTime("%Y-%m-%d %H:%M:%E3S", absl::Now(), absl::LocalTimeZone());
  Append(line, " ", kLevelNames[static_cast<int>(level)], " ", EscapeControl(Redact(message)));
  if (!t_task.empty()) Append(line, " task=", t_task);
  for (const LogField& field : fields) {
    const std::string value = EscapeControl(Truncate(Redact(field.value), kMaxValueBytes));
    const bool quote = value.empty() || value.find_first_of(" \"=") != std::string::npos;
    Append(line, " ", field.key, "=", quote ? "\"" : "", value, quote ? "\"" : "");
  }
  return line;
}

std::string JsonLine(LogLevel level, std::string_view message,
                     std::initializer_list<LogField> fields) {
  JsonWriter out;
  out.BeginObject();
  out.Field("time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()));
  out.Field("level", kLevelNames[static_cast<int>(level)]);
  out.Field("message", Redact(message));
  if (!t_task.empty()) out.Field("task", t_task);
  for (const LogField& field : fields)
    out.Field(field.key, Truncate(Redact(field.value), kMaxValueBytes));
  out.EndObject();
  return out.Take();
}

}  // namespace

void ConfigureLog(LogFormat format, LogLevel level) {
  g_format = format;
  Sink().set_level(Level(level));
  Sink().flush_on(spdlog::level::info);
}

void MaskInLogs(const Secret& secret) {
  if (secret.Reveal().size() < kShortestMasked) return;
  Masks& masks = KnownMasks();
  MutexLock lock(masks.mutex);
  masks.values.push_back(secret.Reveal());
}

std::string Redact(std::string_view text) {
  std::string out(text);
  {
    Masks& masks = KnownMasks();
    MutexLock lock(masks.mutex);
    for (const std::string& value : masks.values) {
      for (std::size_t at = out.find(value); at != std::string::npos;
           at = out.find(value, at + kMask.size())) {
        out.replace(at, value.size(), kMask);
      }
    }
  }
  static const Regex shapes = *Regex::Compile(kTokenShapes);
  return shapes.Contains(out) ? shapes.ReplaceAll(out, kMask) : out;
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (!Sink().should_log(Level(level))) return;
  Sink().log(Level(level), "{}",
             g_format == LogFormat::kJson ? JsonLine(level, message, fields)
                                          : TextLine(level, message, fields));
}

ScopedLogTask::ScopedLogTask(std::string_view task_id) : previous_(std::move(t_task)) {
  t_task = task_id;
}
ScopedLogTask::~ScopedLogTask() {
  t_task = std::move(previous_);
}

}  // namespace regreen
