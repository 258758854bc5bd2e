#include "integration/bench/private_world.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox::bench {
namespace {

absl::Status Mount(const char* type, const std::string& target,
                   unsigned long flags, const std::string& options) {
  if (mount(type, target.c_str(), type, flags, options.c_str()) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, fmt::format("mount {} on {}", type, target));
}

// crun 1.8 refuses a host whose cgroup v2 tree has controllers beside v1's.
absl::Status HideUnified(World* world) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<MountInfo> mounts, ReadOwnMountInfo());
  bool has_v1 = false;
  for (const MountInfo& mount : mounts) has_v1 |= mount.type == "cgroup";
  if (!has_v1) return absl::OkStatus();
  for (const MountInfo& mount : mounts) {
    if (mount.type != "cgroup2") continue;
    SYSBOX_RETURN_IF_ERROR(UnmountDetached(mount.mount_point));
    world->hid_unified = true;
  }
  return absl::OkStatus();
}

// A daemon adds an entry to /etc/subuid and /etc/subgid; not to the host's.
absl::Status CopyEtc(const World& world) {
  const std::string upper = world.volatile_dir + "/etc";
  const std::string work = world.volatile_dir + "/etc.work";
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(upper, 0755));
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(work, 0755));
  return Mount(
      "overlay", "/etc", 0,
      fmt::format("lowerdir=/etc,upperdir={},workdir={}", upper, work));
}

}  // namespace

absl::Status EnterPrivateWorld(World* world) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return ErrnoStatus(errno, "make / private");
  }
  SYSBOX_RETURN_IF_ERROR(
      Mount("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""));
  SYSBOX_RETURN_IF_ERROR(Mount("tmpfs", "/run", MS_NOSUID, "mode=0755"));
  world->volatile_dir = "/run/bench";
  world->null = "/run/bench/null";
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(world->volatile_dir, 0755));
  // Runtimes chown their standard streams to the container's root.
  SYSBOX_RETURN_IF_ERROR(
      MakeNodeAt(FdRef::Cwd(), world->null, S_IFCHR | 0666, makedev(1, 3)));
  SYSBOX_RETURN_IF_ERROR(HideUnified(world));
  return CopyEtc(*world);
}

}  // namespace sysbox::bench
