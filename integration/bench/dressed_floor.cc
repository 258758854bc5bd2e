#include "integration/bench/dressed_floor.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace sysbox::bench {
namespace {

// glibc has them since 2.36, as functions that not every Debian has.
int OpenTree(int base, const char* path) {
  return static_cast<int>(
      syscall(SYS_open_tree, base, path,
              OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
}

int MoveMount(int mount, int base, const char* path) {
  return static_cast<int>(
      syscall(SYS_move_mount, mount, "", base, path, MOVE_MOUNT_F_EMPTY_PATH));
}

int NewProcfs() {
  const int context =
      static_cast<int>(syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC));
  if (context < 0) return -1;
  int mount = -1;
  if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, nullptr, nullptr,
              0) == 0) {
    mount = static_cast<int>(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0));
  }
  close(context);
  return mount;
}

}  // namespace

bool DressedFloor::Prepare(const std::string& origin,
                           const std::vector<std::string>& names) {
  const std::string directory = origin + ".directory";
  const std::string file = origin + ".file";
  mkdir(origin.c_str(), 0755);
  mkdir(directory.c_str(), 0755);
  close(open(file.c_str(), O_CREAT | O_CLOEXEC, 0644));
  if (mount("proc", origin.c_str(), "proc", 0, nullptr) != 0) return false;
  for (const std::string& name : names) {
    const std::string place = origin + "/" + name;
    struct stat status;
    if (stat(place.c_str(), &status) != 0) continue;
    const std::string& cover = S_ISDIR(status.st_mode) ? directory : file;
    if (mount(cover.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return false;
    }
    names_.push_back(name);
  }
  origin_ = open(origin.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  return origin_ >= 0;
}

int DressedFloor::Mount(const char* target) const {
  const int procfs = NewProcfs();
  if (procfs < 0) return -errno;
  int error = 0;
  // All are cloned before one is moved, as closing an unused clone waits.
  std::vector<int> clones;
  clones.reserve(names_.size());
  for (const std::string& name : names_) {
    clones.push_back(OpenTree(origin_, name.c_str()));
    if (clones.back() < 0) error = -errno;
  }
  for (size_t i = 0; i < clones.size() && error == 0; ++i) {
    if (MoveMount(clones[i], procfs, names_[i].c_str()) != 0) error = -errno;
  }
  if (error == 0 && MoveMount(procfs, AT_FDCWD, target) != 0) error = -errno;
  for (const int clone : clones) close(clone);
  close(procfs);
  return error;
}

}  // namespace sysbox::bench
