// The launcher's half of apply.h.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/apply.h"
#include "sysbox/mounts/assemble_overlay.h"
#include "sysbox/mounts/hostname_file.h"
#include "sysbox/mounts/make_data_root.h"
#include "sysbox/mounts/mapped_tree.h"
#include "sysbox/mounts/mount_attributes.h"
#include "sysbox/mounts/prepare_dev.h"

namespace sysbox::mounts {
namespace {

// All of a tree, or of a tree that has something else below what can be.
absl::Status IdMapTree(DetachedMount& tree, const std::string& source,
                       FdRef user_namespace, bool recursive) {
  const absl::Status status = IdMapMount(tree.fd(), user_namespace, recursive);
  if (!recursive || !CannotIdMap(status)) return status;
  auto mapped = CloneMountByMount(source, user_namespace);
  if (!mapped.ok()) return IdMapMount(tree.fd(), user_namespace, false);
  tree = std::move(mapped->tree);
  return mapped->top;
}

absl::StatusOr<DetachedMount> CloneRootfs(const RootfsPlan& rootfs,
                                          FdRef user_namespace) {
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount tree,
                          CloneTree(FdRef::Cwd(), rootfs.path, true));
  if (rootfs.kind == RootfsPlan::Kind::kIdMappedBind) {
    SYSBOX_RETURN_IF_ERROR(IdMapTree(tree, rootfs.path, user_namespace, true),
                           "\"{}\"", rootfs.path);
  }
  // A peer of the host's mount would carry the container's mounts there.
  SYSBOX_RETURN_IF_ERROR(SetMountAttributes(
      tree.fd(), {.set = 0, .clear = 0, .propagation = MS_PRIVATE}, true));
  return tree;
}

absl::StatusOr<DetachedMount> PrepareRootfs(
    const MountPlan& plan, FdRef user_namespace,
    std::vector<DetachedMount>& discarded) {
  if (plan.rootfs.kind == RootfsPlan::Kind::kIdMappedOverlay) {
    return AssembleOverlay(plan.rootfs, plan.maps, user_namespace, discarded);
  }
  return CloneRootfs(plan.rootfs, user_namespace);
}

// A name of the host's may stand for another device than config.json says.
absl::Status CheckDevice(const DeviceNode& wanted, FdRef source) {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(source));
  const bool same_type = (found.st_mode & S_IFMT) == (wanted.mode & S_IFMT);
  const dev_t number = makedev(wanted.major, wanted.minor);
  const bool same_device = S_ISFIFO(found.st_mode) || found.st_rdev == number;
  if (same_type && same_device) return absl::OkStatus();
  return InvalidArgument("is not device {}:{} on the host", wanted.major,
                         wanted.minor);
}

absl::StatusOr<DetachedMount> PrepareBind(const MountOp& op,
                                          FdRef user_namespace) {
  auto tree = CloneTree(FdRef::Cwd(), op.source, op.recursive);
  if (!tree.ok()) {
    if (op.optional && ErrnoOf(tree.status()) == ENOENT) return DetachedMount();
    return tree;
  }
  if (!op.devices.empty()) {
    SYSBOX_RETURN_IF_ERROR(CheckDevice(op.devices.front(), tree->fd()));
  }
  if (op.id_map && user_namespace.valid()) {
    const absl::Status mapped =
        IdMapTree(*tree, op.source, user_namespace, op.recursive);
    // Its files then show as nobody's, unless their modes let anybody in.
    const bool tolerated = !op.id_map_required && CannotIdMap(mapped);
    if (!tolerated) SYSBOX_RETURN_IF_ERROR(mapped);
  }
  SYSBOX_RETURN_IF_ERROR(ApplyAttributes(tree->fd(), op));
  return tree;
}

// Made before the container's own overlay is: what that finds in the upper
// layer must not change under it.
absl::StatusOr<std::vector<Fd>> MakeDataRoots(const MountPlan& plan) {
  std::vector<Fd> made;
  for (const MountOp& op : plan.ops) {
    if (op.kind != MountOp::Kind::kDataRoot) continue;
    SYSBOX_ASSIGN_OR_RETURN(Fd root, MakeDataRoot(plan.rootfs, op, plan.maps),
                            "{} {}", op.field, op.target);
    made.push_back(std::move(root));
  }
  return made;
}

// Before the container's own overlay is, too. Of a convenience nothing hangs
// that a rootfs which cannot be written to has to be refused for.
absl::Status MakeLinks(const MountPlan& plan) {
  for (const RootfsLink& link : plan.links) {
    SYSBOX_ASSIGN_OR_RETURN(
        const Fd rootfs,
        Open(plan.rootfs.path, {.flags = O_PATH | O_DIRECTORY}));
    const size_t slash = link.path.rfind('/');
    const auto directory =
        MakeDirectoriesInRoot(rootfs, link.path.substr(0, slash), 0755);
    if (!directory.ok()) continue;
    const std::string name = link.path.substr(slash + 1);
    if (!SymlinkAt(link.target, *directory, name).ok()) continue;
    if (plan.rootfs.kind != RootfsPlan::Kind::kPlainBind) continue;
    SYSBOX_RETURN_IF_ERROR(ChangeOwnerAt(
        *directory, name, plan.maps.uids.ToHost(0).value_or(0),
        plan.maps.gids.ToHost(0).value_or(0), AT_SYMLINK_NOFOLLOW));
  }
  return absl::OkStatus();
}

absl::StatusOr<DetachedMount> PrepareDataRoot(const MountOp& op, FdRef root,
                                              FdRef user_namespace) {
  if (!root.valid()) return DetachedMount();
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount tree, CloneTree(root, "", false));
  if (op.id_map) {
    SYSBOX_RETURN_IF_ERROR(IdMapMount(tree.fd(), user_namespace, false));
  }
  SYSBOX_RETURN_IF_ERROR(ApplyAttributes(tree.fd(), op));
  return tree;
}

// The calling thread is in that network namespace for as long as it takes. Its
// files are the host's root's, whom nobody inside is.
absl::StatusOr<DetachedMount> PrepareHostSysfs(const MountOp& op) {
  constexpr auto kNetwork = NamespaceType::kNetwork;
  SYSBOX_ASSIGN_OR_RETURN(const Fd own, OpenOwnNamespace(kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(const Fd network,
                          OpenNamespacePath(op.source, kNetwork));
  SYSBOX_RETURN_IF_ERROR(EnterNamespace(network, kNetwork));
  auto mount = NewFilesystem("sysfs", "sysfs", op.options,
                             op.attributes.set | kLockableAttributes);
  SYSBOX_RETURN_IF_ERROR(EnterNamespace(own, kNetwork), "return");
  return mount;
}

}  // namespace

bool NeedsLauncher(const MountOp& op) {
  return op.kind == MountOp::Kind::kBind || op.kind == MountOp::Kind::kDev ||
         op.kind == MountOp::Kind::kDataRoot ||
         op.kind == MountOp::Kind::kHostSysfs;
}

absl::StatusOr<std::vector<DetachedMount>> PrepareMounts(
    const MountPlan& plan, FdRef user_namespace,
    std::vector<DetachedMount>* discarded) {
  std::vector<DetachedMount> own_discarded;
  if (discarded == nullptr) discarded = &own_discarded;
  std::vector<DetachedMount> prepared;
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<Fd> data_roots,
                          MakeDataRoots(plan));
  SYSBOX_RETURN_IF_ERROR(MakeLinks(plan), "link");
  WriteHostnameFile(plan);
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount rootfs,
                          PrepareRootfs(plan, user_namespace, *discarded),
                          "rootfs");
  prepared.push_back(std::move(rootfs));
  auto data_root = data_roots.begin();
  const auto prepare = [&](const MountOp& op) -> absl::StatusOr<DetachedMount> {
    if (op.kind == MountOp::Kind::kDev) return PrepareDev(op, plan.maps);
    if (op.kind == MountOp::Kind::kBind) return PrepareBind(op, user_namespace);
    if (op.kind == MountOp::Kind::kHostSysfs) return PrepareHostSysfs(op);
    return PrepareDataRoot(op, *data_root++, user_namespace);
  };
  for (const MountOp& op : plan.ops) {
    if (!NeedsLauncher(op)) continue;
    SYSBOX_ASSIGN_OR_RETURN(DetachedMount mount, prepare(op),
                            "{}: mount {} on {}", op.field, op.source,
                            op.target);
    prepared.push_back(std::move(mount));
  }
  return prepared;
}

}  // namespace sysbox::mounts
