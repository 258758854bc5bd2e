// Init's half of apply.h, up to pivot_root.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/known_device.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/apply.h"
#include "sysbox/mounts/cgroup_tree.h"
#include "sysbox/mounts/copy_up.h"
#include "sysbox/mounts/emulated_sources.h"
#include "sysbox/mounts/mount_attributes.h"
#include "sysbox/mounts/staying_mounts.h"

namespace sysbox::mounts {
namespace {

constexpr mode_t kTargetMode = 0755;

// What the ops are carried out on, one after the other.
struct Ground {
  FdRef root;
  EmulatedSources emulated;
  StayingMounts staying;
};

// Where an op's mount goes, and what the rootfs had there.
struct Target {
  Fd fd;
  bool existed = false;
  mode_t mode = 0;  // of what existed
};

absl::StatusOr<Target> FindDirectory(FdRef root, const std::string& path) {
  Target target;
  auto existing = OpenInRoot(root, path, {.flags = O_PATH | O_DIRECTORY});
  if (existing.ok()) {
    target.fd = *std::move(existing);
    target.existed = true;
    SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(target.fd));
    target.mode = found.st_mode & 07777;
    return target;
  }
  SYSBOX_ASSIGN_OR_RETURN(target.fd,
                          MakeDirectoriesInRoot(root, path, kTargetMode));
  return target;
}

// Of what the daemon serves, the kernel would wake it to ask.
absl::StatusOr<bool> IsProc(FdRef target, const EmulatedSources& emulated) {
  SYSBOX_ASSIGN_OR_RETURN(const dev_t device, KnownDevice(target));
  if (emulated.Serve(device)) return false;
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t magic, FilesystemMagic(target));
  return magic == PROC_SUPER_MAGIC;
}

// A link in the rootfs may lead anywhere below it, into /proc too, where a
// mount could hide what decides about security (CVE-2019-19921).
absl::Status CheckNotProc(const MountOp& op, FdRef target,
                          const Ground& ground) {
  if (op.over_proc) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const bool proc, IsProc(target, ground.emulated));
  // What is served there is of another file system.
  SYSBOX_ASSIGN_OR_RETURN(const bool below,
                          LiesBelowInRoot(ground.root, target, "/proc"));
  if (!proc && !below) return absl::OkStatus();
  return InvalidArgument("\"{}\" leads into /proc", op.target);
}

// proc and sysfs are trusted by their place: not by way of a symlink.
absl::Status CheckOrdinaryDirectory(FdRef root, const std::string& path) {
  auto entry = OpenInRoot(root, path, {.flags = O_PATH | O_NOFOLLOW});
  if (ErrnoOf(entry.status()) == ENOENT) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(entry.status());
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(*entry));
  if (S_ISDIR(found.st_mode)) return absl::OkStatus();
  return InvalidArgument("\"{}\" in the rootfs is not an ordinary directory",
                         path);
}

// Without its option allow_other the kernel lets nobody in but who mounted it.
absl::Status ExplainStat(FdRef mount, const absl::Status& status) {
  if (ErrnoOf(status) != EACCES) return status;
  if (FilesystemMagic(mount).value_or(0) != FUSE_SUPER_MAGIC) return status;
  return ErrnoStatus(EACCES,
                     "a FUSE file system that was mounted without allow_other");
}

absl::Status AttachPrepared(const MountOp& op, const DetachedMount& mount,
                            Ground& ground) {
  if (!mount.valid()) return absl::OkStatus();  // optional, and absent
  if (op.kind == MountOp::Kind::kHostSysfs) {
    SYSBOX_RETURN_IF_ERROR(CheckOrdinaryDirectory(ground.root, op.target));
  }
  const auto source = Stat(mount.fd());
  SYSBOX_RETURN_IF_ERROR(ExplainStat(mount.fd(), source.status()));
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd target,
      S_ISDIR(source->st_mode)
          ? MakeDirectoriesInRoot(ground.root, op.target, kTargetMode)
          : MakeFileInRoot(ground.root, op.target, kTargetMode));
  SYSBOX_RETURN_IF_ERROR(CheckNotProc(op, target, ground));
  SYSBOX_RETURN_IF_ERROR(ground.staying.CheckNotBelow(target));
  SYSBOX_RETURN_IF_ERROR(AttachMount(mount, target));
  if (op.stays) SYSBOX_RETURN_IF_ERROR(ground.staying.Add(mount.fd()));
  // What the way over the stage cannot keep.
  return op.locked ? SetPropagation(mount.fd(), op) : absl::OkStatus();
}

bool HasOption(const MountOp& op, std::string_view key) {
  return std::any_of(
      op.options.begin(), op.options.end(),
      [&](const FilesystemOption& option) { return option.key == key; });
}

// As runc: a tmpfs over an existing directory has its mode unless told.
std::vector<FilesystemOption> OptionsFor(const MountOp& op,
                                         const Target& target) {
  std::vector<FilesystemOption> options = op.options;
  if (op.type == "tmpfs" && target.existed && !HasOption(op, "mode")) {
    options.push_back({"mode", fmt::format("{:04o}", target.mode)});
  }
  return options;
}

absl::Status AttachNew(const MountOp& op, const Target& target) {
  const uint64_t late =
      op.copy_up ? op.attributes.set & MOUNT_ATTR_RDONLY : uint64_t{0};
  SYSBOX_ASSIGN_OR_RETURN(
      const DetachedMount mount,
      NewFilesystem(op.type, op.source, OptionsFor(op, target),
                    op.attributes.set & ~late));
  if (op.copy_up && target.existed) {
    SYSBOX_RETURN_IF_ERROR(CopyUp(target.fd, mount.fd()), "tmpcopyup");
  }
  MountOp rest;
  rest.attributes.set = late;
  rest.propagation = op.propagation;
  SYSBOX_RETURN_IF_ERROR(ApplyAttributes(mount.fd(), rest));
  return AttachMount(mount, target.fd);
}

absl::Status AttachFilesystem(const MountOp& op, const Ground& ground) {
  if (op.type == "proc" || op.type == "sysfs") {
    SYSBOX_RETURN_IF_ERROR(CheckOrdinaryDirectory(ground.root, op.target));
  }
  SYSBOX_ASSIGN_OR_RETURN(const Target target,
                          FindDirectory(ground.root, op.target));
  SYSBOX_RETURN_IF_ERROR(CheckNotProc(op, target.fd, ground));
  SYSBOX_RETURN_IF_ERROR(ground.staying.CheckNotBelow(target.fd));
  if (op.kind == MountOp::Kind::kCgroupTree) {
    return AttachCgroupTree(op, target.fd);
  }
  return AttachNew(op, target);
}

// The ops from `first` on that are kEmulated one after the other.
absl::Span<const MountOp> EmulatedRun(const MountPlan& plan, size_t first) {
  size_t end = first;
  while (end < plan.ops.size() &&
         plan.ops[end].kind == MountOp::Kind::kEmulated) {
    ++end;
  }
  return absl::MakeConstSpan(plan.ops).subspan(first, end - first);
}

}  // namespace

absl::Status EnterMountNamespace(const DetachedMount& stage) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd top,
                          Open("/", {.flags = O_PATH | O_DIRECTORY}));
  SYSBOX_RETURN_IF_ERROR(
      SetMountAttributes(top, {.set = 0, .clear = 0, .propagation = MS_PRIVATE},
                         true),
      "make mounts private");
  if (!stage.valid()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const Fd place,
                          Open(kHiddenPlace, {.flags = O_PATH | O_DIRECTORY}));
  return Annotate(AttachMount(stage, place), "attach locking stage");
}

absl::StatusOr<Fd> AttachRootfs(const MountPlan& plan,
                                DetachedMount& prepared_rootfs,
                                const std::string& attach_rootfs_at) {
  // What lies on "/" already cannot be moved onto it; and what stayed there
  // would be unmounted in place of the old root.
  const bool elsewhere = attach_rootfs_at != "/";
  const std::string at = !elsewhere && (plan.no_pivot || plan.rootfs.locked)
                             ? "/dev"
                             : attach_rootfs_at;
  SYSBOX_ASSIGN_OR_RETURN(const Fd target,
                          Open(at, {.flags = O_PATH | O_DIRECTORY}));
  SYSBOX_RETURN_IF_ERROR(AttachMount(prepared_rootfs, target),
                         "rootfs \"{}\": attach", plan.rootfs.path);
  return prepared_rootfs.Release();
}

absl::Status AttachMounts(const MountPlan& plan, FdRef root,
                          std::vector<DetachedMount>& prepared) {
  Ground ground = {root, EmulatedSources(), StayingMounts()};
  if (HasEmulated(plan)) {
    SYSBOX_ASSIGN_OR_RETURN(ground.emulated, EmulatedSources::Attach(prepared));
  }
  size_t next = 1;  // behind the rootfs
  for (size_t i = 0; i < plan.ops.size(); ++i) {
    const MountOp& op = plan.ops[i];
    if (op.last) continue;
    if (op.kind == MountOp::Kind::kEmulated) {
      const absl::Span<const MountOp> run = EmulatedRun(plan, i);
      SYSBOX_RETURN_IF_ERROR(ground.emulated.Bind(run, root));
      i += run.size() - 1;
      continue;
    }
    if (!NeedsLauncher(op)) {
      SYSBOX_RETURN_IF_ERROR(AttachFilesystem(op, ground), "{}: mount {} on {}",
                             op.field, op.type, op.target);
      continue;
    }
    if (next >= prepared.size()) {
      return Internal("{}: its mount was not prepared", op.field);
    }
    SYSBOX_RETURN_IF_ERROR(AttachPrepared(op, prepared[next++], ground),
                           "{}: mount {} on {}", op.field, op.source,
                           op.target);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::mounts
