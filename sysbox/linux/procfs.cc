#include "sysbox/linux/procfs.h"

#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/pid_namespace.h"

namespace sysbox {
namespace {

// EINVAL: the kernel has no such option.
absl::StatusOr<FilesystemContext> OpenByOption(FdRef pid_namespace) {
  SYSBOX_ASSIGN_OR_RETURN(FilesystemContext context,
                          FilesystemContext::Open("proc"));
  SYSBOX_RETURN_IF_ERROR(context.SetFd("pidns", pid_namespace));
  return context;
}

int OpenHere() {
  return static_cast<int>(syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC));
}

}  // namespace

absl::StatusOr<FilesystemContext> OpenProcfs(FdRef pid_namespace) {
  static std::atomic<bool> has_option = true;
  if (has_option) {
    absl::StatusOr<FilesystemContext> context = OpenByOption(pid_namespace);
    if (ErrnoOf(context.status()) != EINVAL) return context;
    has_option = false;
  }
  SYSBOX_ASSIGN_OR_RETURN(
      Fd context, OpenInPidNamespace(pid_namespace, FdRef(-1), OpenHere));
  return FilesystemContext(std::move(context), "proc");
}

}  // namespace sysbox
