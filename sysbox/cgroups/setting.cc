#include "sysbox/cgroups/setting.h"

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

std::string FieldPath(const Setting& setting) {
  return fmt::format("linux.resources.{}", setting.field);
}

// Why the kernel may have refused a memory limit: runc's words, which people
// search for.
absl::Status ExplainBusy(FdRef dir, const Setting& setting,
                         const absl::Status& status) {
  if (ErrnoOf(status) != EBUSY || setting.file != "memory.limit_in_bytes") {
    return status;
  }
  absl::StatusOr<std::string> usage = ReadTextAt(dir, "memory.usage_in_bytes");
  absl::StatusOr<std::string> peak =
      ReadTextAt(dir, "memory.max_usage_in_bytes");
  if (!usage.ok() || !peak.ok()) return status;
  return Annotate(status, fmt::format("unable to set memory limit to {} "
                                      "(current usage: {}, peak usage: {})",
                                      setting.value, *usage, *peak));
}

absl::Status Verify(FdRef dir, const Setting& setting) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string got, ReadTextAt(dir, setting.file));
  if (got == setting.value) return absl::OkStatus();
  return InvalidArgument("write {}: {} is out of range, the kernel made it {}",
                         setting.file, setting.value, got);
}

// The line of `text` that starts with `key`.
std::string_view KeyedLine(std::string_view text, std::string_view key) {
  for (std::string_view line : SplitLines(text)) {
    const std::vector<std::string_view> fields = SplitFields(line);
    if (!fields.empty() && fields.front() == key) return line;
  }
  return {};
}

}  // namespace

std::string DescribeSettings(const std::vector<Setting>& settings) {
  std::string text;
  for (const Setting& setting : settings) {
    text += fmt::format("{} {} = {} ({}){}\n", setting.controller, setting.file,
                        setting.value, setting.field,
                        setting.how.in_child ? " also in child" : "");
  }
  return text;
}

absl::Status SettingWriter::Write(FdRef dir, const Setting& setting) {
  Remember(dir, setting.file, setting);
  absl::Status status = WriteExistingAt(dir, setting.file, setting.value);
  if (ErrnoOf(status) == ENOENT && !setting.how.fallback_file.empty()) {
    Remember(dir, setting.how.fallback_file, setting);
    status = WriteExistingAt(dir, setting.how.fallback_file,
                             setting.how.fallback_value);
  }
  if (ErrnoOf(status) == ENOENT && setting.how.optional)
    return absl::OkStatus();
  if (status.ok() && setting.how.verify) status = Verify(dir, setting);
  SYSBOX_RETURN_IF_ERROR(ExplainBusy(dir, setting, status), "{}",
                         FieldPath(setting));
  return absl::OkStatus();
}

absl::Status SettingWriter::WriteAll(const std::vector<Setting>& settings,
                                     const Directories& directories) {
  std::vector<std::pair<FdRef, const Setting*>> again;
  for (const Setting& setting : settings) {
    const std::vector<FdRef> dirs = directories(setting);
    if (dirs.empty() && !setting.how.optional) {
      return FailedPrecondition("{}: the {} cgroup controller is not available",
                                FieldPath(setting), setting.controller);
    }
    for (FdRef dir : dirs) {
      const absl::Status status = Write(dir, setting);
      if (setting.how.retry_last && ErrnoOf(status) == EINVAL) {
        again.emplace_back(dir, &setting);
      } else if (!status.ok()) {
        return status;
      }
    }
  }
  for (const auto& [dir, setting] : again) {
    SYSBOX_RETURN_IF_ERROR(Write(dir, *setting));
  }
  return absl::OkStatus();
}

void SettingWriter::Remember(FdRef dir, const std::string& file,
                             const Setting& setting) {
  if (!undoable_) return;
  const absl::StatusOr<std::string> old = ReadTextAt(dir, file);
  if (!old.ok()) return;  // absent or write-only: nothing to put back
  if (file == "memory.oom_control") {  // reads as a table, written as a number
    const uint64_t flag = FlatKeyedValue(*old, "oom_kill_disable").value_or(0);
    old_.push_back({dir, file, fmt::format("{}", flag)});
    return;
  }
  if (setting.how.key.empty()) {
    old_.push_back({dir, file, *old});
    return;
  }
  const std::string_view line = KeyedLine(*old, setting.how.key);
  old_.push_back({dir, file,
                  line.empty()
                      ? fmt::format("{} {}", setting.how.key, setting.how.reset)
                      : std::string(line)});
}

void SettingWriter::Rollback() {
  // Twice: values that constrain each other (memory and memory+swap) may
  // refuse the first order; their second chance comes after the other's.
  for (int round = 0; round < 2; ++round) {
    for (auto old = old_.rbegin(); old != old_.rend(); ++old) {
      (void)WriteExistingAt(old->dir, old->file, old->value);  // best effort
    }
  }
  old_.clear();
}

}  // namespace sysbox::cgroups
