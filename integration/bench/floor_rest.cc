#include "integration/bench/floor_rest.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <sstream>
#include <string>

#include "integration/bench/floor_cgroup.h"

namespace sysbox::bench {
namespace {

constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr const char* kMasked[] = {"proc/asound",        "proc/acpi",
                                   "proc/kcore",         "proc/keys",
                                   "proc/latency_stats", "proc/timer_list",
                                   "proc/timer_stats",   "proc/sched_debug",
                                   "proc/scsi",          "sys/firmware"};
constexpr const char* kReadOnly[] = {"proc/bus", "proc/fs", "proc/irq",
                                     "proc/sys", "proc/sysrq-trigger"};

// A clone of `source`, read-only on `target`.
void BindReadOnly(const char* source, const char* target) {
  int clone = Check(
      open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), source);
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  Check(
      mount_setattr(clone, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)),
      "mount_setattr");
  Check(move_mount(clone, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH),
        target);
  close(clone);
}

// "cpu,cpuacct" of "4:cpu,cpuacct:/"; "name=systemd" of the named one.
void MountHierarchy(const std::string& controllers) {
  const std::string directory =
      "sys/fs/cgroup/" + controllers.substr(controllers.find('=') + 1);
  Check(mkdir(directory.c_str(), 0755), "mkdir");
  Check(mount("cgroup", directory.c_str(), "cgroup", kFlags | MS_RDONLY,
              controllers.c_str()),
        directory.c_str());
}

}  // namespace

void BringUpLoopback() {
  int socket = Check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  ifreq request = {};
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  Check(ioctl(socket, SIOCSIFFLAGS, &request), "lo");
  close(socket);
}

void MountCgroups() {
  std::istringstream lines(ReadFile("/proc/self/cgroup"));
  if (IsV2()) {
    Check(mount("cgroup2", "sys/fs/cgroup", "cgroup2", kFlags | MS_RDONLY,
                nullptr),
          "cgroup2");
    return;
  }
  Check(mount("tmpfs", "sys/fs/cgroup", "tmpfs", kFlags, "mode=755"), "tmpfs");
  for (std::string line; std::getline(lines, line);) {
    const size_t begin = line.find(':') + 1;
    const std::string name = line.substr(begin, line.find(':', begin) - begin);
    if (!name.empty()) MountHierarchy(name);
  }
}

void WriteSysctls() {
  const std::string net = "proc/sys/net/ipv4/";
  WriteFile(net + "ip_unprivileged_port_start", "0");
  WriteFile(net + "ping_group_range", "0 65535");
}

void HidePaths() {
  struct stat found;
  for (const char* path : kMasked) {
    if (lstat(path, &found) != 0) continue;
    if (S_ISDIR(found.st_mode)) {
      Check(mount("tmpfs", path, "tmpfs", MS_RDONLY, nullptr), path);
    } else {
      BindReadOnly("dev/null", path);
    }
  }
  for (const char* path : kReadOnly) {
    if (lstat(path, &found) == 0) BindReadOnly(path, path);
  }
}

}  // namespace sysbox::bench
