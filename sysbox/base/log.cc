#include "sysbox/base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "absl/time/clock.h"
#include "sysbox/base/status.h"
#include "sysbox/base/time.h"

namespace sysbox {
namespace {

struct LevelName {
  std::string_view name;
  LogLevel level;
};
constexpr std::array<LevelName, 6> kLevelNames = {{
    {"debug", LogLevel::kDebug},
    {"info", LogLevel::kInfo},
    {"warning", LogLevel::kWarning},
    {"error", LogLevel::kError},
    {"fatal", LogLevel::kFatal},
    {"warn", LogLevel::kWarning},
}};

// Separate atomics, no lock: a record that races with ConfigureLog goes to
// either sink. The old file stays open for such a record; reconfiguring is
// rare enough that the descriptor does not matter.
std::atomic<LogLevel> g_level = LogLevel::kInfo;
std::atomic<LogFormat> g_format = LogFormat::kText;
std::atomic<int> g_fd = STDERR_FILENO;

std::string_view NameOf(LogLevel level) {
  for (const LevelName& entry : kLevelNames) {
    if (entry.level == level) return entry.name;
  }
  return "info";
}

// Quotes as both JSON and logrus' text format understand. Bytes above 0x7f
// pass: the text comes from the kernel and from validated UTF-8 JSON.
std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
  return out;
}

}  // namespace

bool ParseLogLevel(std::string_view text, LogLevel* level) {
  for (const LevelName& entry : kLevelNames) {
    if (entry.name == text) {
      *level = entry.level;
      return true;
    }
  }
  return false;
}

bool ParseLogFormat(std::string_view text, LogFormat* format) {
  if (text == "text") {
    *format = LogFormat::kText;
  } else if (text == "json") {
    *format = LogFormat::kJson;
  } else {
    return false;
  }
  return true;
}

absl::Status ConfigureLog(const LogOptions& options) {
  int fd = STDERR_FILENO;
  if (!options.path.empty()) {
    fd = open(options.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
              0640);
    if (fd < 0) {
      return ErrnoStatus(errno, fmt::format("open log {}", options.path));
    }
  }
  g_level = options.level;
  g_format = options.format;
  g_fd = fd;
  return absl::OkStatus();
}

bool LogEnabled(LogLevel level) { return level >= g_level; }

void LogMessage(LogLevel level, std::string_view message) {
  if (!LogEnabled(level)) return;
  std::string record =
      FormatLogRecord(g_format, level, FormatRfc3339(absl::Now()), message);
  // A full disk or closed stderr must not stop the work being logged.
  [[maybe_unused]] ssize_t written = write(g_fd, record.data(), record.size());
}

std::string FormatLogRecord(LogFormat format, LogLevel level,
                            std::string_view rfc3339_time,
                            std::string_view message) {
  if (format == LogFormat::kJson) {
    return fmt::format("{{\"level\":\"{}\",\"msg\":{},\"time\":\"{}\"}}\n",
                       NameOf(level), Quote(message), rfc3339_time);
  }
  return fmt::format("time=\"{}\" level={} msg={}\n", rfc3339_time,
                     NameOf(level), Quote(message));
}

}  // namespace sysbox
