#include "sysbox/linux/procfs.h"

#include <linux/mount.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/namespaces.h"

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

// What the process works on. It may be killed with its pid namespace at any
// moment, so it takes no lock and allocates nothing: system calls only.
struct Work {
  const char* source;
  const std::vector<FilesystemOption>* options;
  uint64_t attributes;
  int context = -1;
  int mount = -1;
  int error = 0;
};

long Configure(int context, unsigned command, const char* key,
               const char* value) {
  return syscall(SYS_fsconfig, context, command, key, value, 0);
}

long Make(Work* work) {
  const long context = syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  work->context = static_cast<int>(context);
  if (*work->source != '\0' && Configure(work->context, FSCONFIG_SET_STRING,
                                         "source", work->source) < 0) {
    return -1;
  }
  for (const FilesystemOption& option : *work->options) {
    const bool flag = option.value.empty();
    if (Configure(work->context, flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING,
                  option.key.c_str(),
                  flag ? nullptr : option.value.c_str()) < 0) {
      return -1;
    }
  }
  if (Configure(work->context, FSCONFIG_CMD_CREATE, nullptr, nullptr) < 0) {
    return -1;
  }
  const long mount = syscall(SYS_fsmount, work->context, FSMOUNT_CLOEXEC,
                             static_cast<unsigned>(work->attributes));
  work->mount = static_cast<int>(mount);
  return mount;
}

int MakeThere(void* argument) {
  auto* work = static_cast<Work*>(argument);
  work->error = Make(work) < 0 ? errno : 0;
  syscall(SYS_exit_group, 0);
  return 0;
}

absl::Status RunThere(FdRef pid_namespace, Work* work) {
  SYSBOX_ASSIGN_OR_RETURN(Fd own, OpenOwnNamespace(NamespaceType::kPid));
  SYSBOX_RETURN_IF_ERROR(EnterNamespace(pid_namespace, NamespaceType::kPid));
  constexpr size_t kStack = 16384;
  alignas(16) std::array<char, kStack> stack;
  work->error = EIO;  // killed before it could say
  const pid_t child =
      clone(MakeThere, stack.data() + stack.size(),
            CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, work);
  const int error = errno;
  const absl::Status back = EnterNamespace(own, NamespaceType::kPid);
  if (child < 0) return ErrnoStatus(error, "clone into pid namespace");
  while (waitpid(child, nullptr, __WALL) < 0 && errno == EINTR) {
  }
  return back;
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
  Work work = {
      .source = source.c_str(), .options = &options, .attributes = attributes};
  const absl::Status ran = RunThere(pid_namespace, &work);
  const Fd context(work.context);
  DetachedMount mount{Fd(work.mount)};
  SYSBOX_RETURN_IF_ERROR(ran);
  if (work.error != 0) return ErrnoStatus(work.error, "make procfs");
  return mount;
}

}  // namespace sysbox
