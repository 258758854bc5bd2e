#include "integration/bench/cgroup_directories.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>

#include "integration/bench/measure.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox::bench {
namespace {

constexpr double kRemovalLimitMs = 5000;
constexpr int kRetryMs = 10;

bool IsDirectory(const std::string& path) {
  const auto found = StatAt(FdRef::Cwd(), path, 0);
  return found.ok() && S_ISDIR(found->st_mode);
}

absl::Status RemoveBelow(const std::string& path) {
  const auto names = ListDirectory(path);
  if (!names.ok()) return absl::OkStatus();  // gone
  for (const std::string& name : *names) {
    const std::string child = path + "/" + name;
    if (IsDirectory(child)) SYSBOX_RETURN_IF_ERROR(RemoveBelow(child));
  }
  return RemoveDirectory(path);
}

// cpuset v1 starts out empty, and nothing can run below an empty one.
absl::Status CopyCpuset(const std::string& root, const std::string& path) {
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    const auto value = ReadFile(root + "/" + file);
    if (!value.ok()) continue;  // not the cpuset hierarchy
    SYSBOX_RETURN_IF_ERROR(WriteExisting(path + "/" + file, *value));
  }
  return absl::OkStatus();
}

// cgroup v2: hands every controller that the host has down one level.
void EnableControllers(const std::string& path) {
  const auto available = ReadFile(path + "/cgroup.controllers");
  if (!available.ok()) return;
  for (const char* name : {"cpu", "cpuset", "io", "memory", "pids"}) {
    // One that is not there is not measured, for anybody.
    (void)WriteExisting(path + "/cgroup.subtree_control",
                        fmt::format("+{}", name));
  }
}

}  // namespace

bool IsPureV2() {
  const auto root = Open("/sys/fs/cgroup", {.flags = O_PATH | O_DIRECTORY});
  if (!root.ok()) return false;
  const auto magic = FilesystemMagic(*root);
  return magic.ok() && *magic == CGROUP2_SUPER_MAGIC;
}

std::vector<std::string> CgroupRoots() {
  std::vector<std::string> roots;
  const auto mounts = ReadOwnMountInfo();
  if (!mounts.ok()) return roots;
  for (const MountInfo& mount : *mounts) {
    const bool is_cgroup = mount.type == "cgroup" || mount.type == "cgroup2";
    if (is_cgroup && mount.root == "/") roots.push_back(mount.mount_point);
  }
  return roots;
}

absl::Status MakeCgroupDirectories(const std::string& name) {
  const std::vector<std::string> roots = CgroupRoots();
  if (roots.empty()) return absl::NotFoundError("no cgroup hierarchy");
  for (const std::string& root : roots) {
    const std::string path = root + "/" + name;
    SYSBOX_RETURN_IF_ERROR(MakeDirectory(path, 0755));
    SYSBOX_RETURN_IF_ERROR(CopyCpuset(root, path));
    if (IsPureV2()) EnableControllers(path);
  }
  return absl::OkStatus();
}

absl::Status RemoveCgroupDirectories(const std::string& name) {
  const double deadline = NowMs() + kRemovalLimitMs;
  absl::Status result;
  for (const std::string& root : CgroupRoots()) {
    absl::Status removed = RemoveBelow(root + "/" + name);
    while (ErrnoOf(removed) == EBUSY && NowMs() < deadline) {
      (void)poll(nullptr, 0, kRetryMs);  // v1 has no event for "empty"
      removed = RemoveBelow(root + "/" + name);
    }
    result.Update(removed);
  }
  return result;
}

std::vector<std::string> ListCgroupDirectories() {
  std::vector<std::string> all;
  for (const std::string& root : CgroupRoots()) {
    const auto names = ListDirectory(root);
    if (names.ok()) all.insert(all.end(), names->begin(), names->end());
  }
  return all;
}

}  // namespace sysbox::bench
