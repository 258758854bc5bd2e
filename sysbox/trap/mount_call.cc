#include "sysbox/trap/mount_call.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/procfs.h"
#include "sysbox/trap/allowed_mount_call.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/dressed_tree.h"
#include "sysbox/trap/full_visibility.h"
#include "sysbox/trap/mount_arguments.h"
#include "sysbox/trap/mount_steps.h"
#include "sysbox/trap/overlay_ground.h"
#include "sysbox/trap/remount_call.h"
#include "sysbox/trap/standing.h"

namespace sysbox::trap {
namespace {

constexpr size_t kMaxType = 64;  // beyond it is no file system's name
constexpr ino_t kRootInode = 1;  // of procfs and sysfs

// The root directory of a procfs or sysfs, or nullptr.
const DressedType* TypeOfRoot(FdRef file) {
  absl::StatusOr<uint64_t> magic = FilesystemMagic(file);
  if (!magic.ok()) return nullptr;
  const DressedType* type = FindDressedType(*magic);
  if (type == nullptr) return nullptr;
  absl::StatusOr<struct stat> status = Stat(file);
  return status.ok() && status->st_ino == kRootInode ? type : nullptr;
}

// A procfs is of the pid namespace, a sysfs of the network namespace.
const KnownNamespace& NamespaceFor(const DressedType& type,
                                   const Standing& standing) {
  return type.magic == PROC_SUPER_MAGIC ? standing.pids : standing.network;
}

absl::StatusOr<FilesystemContext> OpenFilesystem(const DressedType& type,
                                                 const Standing& standing) {
  SYSBOX_ASSIGN_OR_RETURN(
      Visit visit, Visit::Enter(standing.network, NamespaceType::kNetwork));
  if (type.magic != PROC_SUPER_MAGIC) {
    return FilesystemContext::Open(std::string(type.type));
  }
  // Who looks at a process in that pid namespace finds its own mounts in it.
  SYSBOX_ASSIGN_OR_RETURN(Visit mounts,
                          Visit::Enter(standing.mounts, NamespaceType::kMount));
  return OpenProcfs(standing.pids.fd);
}

// In the caller's mount namespace.
absl::Status AttachTo(const TrappedCall& call, const DetachedMount& base,
                      FdRef target, const Standing& standing) {
  if (!call.caller.Waits()) return ErrnoStatus(ESRCH, "caller");
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(standing.mounts, NamespaceType::kMount));
  NoteMount(call, base.fd());
  return AttachMount(base, target);
}

// While nobody sees it. False before Linux 6.15.
absl::StatusOr<bool> DressDetached(const DetachedMount& base,
                                   const Standing& standing, Wardrobe& wardrobe,
                                   bool read_only) {
  SYSBOX_ASSIGN_OR_RETURN(const bool fetched, wardrobe.Fetch(base.fd()));
  if (!fetched) return false;
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(standing.mounts, NamespaceType::kMount));
  const absl::Status dressed = wardrobe.DressNew(base.fd(), read_only);
  if (ErrnoOf(dressed) == EINVAL) return false;
  SYSBOX_RETURN_IF_ERROR(dressed);
  return true;
}

absl::Status DressAttached(FdRef base, const Standing& standing,
                           Wardrobe& wardrobe, bool read_only) {
  SYSBOX_ASSIGN_OR_RETURN(const bool fetched, wardrobe.Fetch(base));
  if (!fetched) return ErrnoStatus(EINVAL, "clone for an attached mount");
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(standing.mounts, NamespaceType::kMount));
  return wardrobe.Dress(base, read_only);
}

// Whether a predecessor had attached its mount to `target` before it died.
// Before Linux 6.15 it may have died before it was dressed.
absl::StatusOr<bool> WasMade(const TrappedCall& call, FdRef target,
                             const Standing& standing, Wardrobe& wardrobe,
                             bool read_only) {
  if (call.progress.earlier() == 0 || !IsNotedMount(call, target)) return false;
  SYSBOX_RETURN_IF_ERROR(DressAttached(target, standing, wardrobe, read_only));
  return true;
}

// On a stay.
absl::Status Attach(const TrappedCall& call, const DetachedMount& base,
                    FdRef target, const Standing& standing, Wardrobe& wardrobe,
                    bool read_only) {
  SYSBOX_ASSIGN_OR_RETURN(const bool dressed,
                          DressDetached(base, standing, wardrobe, read_only));
  SYSBOX_RETURN_IF_ERROR(AttachTo(call, base, target, standing));
  if (dressed) return absl::OkStatus();
  return DressAttached(base.fd(), standing, wardrobe, read_only);
}

// Of one that may mount.
absl::StatusOr<Standing> FindStanding(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(Standing standing, Standing::Of(call));
  SYSBOX_RETURN_IF_ERROR(CheckAdministers(call, standing.mounts));
  return standing;
}

absl::StatusOr<NewMount> DecodeArguments(const TrappedCall& call,
                                         uint64_t flags) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string data, ReadMountData(call));
  if (data.empty()) return DecodeNewMount(flags, data, {});
  SYSBOX_ASSIGN_OR_RETURN(IdMaps maps, call.caller.IdMapsOfNamespace());
  return DecodeNewMount(flags, data, maps);
}

// The kernel's, once there is ground for it; where we cannot help, it says why.
absl::Status MountOverlay(const TrappedCall& call) {
  if (call.caller.arg(4) == 0) return KernelsOwn();
  SYSBOX_RETURN_IF_ERROR(OpenMountNamespace(call));  // may the caller mount?
  // A nested user namespace may have mounts locked over what it must not see.
  SYSBOX_ASSIGN_OR_RETURN(NamespaceId id, call.caller.UserNamespace());
  if (!(id == call.container.user_namespace)) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(const std::string data, ReadMountData(call));
  const absl::Status prepared = PrepareOverlayGround(call, data);
  if (!prepared.ok()) {
    Log(LogLevel::kDebug, "overlay in {}: no ground for it: {}",
        call.container.id, MessageOf(prepared));
  }
  return KernelsOwn();
}

absl::Status MountNew(const TrappedCall& call, uint64_t flags) {
  call.caller.Prefetch({2, 1, 0});
  absl::StatusOr<std::string> name =
      call.caller.ReadString(call.caller.arg(2), kMaxType);
  const DressedType* type = name.ok() ? FindDressedType(*name) : nullptr;
  if (name.ok() && *name == "overlay") return MountOverlay(call);
  if (type == nullptr) {
    return name.ok() && call.host.AllowsMount(*name)
               ? MountAllowed(call, *name, flags)
               : KernelsOwn();
  }
  SYSBOX_ASSIGN_OR_RETURN(const Standing standing, FindStanding(call));
  SYSBOX_ASSIGN_OR_RETURN(Fd target, OpenPath(call, 1, O_DIRECTORY));
  SYSBOX_ASSIGN_OR_RETURN(Wardrobe wardrobe,
                          Wardrobe::Open(call.container, *type, standing));
  if (wardrobe.empty()) return KernelsOwn();
  const bool read_only = (flags & MS_RDONLY) != 0;
  SYSBOX_RETURN_IF_ERROR(CheckNotRevealing(call, standing.mounts.fd, type->type,
                                           wardrobe.plan(), read_only));
  SYSBOX_ASSIGN_OR_RETURN(const bool made,
                          WasMade(call, target, standing, wardrobe, read_only));
  if (made) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(NewMount mount, DecodeArguments(call, flags));
  if (!NamesNoFile(mount.options)) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(const std::string source,
                          ReadMountSource(call, type->type));
  SYSBOX_RETURN_IF_ERROR(CheckAdministers(call, NamespaceFor(*type, standing)));
  const auto finish = [&](absl::StatusOr<FilesystemContext> context)
      -> absl::StatusOr<DetachedMount> {
    SYSBOX_RETURN_IF_ERROR(context.status());
    return FinishFilesystem(*std::move(context), source, mount.options,
                            mount.attributes);
  };
  if (wardrobe.together()) {
    const Stay stay;
    SYSBOX_ASSIGN_OR_RETURN(
        Visit visit, Visit::Enter(standing.mounts, NamespaceType::kMount));
    const auto base = finish(OpenFilesystem(*type, standing));
    if (base.ok()) {
      return Attach(call, *base, target, standing, wardrobe, read_only);
    }
    // The kernel found it too revealing there. We have looked ourselves.
    if (ErrnoOf(base.status()) != EPERM) return base.status();
    wardrobe.TakeApart();
  }
  auto context = OpenFilesystem(*type, standing);
  const Stay stay;
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount base, finish(std::move(context)));
  return Attach(call, base, target, standing, wardrobe, read_only);
}

absl::StatusOr<bool> IsReadOnly(FdRef mount) {
  SYSBOX_ASSIGN_OR_RETURN(uint64_t attributes, AccessAttributesOf(mount));
  return (attributes & MOUNT_ATTR_RDONLY) != 0;
}

// Where what lies on `source` is locked there: it comes along by itself.
absl::Status BindWhole(const TrappedCall& call, FdRef source, FdRef target,
                       const Standing& standing) {
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(standing.mounts, NamespaceType::kMount));
  const absl::StatusOr<DetachedMount> clone = CloneTree(source, "", true);
  if (!clone.ok()) return KernelsOwn();
  NoteMount(call, clone->fd());
  return AttachMount(*clone, target);
}

absl::StatusOr<DetachedMount> CloneOf(FdRef source, const Standing& standing) {
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(standing.mounts, NamespaceType::kMount));
  return CloneAlone(source, "", /*recursive=*/false);
}

absl::Status BindOne(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(Fd source, OpenPath(call, 0, 0));
  const DressedType* type = TypeOfRoot(source);
  if (type == nullptr) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(const Standing standing, FindStanding(call));
  SYSBOX_ASSIGN_OR_RETURN(Fd target, OpenPath(call, 1, O_DIRECTORY));
  SYSBOX_ASSIGN_OR_RETURN(Wardrobe wardrobe,
                          Wardrobe::Open(call.container, *type, standing));
  if (!wardrobe.IsWornBy(source)) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(const bool read_only, IsReadOnly(source));
  SYSBOX_ASSIGN_OR_RETURN(const bool made,
                          WasMade(call, target, standing, wardrobe, read_only));
  if (made) return absl::OkStatus();
  if (!call.caller.Waits()) return ErrnoStatus(ESRCH, "caller");
  const absl::StatusOr<DetachedMount> clone = CloneOf(source, standing);
  if (ErrnoOf(clone.status()) == EINVAL) {
    return BindWhole(call, source, target, standing);
  }
  if (!clone.ok()) return KernelsOwn();
  const Stay stay;
  return Attach(call, *clone, target, standing, wardrobe, read_only);
}

// A detached procfs or sysfs that is about to be attached.
absl::Status DressCallers(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(
      Fd source, call.caller.File(static_cast<int>(call.caller.arg(0))));
  const DressedType* type = TypeOfRoot(source);
  if (type == nullptr) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(const Standing standing, FindStanding(call));
  SYSBOX_ASSIGN_OR_RETURN(Wardrobe wardrobe,
                          Wardrobe::Open(call.container, *type, standing));
  const bool begun = call.progress.earlier() != 0;  // and not finished
  if (wardrobe.empty() || (!begun && wardrobe.IsWornBy(source))) {
    return KernelsOwn();
  }
  SYSBOX_ASSIGN_OR_RETURN(const bool read_only, IsReadOnly(source));
  const Stay stay;
  SYSBOX_ASSIGN_OR_RETURN(const bool fetched, wardrobe.Fetch(source));
  if (!fetched) return KernelsOwn();
  call.progress.Note(1);
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(standing.mounts, NamespaceType::kMount));
  // What open_tree(2) gave may be a peer of what is attached somewhere.
  if (MakePrivate(source).ok()) {
    (void)wardrobe.Dress(source, read_only);
  }
  return KernelsOwn();
}

}  // namespace

Verdict Mount(const TrappedCall& call) {
  const uint64_t flags = WithoutMarker(call.caller.arg(3));
  switch (ActionOf(flags)) {
    case MountAction::kNew:
      return ToVerdict(MountNew(call, flags));
    case MountAction::kBind:
      return ToVerdict(BindOne(call));
    case MountAction::kRemount:
      return ToVerdict(Remount(call, flags));
    case MountAction::kOther:
      break;
  }
  return LetKernel();
}

Verdict MoveMount(const TrappedCall& call) {
  (void)DressCallers(call);  // it is the kernel's to attach, dressed or not
  return LetKernel();
}

}  // namespace sysbox::trap
