#include "sysbox/cli/doctor_storage.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cli/doctor_trial.h"
#include "sysbox/linux/disk_space.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/mounts/apply.h"
#include "sysbox/mounts/container_identity.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::cli {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kLittleSpace = 2 * kGiB;

std::string TypeOf(const std::string& directory) {
  const auto opened = Open(directory, {.flags = O_PATH | O_DIRECTORY});
  if (!opened.ok()) return "unknown";
  const auto mount = MountOf(*opened);
  return mount.ok() ? mount->type : "unknown";
}

Finding CheckIdMapped(const DoctorHost& host, const std::string& path) {
  if (!host.user_namespace.ok()) {
    return {Health::kUnknown, "needs user namespaces", "", ""};
  }
  const std::string directory = NearestDirectory(path);
  const auto clone = CloneTree(FdRef::Cwd(), directory, /*recursive=*/false);
  if (!clone.ok()) {
    return {Health::kMissing, std::string(MessageOf(clone.status())),
            "containers cannot be given their files", ""};
  }
  const absl::Status mapped =
      IdMapMount(clone->fd(), *host.user_namespace, /*recursive=*/false);
  const std::string type = TypeOf(directory);
  if (mapped.ok()) return Ok(fmt::format("{} at {}", type, directory));
  return {
      Health::kLimited,
      fmt::format("{} at {} cannot: {}", type, directory, MessageOf(mapped)),
      "containers on it would see their files as nobody's",
      "keep it on ext4, xfs or btrfs"};
}

// Two layers with a file each below `top`.
absl::Status MakeLayers(const std::string& top) {
  for (const char* name : {"", "/lower", "/upper", "/work"}) {
    SYSBOX_RETURN_IF_ERROR(MakeDirectory(top + name, 0700));
  }
  return ReplaceVolatileFile(top + "/lower/file", "x", 0644);
}

absl::Status UseOverlay(const std::string& top, FdRef user_namespace) {
  mounts::MountPlan plan;
  plan.maps = {MapOnto(kProbeIds), MapOnto(kProbeIds)};
  plan.rootfs.kind = mounts::RootfsPlan::Kind::kIdMappedOverlay;
  plan.rootfs.path = top;
  plan.rootfs.filesystem = "overlay";
  plan.rootfs.overlay = {.lower = {top + "/lower"},
                         .data_lower = {},
                         .upper = top + "/upper",
                         .work = top + "/work",
                         .common_parent = top,
                         .options = {{"index", "off"}}};
  SYSBOX_ASSIGN_OR_RETURN(std::vector<DetachedMount> prepared,
                          mounts::PrepareMounts(plan, user_namespace));
  const FdRef root = prepared.front().fd();
  SYSBOX_ASSIGN_OR_RETURN(const struct stat seen, StatAt(root, "file"));
  if (seen.st_uid != kProbeIds.first) {
    return Internal("a file of root's shows as {}'s", seen.st_uid);
  }
  SYSBOX_ASSIGN_OR_RETURN(const mounts::ContainerIdentity identity,
                          mounts::ContainerIdentity::Assume(plan.maps));
  return MakeDirectoryAt(root, "new", 0700);
}

absl::Status TryOverlay(const std::string& top, FdRef user_namespace) {
  // What is left of it is in the way of nobody.
  absl::Cleanup remove = [&top] { (void)RemoveTree(top); };
  SYSBOX_RETURN_IF_ERROR(MakeLayers(top));
  return UseOverlay(top, user_namespace);
}

}  // namespace

Finding CheckIdMappedData(const DoctorHost& host) {
  return CheckIdMapped(host, host.data_root);
}

Finding CheckIdMappedDocker(const DoctorHost& host) {
  return CheckIdMapped(host, host.docker_root);
}

Finding CheckOverlay(const DoctorHost& host) {
  if (!host.user_namespace.ok()) {
    return {Health::kUnknown, "needs user namespaces", "", ""};
  }
  const std::string parent = NearestDirectory(host.docker_root);
  if (access(parent.c_str(), W_OK) != 0) {
    return {Health::kUnknown, fmt::format("cannot write to {}", parent), "",
            ""};
  }
  const absl::Status tried =
      TryOverlay(fmt::format("{}/.sysbox-doctor-{}",
                             parent == "/" ? "" : parent, getpid()),
                 *host.user_namespace);
  if (tried.ok())
    return Ok(fmt::format("mounted and written to on {}", TypeOf(parent)));
  return {Health::kLimited, std::string(MessageOf(tried)),
          "images of Docker cannot be used as they are",
          "run Linux 5.19 or newer, with Docker's data on ext4, xfs or btrfs"};
}

Finding CheckSpace(const DoctorHost& host) {
  std::string found;
  bool little = false;
  for (const std::string& path : {host.data_root, host.docker_root}) {
    const std::string directory = NearestDirectory(path);
    const auto space = AvailableSpace(directory);
    if (!space.ok()) {
      return {Health::kUnknown, std::string(MessageOf(space.status())), "", ""};
    }
    little = little || *space < kLittleSpace;
    found += fmt::format("{}{:.1f} GiB for {}", found.empty() ? "" : ", ",
                         static_cast<double>(*space) / kGiB, path);
  }
  if (!little) return Ok(found);
  return {Health::kLimited, found, "images and inner containers need space",
          "docker system prune"};
}

}  // namespace sysbox::cli
