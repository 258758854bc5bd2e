#include "sysbox/trap/overlay_ground.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/clean_path.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/mounts/make_data_root.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/mounts/overlay_layers.h"
#include "sysbox/mounts/target_path.h"
#include "sysbox/oci/mount_options.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/mount_steps.h"

namespace sysbox::trap {
namespace {

using mounts::IsBelow;

// Sockets and locks that others have there would not be the same ones.
constexpr std::string_view kCommon[] = {
    "",      "/dev",     "/etc",     "/home",    "/proc",
    "/root", "/run",     "/sys",     "/tmp",     "/usr",
    "/var",  "/var/lib", "/var/log", "/var/run", "/var/tmp"};

std::string_view ParentOf(std::string_view path) {
  return path.substr(0, path.rfind('/'));
}

bool IsCommon(std::string_view path) {
  return std::find(std::begin(kCommon), std::end(kCommon), path) !=
         std::end(kCommon);
}

// The layers of the container's root file system: those of the engine's mount
// of it on the host.
absl::StatusOr<mounts::OverlayLayers> LayersOf(const Container& container) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd rootfs, Open(container.rootfs, {.flags = O_PATH | O_DIRECTORY}));
  SYSBOX_ASSIGN_OR_RETURN(const MountInfo mount, MountOf(rootfs));
  if (mount.type != "overlay" || mount.root != "/") {
    return FailedPrecondition("the root file system is no overlay");
  }
  return mounts::FindOverlayLayers(mount);
}

absl::StatusOr<Fd> NamespaceOfContainer(const Container& container) {
  SYSBOX_ASSIGN_OR_RETURN(Fd ns,
                          OpenNamespace(container.init, NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(const NamespaceId id, IdOf(ns));
  if (id == container.user_namespace) return ns;
  return FailedPrecondition("the container's init has ended");
}

// A directory on the container's root that is to be put on itself.
struct Ground {
  Fd directory;
  MountInfo mount;   // that it lies on, in the caller's mount namespace
  std::string path;  // below the overlay's root
};

// As it lies in the upper layer: id-mapped as the root is.
absl::StatusOr<DetachedMount> CloneFromUpper(const TrappedCall& call,
                                             const Ground& ground) {
  SYSBOX_ASSIGN_OR_RETURN(const mounts::OverlayLayers layers,
                          LayersOf(call.container));
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd upper,
      mounts::TakeDataRoot(layers, ground.directory, ground.path));
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount tree, CloneTree(upper, "", false));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat inside, Stat(ground.directory));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat raw, Stat(upper));
  // dockerd with userns-remap has the container's ids on the disk.
  if (raw.st_uid != inside.st_uid || raw.st_gid != inside.st_gid) {
    SYSBOX_ASSIGN_OR_RETURN(const Fd ns, NamespaceOfContainer(call.container));
    SYSBOX_RETURN_IF_ERROR(IdMapMount(tree.fd(), ns, false));
  }
  SYSBOX_RETURN_IF_ERROR(SetMountAttributes(
      tree.fd(), {.set = 0, .clear = 0, .propagation = MS_PRIVATE}, false));
  return tree;
}

// Such flags may be locked, which those of a new mount would not be.
bool IsRestricted(const MountInfo& mount) {
  const std::vector<std::string> options =
      absl::StrSplit(ToAbsl(mount.options), ',');
  return (oci::ParseMountOptions(options).attributes_set &
          mounts::kLockableAttributes) != 0;
}

// Whether it seems to be on the container's root overlay: init's root may be
// another by now. TakeDataRoot makes sure.
absl::StatusOr<bool> IsOnRoot(const TrappedCall& call, FdRef file) {
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t magic, FilesystemMagic(file));
  if (magic != OVERLAYFS_SUPER_MAGIC) return false;
  SYSBOX_ASSIGN_OR_RETURN(
      const struct stat root,
      StatAt(FdRef::Cwd(), fmt::format("/proc/{}/root", call.container.init)));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(file));
  return root.st_dev == found.st_dev;
}

// What is mounted below a ground would be hidden by it.
bool HasMountsBelow(const std::vector<MountInfo>& mounts,
                    std::string_view directory) {
  return std::any_of(mounts.begin(), mounts.end(), [&](const MountInfo& mount) {
    return IsBelow(mount.mount_point, directory);
  });
}

// The path in the overlay of a directory at `path`, on `mount`.
std::string PathInOverlay(const MountInfo& mount, const std::string& path) {
  const std::string_view below =
      mount.mount_point == "/"
          ? std::string_view(path)
          : std::string_view(path).substr(mount.mount_point.size());
  return CleanPath(fmt::format("{}/{}", mount.root, below));
}

absl::StatusOr<std::optional<Ground>> FindGround(const TrappedCall& call,
                                                 const std::string& upper) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd asked, OpenAsCaller(call.caller, AT_FDCWD, upper, O_DIRECTORY));
  SYSBOX_ASSIGN_OR_RETURN(const bool on_root, IsOnRoot(call, asked));
  if (!on_root) return std::nullopt;
  SYSBOX_ASSIGN_OR_RETURN(const std::string path, ReadLink(ProcPath(asked)));
  const std::string place = GroundFor(path);
  if (place.empty()) return std::nullopt;
  Ground ground;
  SYSBOX_ASSIGN_OR_RETURN(ground.directory, OpenAsCaller(call.caller, AT_FDCWD,
                                                         place, O_DIRECTORY));
  SYSBOX_ASSIGN_OR_RETURN(const bool same, IsOnRoot(call, ground.directory));
  SYSBOX_ASSIGN_OR_RETURN(const std::string real,
                          ReadLink(ProcPath(ground.directory)));
  SYSBOX_ASSIGN_OR_RETURN(ground.mount,
                          MountOf(ground.directory, call.caller.tid()));
  const std::string& on = ground.mount.mount_point;
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<MountInfo> mounts,
                          CallersMounts(call));
  if (!same || real != place || IsRestricted(ground.mount) ||
      !(place == on || IsBelow(place, on)) || HasMountsBelow(mounts, place)) {
    return std::nullopt;
  }
  ground.path = PathInOverlay(ground.mount, place);
  return ground;
}

}  // namespace

std::optional<std::string> UpperDirectoryOf(std::string_view options) {
  constexpr absl::string_view kKey = "upperdir=";
  if (options.find('\\') != std::string_view::npos) return std::nullopt;
  for (absl::string_view option : absl::StrSplit(ToAbsl(options), ',')) {
    if (option.substr(0, kKey.size()) != kKey) continue;
    return std::string(ToStd(option.substr(kKey.size())));
  }
  return std::nullopt;
}

std::string GroundFor(std::string_view upper) {
  const std::string_view holder = ParentOf(upper);
  const std::string_view store = ParentOf(holder);
  if (!IsCommon(store)) return std::string(store);
  return IsCommon(holder) ? "" : std::string(holder);
}

absl::Status PrepareOverlayGround(const TrappedCall& call,
                                  std::string_view options) {
  const auto upper = UpperDirectoryOf(options);
  if (!upper.has_value() || call.container.rootfs.empty()) {
    return absl::OkStatus();
  }
  SYSBOX_ASSIGN_OR_RETURN(const std::optional<Ground> ground,
                          FindGround(call, *upper));
  if (!ground.has_value()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(Fd ns, call.caller.Namespace(NamespaceType::kMount));
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount tree,
                          CloneFromUpper(call, *ground));
  if (!call.caller.Waits()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(Visit visit, Visit::Enter(ns, NamespaceType::kMount));
  return AttachMount(tree, ground->directory);
}

}  // namespace sysbox::trap
