#include "integration/bench/trap_floor.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS  // Linux 6.6
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, uint64_t)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

namespace sysbox::bench {
namespace {

// Of x86-64, whose mknodat(2) is what the C library calls; mknod(2) and the new
// mount API are left to the supervisor, who has the filter, too.
int InstallFilter() {
  constexpr uint32_t kNumber = offsetof(seccomp_data, nr);
  constexpr uint32_t kMode = offsetof(seccomp_data, args[2]);
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sysinfo, 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_swapoff, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mknodat, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kMode),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, S_IFMT),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, S_IFCHR, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof code / sizeof *code, code};
  return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                  SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

struct Path {
  char text[64] = {};
};

int ReadPath(int listener, const seccomp_notif& call, int index, Path* path) {
  const iovec here = {path->text, sizeof path->text - 1};
  const iovec there = {reinterpret_cast<void*>(call.data.args[index]),
                       sizeof path->text - 1};
  const auto tid = static_cast<pid_t>(call.pid);
  if (process_vm_readv(tid, &here, 1, &there, 1, 0) <= 0) return -errno;
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call.id) == 0 ? 0
                                                                      : -ESRCH;
}

constexpr int kContinue = 1;  // no errno: the kernel is to do it

int Mount(int listener, const seccomp_notif& call,
          const DressedFloor& dressed) {
  Path target;
  Path type;
  int error = ReadPath(listener, call, 1, &target);
  if (error == 0) error = ReadPath(listener, call, 2, &type);
  if (error != 0) return error;
  return strcmp(type.text, "proc") == 0 ? dressed.Mount(target.text)
                                        : kContinue;
}

int AnswerTo(int listener, const seccomp_notif& call,
             const DressedFloor& dressed) {
  Path path;
  int error = 0;
  switch (call.data.nr) {
    case SYS_swapoff:
      return ReadPath(listener, call, 0, &path);
    case SYS_mknodat:
      error = ReadPath(listener, call, 1, &path);
      if (error != 0) return error;
      return syscall(SYS_mknod, path.text, call.data.args[2],
                     call.data.args[3]) == 0
                 ? 0
                 : -errno;
    case SYS_mount:
      return Mount(listener, call, dressed);
    default:
      return 0;
  }
}

void EndAsTheCaller(int) {
  int status = 0;
  if (waitpid(-1, &status, WNOHANG) <= 0) return;
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

[[noreturn]] void Answer(int listener, const DressedFloor& dressed) {
  seccomp_notif call;
  for (;;) {
    memset(&call, 0, sizeof call);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
    seccomp_notif_resp answer = {};
    answer.id = call.id;
    answer.error = AnswerTo(listener, call, dressed);
    if (answer.error == kContinue) {
      answer.error = 0;
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}

}  // namespace

bool StartTrapFloor(const DressedFloor& dressed) {
  if (signal(SIGCHLD, EndAsTheCaller) == SIG_ERR) return false;
  const int listener = InstallFilter();
  if (listener < 0) return false;
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS,
        SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  const pid_t caller = fork();
  if (caller < 0) return false;
  if (caller > 0) Answer(listener, dressed);
  close(listener);
  return true;
}

}  // namespace sysbox::bench
