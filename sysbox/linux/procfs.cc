#include "sysbox/linux/procfs.h"

#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/pid_namespace.h"

namespace sysbox {
namespace {

absl::Status SetOptions(FilesystemContext& context, const std::string& source,
                        const std::vector<FilesystemOption>& options) {
  if (!source.empty()) {
    SYSBOX_RETURN_IF_ERROR(context.SetString("source", source));
  }
  for (const FilesystemOption& option : options) {
    SYSBOX_RETURN_IF_ERROR(option.value.empty()
                               ? context.SetFlag(option.key)
                               : context.SetString(option.key, option.value));
  }
  return absl::OkStatus();
}

// nullopt: the kernel has no such option.
absl::StatusOr<std::optional<DetachedMount>> MakeByOption(
    FdRef pid_namespace, const std::string& source,
    const std::vector<FilesystemOption>& options, uint64_t attributes) {
  SYSBOX_ASSIGN_OR_RETURN(FilesystemContext context,
                          FilesystemContext::Open("proc"));
  const absl::Status chosen = context.SetFd("pidns", pid_namespace);
  if (ErrnoOf(chosen) == EINVAL) return std::nullopt;
  SYSBOX_RETURN_IF_ERROR(chosen);
  SYSBOX_RETURN_IF_ERROR(SetOptions(context, source, options));
  SYSBOX_RETURN_IF_ERROR(context.Create());
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount mount, context.Mount(attributes));
  return mount;
}

long Configure(long context, unsigned command, const char* key,
               const char* value) {
  return syscall(SYS_fsconfig, context, command, key, value, 0);
}

// System calls only.
long SetOption(long context, const char* key, const char* value) {
  const bool flag = *value == '\0';
  return Configure(context, flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, key,
                   flag ? nullptr : value);
}

// Likewise. The descriptor of a procfs of the calling process's pid namespace;
// or -1, and errno.
int MakeHere(const std::string& source,
             const std::vector<FilesystemOption>& options,
             uint64_t attributes) {
  const long context = syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  if (!source.empty() && SetOption(context, "source", source.c_str()) < 0) {
    return -1;
  }
  for (const FilesystemOption& option : options) {
    if (SetOption(context, option.key.c_str(), option.value.c_str()) < 0) {
      return -1;
    }
  }
  if (Configure(context, FSCONFIG_CMD_CREATE, nullptr, nullptr) < 0) return -1;
  return static_cast<int>(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
                                  static_cast<unsigned>(attributes)));
}

}  // namespace

absl::StatusOr<DetachedMount> NewProcfs(
    FdRef pid_namespace, const std::string& source,
    const std::vector<FilesystemOption>& options, uint64_t attributes) {
  static std::atomic<bool> has_option = true;
  if (has_option) {
    SYSBOX_ASSIGN_OR_RETURN(
        std::optional<DetachedMount> made,
        MakeByOption(pid_namespace, source, options, attributes));
    if (made) return *std::move(made);
    has_option = false;
  }
  SYSBOX_ASSIGN_OR_RETURN(
      std::vector<Fd> made,
      OpenInPidNamespace(pid_namespace, 1, [&](absl::Span<int> fds) {
        fds[0] = MakeHere(source, options, attributes);
        return fds[0] < 0 ? errno : 0;
      }));
  return DetachedMount(std::move(made[0]));
}

}  // namespace sysbox
