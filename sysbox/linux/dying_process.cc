#include "sysbox/linux/dying_process.h"

#include <sched.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"

namespace sysbox {

absl::StatusOr<bool> IsStuck(pid_t pid) {
  constexpr std::string_view kCannotRun = "DZX";
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> threads,
                          ListDirectory(fmt::format("/proc/{}/task", pid)));
  for (const std::string& thread : threads) {
    const auto id = ParseUint64(thread);
    if (!id.has_value()) continue;
    const absl::StatusOr<char> state = ProcessState(static_cast<pid_t>(*id));
    if (ErrnoOf(state.status()) == ESRCH) continue;  // ended meanwhile
    SYSBOX_RETURN_IF_ERROR(state.status());
    if (kCannotRun.find(*state) == kCannotRun.npos) return false;
  }
  return true;
}

absl::Status KeepOnly(FdRef fd) {
  if (unshare(CLONE_FILES) != 0) {
    const int error = errno;
    return ErrnoStatus(error, "unshare CLONE_FILES");
  }
  return CloseFrom(0, {fd.get()});
}

}  // namespace sysbox
