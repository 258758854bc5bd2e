// How present-day container runtimes reach /proc, and what they check about
// it: runc 1.2.8, 1.3.3, 1.4 and youki through pathrs, after CVE-2025-52881.
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "probe.h"

namespace probe {
namespace {

constexpr ino_t kProcRoot = 1;

// A handle of a whole procfs, by each way, best first.
int NewProcfs(bool processes_only) {
  const long context = syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  const int fd = static_cast<int>(context);
  if (processes_only) {
    // Kernels before 5.8 have neither; that is fine.
    syscall(SYS_fsconfig, fd, FSCONFIG_SET_STRING, "hidepid", "ptraceable", 0);
    syscall(SYS_fsconfig, fd, FSCONFIG_SET_STRING, "subset", "pid", 0);
  }
  long mount = syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, 0, 0, 0);
  if (mount == 0) {
    mount = syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC,
                    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID);
  }
  const int error = errno;
  close(fd);
  errno = error;
  return static_cast<int>(mount);
}

int CloneProcfs() {
  const long clone =
      syscall(SYS_open_tree, -EBADF, "/proc", OPEN_TREE_CLONE | O_CLOEXEC);
  if (clone >= 0) return static_cast<int>(clone);
  return static_cast<int>(syscall(SYS_open_tree, -EBADF, "/proc",
                                  OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE));
}

int OpenProcfs() {
  return open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool IsProcfs(int fd) {
  struct statfs status;
  return fstatfs(fd, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

uint64_t MountId(int fd) {
  struct statx status = {};
  if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0) return 0;
  return status.stx_mnt_id;
}

// A file below the handle that no mount covers, no link led to, and that is
// procfs's own: found first, opened after that.
long OpenChecked(int root, const std::string& path, int flags) {
  open_how how = {};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  const long found = syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
  if (found < 0) return -1;
  const int fd = static_cast<int>(found);
  errno = EXDEV;
  long opened = -1;
  if (IsProcfs(fd) && MountId(fd) == MountId(root)) {
    opened = open(("/proc/self/fd/" + std::to_string(fd)).c_str(),
                  flags | O_CLOEXEC);
  }
  const int error = errno;
  close(fd);
  errno = error;
  return opened;
}

void Try(const std::string& way, int root, const std::string& path) {
  const long fd = OpenChecked(root, path, O_RDONLY);
  Report(way + " read " + path, fd);
  if (fd >= 0) close(static_cast<int>(fd));
  const long writable = OpenChecked(root, path, O_WRONLY);
  Report(way + " write " + path, writable);
  if (writable >= 0) close(static_cast<int>(writable));
}

struct Way {
  const char* name;
  int (*open)();
};
constexpr Way kWays[] = {
    {"processes", [] { return NewProcfs(true); }},
    {"new", [] { return NewProcfs(false); }},
    {"clone", CloneProcfs},
    {"open", OpenProcfs},
};

}  // namespace

int ReachProcfs(const Arguments& paths) {
  for (const Way& way : kWays) {
    const int root = way.open();
    struct stat status = {};
    Report(way.name, root);
    if (root < 0) continue;
    if (!IsProcfs(root) || fstat(root, &status) != 0 ||
        status.st_ino != kProcRoot) {
      Print(std::string(way.name) + " IS NO PROCFS");
    }
    for (const std::string& path : paths) Try(way.name, root, path);
    close(root);
  }
  return 0;
}

// What the new mount API makes at `place`: a procfs or sysfs of one's own
// ("proc"), or a clone of what is at a path ("/proc"), alone or with what
// lies on it ("/proc*").
int MountAnew(const Arguments& arguments) {
  std::string what = arguments.at(0);
  const char* place = arguments.at(1).c_str();
  long tree = -1;
  if (what[0] != '/') {
    const long context = syscall(SYS_fsopen, what.c_str(), FSOPEN_CLOEXEC);
    Report("open", context);
    Report("create",
           syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0));
    tree = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
  } else {
    const bool all = what.back() == '*';
    if (all) what.pop_back();
    tree = syscall(SYS_open_tree, AT_FDCWD, what.c_str(),
                   OPEN_TREE_CLONE | O_CLOEXEC | (all ? AT_RECURSIVE : 0));
  }
  Report("tree", tree);
  Report("move", syscall(SYS_move_mount, tree, "", AT_FDCWD, place,
                         MOVE_MOUNT_F_EMPTY_PATH));
  return ListMounts({});
}

// As kubelet's watcher does, which wants what is yet to come, and journald,
// which wants to be woken.
int ReadKernelLog(const Arguments& arguments) {
  const char* path = arguments.at(0).c_str();
  const int reader = open(path, O_RDONLY | O_CLOEXEC);
  Report("open", reader);
  Report("seek", lseek(reader, 0, SEEK_END));
  std::array<char, 8192> record;
  Print("read " + std::to_string(read(reader, record.data(), record.size())));
  const int journal = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  Report("open for both", journal);
  epoll_event wanted = {};
  wanted.events = EPOLLIN;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  Report("epoll", epoll_ctl(epoll, EPOLL_CTL_ADD, journal, &wanted));
  Report("write", write(journal, "<6>probe: said", 14));
  Print("read " + std::to_string(read(journal, record.data(), record.size())));
  return 0;
}

}  // namespace probe
