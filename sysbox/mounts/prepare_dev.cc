#include "sysbox/mounts/prepare_dev.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/mounts/container_identity.h"

namespace sysbox::mounts {
namespace {

constexpr mode_t kDirectoryMode = 0755;

// The directories on the way to `path`.
absl::Status MakeParents(FdRef dev, const std::string& path) {
  for (size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const absl::Status made =
        MakeDirectoryAt(dev, path.substr(0, slash), kDirectoryMode);
    if (ErrnoOf(made) != EEXIST) SYSBOX_RETURN_IF_ERROR(made);
  }
  return absl::OkStatus();
}

absl::Status MakeNode(FdRef dev, const DeviceNode& node, const IdMaps& maps) {
  SYSBOX_RETURN_IF_ERROR(MakeParents(dev, node.path));
  SYSBOX_RETURN_IF_ERROR(
      MakeNodeAt(dev, node.path, node.mode, makedev(node.major, node.minor)));
  if (node.uid == 0 && node.gid == 0) return absl::OkStatus();
  return ChangeOwnerAt(dev, node.path, HostUid(maps, node.uid),
                       HostGid(maps, node.gid), AT_SYMLINK_NOFOLLOW);
}

absl::Status Populate(FdRef tree, const MountOp& dev, const IdMaps& maps) {
  SYSBOX_ASSIGN_OR_RETURN(const ContainerIdentity identity,
                          ContainerIdentity::Assume(maps));
  for (const DeviceNode& node : dev.devices) {
    SYSBOX_RETURN_IF_ERROR(MakeNode(tree, node, maps), "/dev/{}", node.path);
  }
  for (const DeviceLink& link : dev.links) {
    SYSBOX_RETURN_IF_ERROR(SymlinkAt(link.target, tree, link.path), "/dev/{}",
                           link.path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DetachedMount> PrepareDev(const MountOp& dev,
                                         const IdMaps& maps) {
  std::vector<FilesystemOption> options = dev.options;
  options.push_back({"uid", fmt::format("{}", HostUid(maps, 0))});
  options.push_back({"gid", fmt::format("{}", HostGid(maps, 0))});
  const uint64_t readonly = dev.attributes.set & MOUNT_ATTR_RDONLY;
  SYSBOX_ASSIGN_OR_RETURN(
      DetachedMount tree,
      NewFilesystem("tmpfs", dev.source, options,
                    dev.attributes.set & ~uint64_t{MOUNT_ATTR_RDONLY}));
  SYSBOX_RETURN_IF_ERROR(Populate(tree.fd(), dev, maps));
  if (readonly != 0) {
    SYSBOX_RETURN_IF_ERROR(SetMountAttributes(
        tree.fd(), {.set = readonly, .clear = 0, .propagation = 0}, false));
  }
  return tree;
}

}  // namespace sysbox::mounts
