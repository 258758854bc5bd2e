// The process's log: one sink, chosen once at start, shared by all threads.
// Written by levels 5 and up only (style rule 10): lower levels return errors.
// Formats match what Docker and containerd parse from runc: logrus text
// (`time="…" level=error msg="…"`) and JSON lines.
#ifndef SYSBOX_BASE_LOG_H_
#define SYSBOX_BASE_LOG_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace sysbox {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kFatal };
enum class LogFormat { kText, kJson };

// "debug", "info", "warning" (also "warn"), "error", "fatal"; false if none.
bool ParseLogLevel(std::string_view text, LogLevel* level);
// "text", "json"; false if neither.
bool ParseLogFormat(std::string_view text, LogFormat* format);

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
  std::string path;  // "" is standard error; else appended to, 0640
};

// Replaces the sink. On error the old one stays. Thread-safe.
absl::Status ConfigureLog(const LogOptions& options);

bool LogEnabled(LogLevel level);
// Writes one record with a single write(2). Never fails visibly.
void LogMessage(LogLevel level, std::string_view message);

// One record in `format`, newline included. Exposed for tests.
std::string FormatLogRecord(LogFormat format, LogLevel level,
                            std::string_view rfc3339_time,
                            std::string_view message);

template <typename... Args>
void Log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (!LogEnabled(level)) return;
  LogMessage(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace sysbox

#endif  // SYSBOX_BASE_LOG_H_
