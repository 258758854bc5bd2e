// Ways to write to what was mounted read-only, or to clear another flag of a
// mount: every place to act from, every copy to act on, every call.
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>

#include "probe.h"

namespace probe {
namespace {

constexpr char kCopy[] = "/tmp/copy";
constexpr char kCopiedFile[] = "/tmp/copied-file";
constexpr char kNewRoot[] = "/tmp/new-root";
constexpr uint64_t kFlags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                            MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

bool IsDirectory(const std::string& path) {
  struct stat found;
  return stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

int OpenTree(const std::string& path, bool recursive) {
  return static_cast<int>(syscall(
      SYS_open_tree, AT_FDCWD, path.c_str(),
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0)));
}

int Attach(int tree, const std::string& target) {
  return static_cast<int>(syscall(SYS_move_mount, tree, "", AT_FDCWD,
                                  target.c_str(), MOVE_MOUNT_F_EMPTY_PATH));
}

int SetAttributes(int at, const std::string& path, uint64_t clear,
                  bool recursive) {
  struct mount_attr attributes = {};
  attributes.attr_clr = clear;
  return static_cast<int>(syscall(
      SYS_mount_setattr, at, path.c_str(),
      (path.empty() ? AT_EMPTY_PATH : 0) | (recursive ? AT_RECURSIVE : 0),
      &attributes, sizeof attributes));
}

// Places: each leaves the process where `path` can be reached as before.
int StayHere() { return 0; }
int NewMounts() { return unshare(CLONE_NEWNS); }
int NewUserAndMounts() {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return -1;
  Write("/proc/self/setgroups", "deny");
  if (Write("/proc/self/uid_map", "0 0 1") != 0) return -1;
  return Write("/proc/self/gid_map", "0 0 1");
}
int BindRoot() {
  mkdir(kNewRoot, 0755);
  return mount("/", kNewRoot, "", MS_BIND | MS_REC, nullptr);
}
int ChangeRoot() {
  if (NewMounts() != 0 || BindRoot() != 0) return -1;
  return chroot(kNewRoot) != 0 ? -1 : chdir("/");
}
int Pivot() {
  if (BindRoot() != 0 || chdir(kNewRoot) != 0) return -1;
  if (syscall(SYS_pivot_root, ".", ".") != 0) return -1;
  return umount2(".", MNT_DETACH) != 0 ? -1 : chdir("/");
}
int NewMountsPivot() { return NewMounts() != 0 ? -1 : Pivot(); }
int NewUserAndMountsPivot() { return NewUserAndMounts() != 0 ? -1 : Pivot(); }

struct Place {
  const char* name;
  int (*enter)();
};
constexpr Place kPlaces[] = {
    {"here", StayHere},
    {"mounts", NewMounts},
    {"user+mounts", NewUserAndMounts},
    {"chroot", ChangeRoot},
    {"pivot", NewMountsPivot},
    {"user+pivot", NewUserAndMountsPivot},
};

// Copies: each returns the path of one, or "" and errno.
std::string Target(const std::string& path) {
  if (IsDirectory(path)) {
    mkdir(kCopy, 0755);
    return kCopy;
  }
  close(open(kCopiedFile, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  return kCopiedFile;
}
std::string Mounted(const std::string& path, unsigned long flags) {
  const std::string target = Target(path);
  const bool done =
      mount(path.c_str(), target.c_str(), "", flags, nullptr) == 0;
  return done ? target : "";
}
std::string Itself(const std::string& path) { return path; }
std::string BindCopy(const std::string& path) { return Mounted(path, MS_BIND); }
std::string RecursiveCopy(const std::string& path) {
  return Mounted(path, MS_BIND | MS_REC);
}
std::string InCopyOfRoot(const std::string& path) {
  const bool done = !Mounted("/", MS_BIND | MS_REC).empty();
  return done ? kCopy + path : "";
}
std::string AsTree(const std::string& path) {
  const std::string target = Target(path);
  const int tree = OpenTree(path, true);
  const bool done = tree >= 0 && Attach(tree, target) == 0;
  close(tree);
  return done ? target : "";
}
std::string Moved(const std::string& path) { return Mounted(path, MS_MOVE); }

struct Copy {
  const char* name;
  std::string (*make)(const std::string& path);
};
constexpr Copy kCopies[] = {
    {"itself", Itself},        {"bind", BindCopy}, {"rbind", RecursiveCopy},
    {"in-root", InCopyOfRoot}, {"tree", AsTree},   {"moved", Moved},
};

// Lifts: each asks the kernel to clear the flags of the mount at `path`.
int Remount(const std::string& path) {
  return mount("", path.c_str(), "", MS_REMOUNT | MS_BIND, nullptr);
}
int RemountKeepingOthers(const std::string& path) {
  return mount("", path.c_str(), "",
               MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC,
               nullptr);
}
int RemountFilesystem(const std::string& path) {
  return mount("", path.c_str(), "", MS_REMOUNT, nullptr);
}
int ClearAll(const std::string& path) {
  return SetAttributes(AT_FDCWD, path, kFlags, false);
}
int ClearEach(const std::string& path) {
  int result = -1;
  for (uint64_t flag = 1; flag <= MOUNT_ATTR_NOEXEC; flag <<= 1) {
    if (SetAttributes(AT_FDCWD, path, flag, false) == 0) result = 0;
  }
  return result;
}
int ClearRecursively(const std::string& path) {
  return SetAttributes(AT_FDCWD, path, kFlags, true);
}
int ClearFromRoot(const std::string&) {
  return SetAttributes(AT_FDCWD, "/", MOUNT_ATTR_RDONLY, true);
}
std::string WriteTo(const std::string& path);
// What is written this way shows in the source.
int ClearDetached(const std::string& path) {
  const int tree = OpenTree(path, true);
  if (tree < 0) return -1;
  const int cleared = SetAttributes(tree, "", kFlags, false);
  const int error = errno;
  WriteTo("/proc/self/fd/" + std::to_string(tree));
  close(tree);
  errno = error;
  return cleared;
}
// Likewise, with the flags cleared as the copy is made (Linux 6.15).
int ClearInCopy(const std::string& path) {
  constexpr long kOpenTreeAttr = 467;
  struct mount_attr attributes = {};
  attributes.attr_clr = kFlags;
  const int tree = static_cast<int>(
      syscall(kOpenTreeAttr, AT_FDCWD, path.c_str(),
              OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE, &attributes,
              sizeof attributes));
  if (tree < 0) return -1;
  WriteTo("/proc/self/fd/" + std::to_string(tree));
  close(tree);
  return 0;
}
int Reconfigure(const std::string& path) {
  const int context = static_cast<int>(
      syscall(SYS_fspick, AT_FDCWD, path.c_str(), FSPICK_CLOEXEC));
  if (context < 0) return -1;
  syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "rw", nullptr, 0);
  const int result = static_cast<int>(syscall(
      SYS_fsconfig, context, FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr, 0));
  close(context);
  return result;
}
int Share(const std::string& path) {
  // What becomes a peer or a slave of itself is still the same mount.
  mount("", path.c_str(), "", MS_SHARED, nullptr);
  mount("", path.c_str(), "", MS_SLAVE, nullptr);
  const int remounted = Remount(path);
  const int error = errno;
  mount("", path.c_str(), "", MS_PRIVATE, nullptr);
  errno = error;
  return remounted;
}

struct Lift {
  const char* name;
  int (*clear)(const std::string& path);
};
constexpr Lift kLifts[] = {
    {"remount", Remount},
    {"remount-keeping", RemountKeepingOthers},
    {"remount-filesystem", RemountFilesystem},
    {"setattr", ClearAll},
    {"setattr-each", ClearEach},
    {"setattr-recursive", ClearRecursively},
    {"setattr-root", ClearFromRoot},
    {"detached", ClearDetached},
    {"in-copy", ClearInCopy},
    {"reconfigure", Reconfigure},
    {"share", Share},
};

std::string ErrnoName(long returned) {
  return returned >= 0 ? "OK" : strerrorname_np(errno);
}

std::string WriteTo(const std::string& path) {
  const std::string file = IsDirectory(path) ? path + "/thawed" : path;
  const int fd = open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  const std::string result = ErrnoName(fd);
  if (fd >= 0) close(fd);
  return result;
}

std::string FlagsOf(const std::string& path) {
  struct statvfs found;
  if (statvfs(path.c_str(), &found) != 0) return "?";
  constexpr struct {
    unsigned long flag;
    const char* name;
  } kNames[] = {{ST_RDONLY, "ro"},
                {ST_NOSUID, "nosuid"},
                {ST_NODEV, "nodev"},
                {ST_NOEXEC, "noexec"}};
  std::string text;
  for (const auto& name : kNames) {
    if ((found.f_flag & name.flag) == 0) continue;
    text += (text.empty() ? "" : ",") + std::string(name.name);
  }
  return text.empty() ? "-" : text;
}

void InChild(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  waitpid(child, nullptr, 0);
}

void Undo(const Copy& copy, const std::string& copied,
          const std::string& path) {
  if (copied == path) return;
  if (copy.make == Moved) {
    mount(copied.c_str(), path.c_str(), "", MS_MOVE, nullptr);
  } else {
    umount2(copy.make == InCopyOfRoot ? kCopy : copied.c_str(), MNT_DETACH);
  }
}

void Try(const Place& place, const Copy& copy, const Lift& lift,
         const std::string& path) {
  const std::string what =
      std::string(place.name) + " " + copy.name + " " + lift.name;
  if (place.enter() != 0) return Print(what + " place " + ErrnoName(-1));
  const std::string copied = copy.make(path);
  if (copied.empty()) return Print(what + " copy " + ErrnoName(-1));
  const std::string lifted = ErrnoName(lift.clear(copied));
  Print(what + " " + lifted + " " + WriteTo(copied) + " " + FlagsOf(copied));
  Undo(copy, copied, path);
}

}  // namespace

int Thaw(const Arguments& arguments) {
  for (const std::string& path : arguments) {
    for (const Place& place : kPlaces) {
      for (const Copy& copy : kCopies) {
        for (const Lift& lift : kLifts) {
          InChild([&] { Try(place, copy, lift, path); });
        }
      }
    }
  }
  return 0;
}

int ThawUnmounted(const Arguments& arguments) {
  const std::string& path = arguments.at(0);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int place = open(path.c_str(), O_PATH | O_CLOEXEC);
  const int detached = OpenTree(path, false);
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return 1;
  // Somebody whose mount namespace still has it.
  const pid_t holder = fork();
  if (holder == 0) {
    if (unshare(CLONE_NEWNS) == 0 && chdir(path.c_str()) == 0) {
      if (write(pipes[1], "!", 1) == 1) pause();
    }
    _exit(1);
  }
  char ready;
  if (read(pipes[0], &ready, 1) != 1) return 1;
  Report("umount", umount2(path.c_str(), MNT_DETACH));
  Print("image " + WriteTo(path));
  const std::string self = "/proc/self/fd/";
  const std::string other = "/proc/" + std::to_string(holder);
  for (const int fd : {file, place, detached}) {
    const std::string link = self + std::to_string(fd);
    Print("descriptor " + WriteTo(link));
    Report("remount descriptor", Remount(link));
    Report("setattr descriptor", SetAttributes(fd, "", kFlags, false));
    const std::string copied = BindCopy(link);
    if (!copied.empty()) {
      Report("remount bound descriptor", Remount(copied));
      Print("bound descriptor " + WriteTo(copied));
    }
  }
  Print("root of another " + WriteTo(other + "/root" + path));
  Print("directory of another " + WriteTo(other + "/cwd"));
  const int ns = open((other + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC);
  Report("setns", setns(ns, CLONE_NEWNS));
  Report("remount there", Remount(path));
  Report("setattr there", ClearRecursively(path));
  Print("there " + WriteTo(path));
  kill(holder, SIGKILL);
  return 0;
}

}  // namespace probe
