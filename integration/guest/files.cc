#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "probe.h"

namespace probe {
namespace {

bool IsPidOrSelf(const std::string& name) {
  return atoi(name.c_str()) > 0 || name == "self" || name == "thread-self";
}

void Rewrite(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return;
  close(fd);
  const std::string value = Read(path);
  if (value.empty()) {
    Print(path + " OPENED");
    return;
  }
  Report(path, Write(path, value));
}

void Walk(const std::string& path, dev_t device) {
  struct stat status;
  if (lstat(path.c_str(), &status) != 0 || status.st_dev != device) return;
  if (S_ISREG(status.st_mode)) Rewrite(path);
  if (!S_ISDIR(status.st_mode)) return;
  for (const std::string& name : Names(path)) {
    if (path == "/proc" && IsPidOrSelf(name)) continue;
    Walk(path + "/" + name, device);
  }
}

void MakeAndOpen(const std::string& path, mode_t type, dev_t device) {
  Report("mknod " + path, mknod(path.c_str(), type | 0666, device));
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return;
  Report("open " + path, fd);
}

void OpenHandle(const std::string& directory, int mount, uint32_t inode) {
  // ext4's and xfs's handle of an inode: number and generation. That of the
  // root directory is the same on every host.
  alignas(file_handle) char buffer[sizeof(file_handle) + 8] = {};
  auto* handle = reinterpret_cast<file_handle*>(buffer);
  handle->handle_bytes = 8;
  handle->handle_type = 1;  // FILEID_INO32_GEN
  memcpy(handle->f_handle, &inode, sizeof inode);
  const int fd = open_by_handle_at(mount, handle, O_RDONLY | O_CLOEXEC);
  Report("handle " + directory + " " + std::to_string(inode), fd);
}

}  // namespace

// Every file below that can be opened for writing gets the value it has.
int RewriteAll(const Arguments& arguments) {
  for (const std::string& directory : arguments) {
    struct stat status;
    if (lstat(directory.c_str(), &status) == 0) {
      Walk(directory, status.st_dev);
    }
  }
  return 0;
}

int ListMounts(const Arguments&) {
  std::string text = Read("/proc/self/mountinfo");
  if (!text.empty()) text.pop_back();
  Print(text);
  return 0;
}

int MakePrivate(const Arguments& arguments) {
  for (const std::string& path : arguments) {
    Report(path, open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  }
  return 0;
}

int SetFile(const Arguments& arguments) {
  for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
    Report(arguments[i], Write(arguments[i], arguments[i + 1]));
  }
  return 0;
}

int OpenFiles(const Arguments& arguments) {
  for (const std::string& path : arguments) {
    for (int mode : {O_RDONLY, O_WRONLY}) {
      const int fd = open(path.c_str(), mode | O_NONBLOCK | O_CLOEXEC);
      Report((mode == O_RDONLY ? "read " : "write ") + path, fd);
      if (fd >= 0) close(fd);
    }
  }
  return 0;
}

int MakeDevices(const Arguments& arguments) {
  Arguments directories = arguments;
  if (mkdir("/tmp/own", 0755) == 0 &&
      mount("own", "/tmp/own", "tmpfs", 0, "") == 0) {
    directories.push_back("/tmp/own");
  }
  for (const std::string& directory : directories) {
    MakeAndOpen(directory + "/disk", S_IFBLK, makedev(254, 0));
    MakeAndOpen(directory + "/memory", S_IFCHR, makedev(1, 1));
    MakeAndOpen(directory + "/null", S_IFCHR, makedev(1, 3));
  }
  return 0;
}

int OpenHandles(const Arguments& arguments) {
  for (const std::string& directory : arguments) {
    const int mount = open(directory.c_str(), O_RDONLY | O_CLOEXEC);
    if (mount < 0) continue;
    for (uint32_t inode : {2, 64, 128}) OpenHandle(directory, mount, inode);
    close(mount);
  }
  return 0;
}

// The old ways out of a chroot, and what may lie under the root.
int ClimbOut(const Arguments& arguments) {
  const std::string& marker = arguments.at(0);
  mkdir("/tmp/jail", 0755);
  const int outside = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Report("chroot", chroot("/tmp/jail"));
  Report("fchdir", fchdir(outside));
  for (int i = 0; i < 64; ++i) {
    if (chdir("..") != 0) break;
  }
  Report("chroot out", chroot("."));
  Report("marker above", open(marker.c_str(), O_RDONLY | O_CLOEXEC));
  Report("umount /", umount2("/", MNT_DETACH));
  Report("marker below", open(marker.c_str(), O_RDONLY | O_CLOEXEC));
  Report("pivot_root", syscall(SYS_pivot_root, ".", "."));
  Report("umount .", umount2(".", MNT_DETACH));
  Report("marker after", open(marker.c_str(), O_RDONLY | O_CLOEXEC));
  return 0;
}

int SwapForever(const Arguments& arguments) {
  for (;;) {
    if (renameat2(AT_FDCWD, arguments.at(0).c_str(), AT_FDCWD,
                  arguments.at(1).c_str(), RENAME_EXCHANGE) != 0) {
      Report("swap", -1);
      return 1;
    }
  }
}

}  // namespace probe
