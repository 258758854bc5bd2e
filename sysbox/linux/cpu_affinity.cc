#include "sysbox/linux/cpu_affinity.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string_view>

#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

// More than any kernel's: CONFIG_NR_CPUS ends at 8192.
constexpr size_t kMaxMask = 8192;

}  // namespace

absl::StatusOr<std::string> ThreadAffinity(pid_t tid) {
  std::string mask(kMaxMask, '\0');
  // Not the library's function, which hides how much was written.
  const long size =
      syscall(SYS_sched_getaffinity, tid, mask.size(), mask.data());
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(size, "sched_getaffinity"));
  mask.resize(static_cast<size_t>(size));
  return mask;
}

absl::StatusOr<uint32_t> CpuNumbers() {
  // "0-3,8\n": ascending.
  constexpr char kPossible[] = "/sys/devices/system/cpu/possible";
  SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadFile(kPossible));
  std::string_view last = text;
  while (last.ends_with('\n')) last.remove_suffix(1);
  last.remove_prefix(last.find_last_of(",-") + 1);
  const std::optional<uint64_t> number = ParseUint64(last);
  if (!number || *number >= kMaxMask * 8) {
    return Internal("{}: \"{}\"", kPossible, text);
  }
  return static_cast<uint32_t>(*number + 1);
}

}  // namespace sysbox
