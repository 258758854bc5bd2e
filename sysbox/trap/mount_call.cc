#include "sysbox/trap/mount_call.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/procfs.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/dressed_tree.h"
#include "sysbox/trap/mount_arguments.h"
#include "sysbox/trap/replicas.h"

namespace sysbox::trap {
namespace {

constexpr size_t kMaxType = 64;    // beyond it is no file system's name
constexpr size_t kMaxData = 4096;  // a page, as mount(2) takes it
constexpr ino_t kRootInode = 1;    // of procfs and sysfs

// A refusal by way of status: the kernel is to answer, in its own words.
absl::Status KernelsOwn() { return absl::UnimplementedError("the kernel's"); }

Verdict ToVerdict(const absl::Status& done) {
  if (done.ok()) return Return(0);
  if (absl::IsUnimplemented(done) && ErrnoOf(done) == 0) return LetKernel();
  return Fail(done, EPERM);
}

// The kernel asks for CAP_SYS_ADMIN in the user namespace that owns `ns`. We
// say yes only in the usual case, that this is the caller's own.
absl::Status CheckAdministers(const TrappedCall& call, FdRef ns) {
  SYSBOX_ASSIGN_OR_RETURN(CallerIdentity identity, call.caller.Identity());
  if (!identity.Can(CAP_SYS_ADMIN)) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(Fd user, call.caller.Namespace(NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(Fd owner, OwningUserNamespace(ns));
  SYSBOX_ASSIGN_OR_RETURN(NamespaceId user_id, IdOf(user));
  SYSBOX_ASSIGN_OR_RETURN(NamespaceId owner_id, IdOf(owner));
  return user_id == owner_id ? absl::OkStatus() : KernelsOwn();
}

absl::StatusOr<Fd> OpenMountNamespace(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(Fd ns, call.caller.Namespace(NamespaceType::kMount));
  SYSBOX_RETURN_IF_ERROR(CheckAdministers(call, ns));
  return ns;
}

// The kernel answers what we cannot follow.
absl::StatusOr<Fd> OpenPath(const TrappedCall& call, int argument, int flags) {
  SYSBOX_ASSIGN_OR_RETURN(std::string path, call.caller.ReadPath(argument));
  absl::StatusOr<Fd> file = OpenAsCaller(call.caller, AT_FDCWD, path, flags);
  if (!file.ok()) return KernelsOwn();
  return file;
}

absl::StatusOr<std::vector<MountInfo>> CallersMounts(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(std::string text, call.caller.ReadProc("mountinfo"));
  return ParseMountInfo(text);
}

// The root directory of a procfs or sysfs, or nullptr.
const DressedType* TypeOfRoot(FdRef file) {
  absl::StatusOr<uint64_t> magic = FilesystemMagic(file);
  if (!magic.ok()) return nullptr;
  const DressedType* type = FindDressedType(*magic);
  if (type == nullptr) return nullptr;
  absl::StatusOr<struct stat> status = Stat(file);
  return status.ok() && status->st_ino == kRootInode ? type : nullptr;
}

// A nested user namespace may see less than a new file system would show.
absl::Status CheckNotRevealing(const TrappedCall& call, std::string_view type,
                               const Wardrobe& wardrobe, bool read_only) {
  SYSBOX_ASSIGN_OR_RETURN(Fd user, call.caller.Namespace(NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(NamespaceId id, IdOf(user));
  if (id == call.container.user_namespace) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(std::vector<MountInfo> mounts, CallersMounts(call));
  return IsFullyVisible(mounts, type, wardrobe.plan(), read_only)
             ? absl::OkStatus()
             : KernelsOwn();
}

absl::StatusOr<DetachedMount> MakeFilesystem(const TrappedCall& call,
                                             std::string_view type,
                                             const NewMount& mount) {
  const bool proc = type == "proc";
  // A procfs is of the pid namespace, a sysfs of the network namespace.
  SYSBOX_ASSIGN_OR_RETURN(
      Fd ns, proc ? call.caller.PidNamespaceForChildren()
                  : call.caller.Namespace(NamespaceType::kNetwork));
  SYSBOX_RETURN_IF_ERROR(CheckAdministers(call, ns));
  if (proc) return NewProcfs(ns, mount.options, mount.attributes);
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(ns, NamespaceType::kNetwork));
  return NewFilesystem(std::string(type), std::string(type), mount.options,
                       mount.attributes);
}

// In the caller's mount namespace. `dressed`: what became of dressing `base`
// while it was detached, which kernels before Linux 6.15 refuse with EINVAL.
absl::Status Attach(const DetachedMount& base, FdRef target,
                    const absl::Status& dressed, Wardrobe& wardrobe,
                    bool read_only) {
  if (!dressed.ok() && ErrnoOf(dressed) != EINVAL) return dressed;
  SYSBOX_RETURN_IF_ERROR(AttachMount(base, target));
  return dressed.ok() ? dressed : wardrobe.Dress(base.fd(), read_only);
}

absl::StatusOr<NewMount> DecodeArguments(const TrappedCall& call,
                                         uint64_t flags) {
  std::string data;
  if (const uint64_t address = call.caller.arg(4); address != 0) {
    SYSBOX_ASSIGN_OR_RETURN(data, call.caller.ReadString(address, kMaxData));
  }
  SYSBOX_ASSIGN_OR_RETURN(IdMaps maps, call.caller.IdMapsOfNamespace());
  return DecodeNewMount(flags, data, maps);
}

absl::Status MountNew(const TrappedCall& call, uint64_t flags) {
  absl::StatusOr<std::string> name =
      call.caller.ReadString(call.caller.arg(2), kMaxType);
  const DressedType* type = name.ok() ? FindDressedType(*name) : nullptr;
  if (type == nullptr) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(Fd mount_namespace, OpenMountNamespace(call));
  SYSBOX_ASSIGN_OR_RETURN(Fd target, OpenPath(call, 1, O_DIRECTORY));
  SYSBOX_ASSIGN_OR_RETURN(Wardrobe wardrobe,
                          Wardrobe::Open(call.container, *type));
  if (wardrobe.empty()) return KernelsOwn();
  const bool read_only = (flags & MS_RDONLY) != 0;
  SYSBOX_RETURN_IF_ERROR(
      CheckNotRevealing(call, type->type, wardrobe, read_only));
  SYSBOX_ASSIGN_OR_RETURN(NewMount mount, DecodeArguments(call, flags));
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount base,
                          MakeFilesystem(call, type->type, mount));
  const absl::Status dressed = wardrobe.Dress(base.fd(), read_only);
  if (!call.caller.Waits()) return ErrnoStatus(ESRCH, "caller");
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(mount_namespace, NamespaceType::kMount));
  return Attach(base, target, dressed, wardrobe, read_only);
}

absl::Status BindOne(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(Fd source, OpenPath(call, 0, 0));
  const DressedType* type = TypeOfRoot(source);
  if (type == nullptr) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(Fd mount_namespace, OpenMountNamespace(call));
  SYSBOX_ASSIGN_OR_RETURN(Fd target, OpenPath(call, 1, O_DIRECTORY));
  SYSBOX_ASSIGN_OR_RETURN(Wardrobe wardrobe,
                          Wardrobe::Open(call.container, *type));
  if (!wardrobe.IsWornBy(source)) return KernelsOwn();
  if (!call.caller.Waits()) return ErrnoStatus(ESRCH, "caller");
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(mount_namespace, NamespaceType::kMount));
  absl::StatusOr<DetachedMount> clone = CloneTree(source, "", false);
  if (ErrnoOf(clone.status()) == EINVAL) {
    // What lies on it is locked there: it comes along by itself.
    clone = CloneTree(source, "", true);
    if (clone.ok()) return AttachMount(*clone, target);
  }
  if (!clone.ok()) return KernelsOwn();
  const absl::Status dressed = wardrobe.Dress(clone->fd(), false);
  return Attach(*clone, target, dressed, wardrobe, false);
}

// The mount `file` is on, and what goes with it; the kernel's own if anything
// else lies on it, or nothing.
struct Dressed {
  MountInfo base;
  std::vector<MountInfo> pieces;
};
absl::StatusOr<Dressed> FindDressed(const TrappedCall& call, FdRef file) {
  SYSBOX_ASSIGN_OR_RETURN(bool root, IsMountRoot(file));
  if (!root) return KernelsOwn();
  Dressed dressed;
  SYSBOX_ASSIGN_OR_RETURN(dressed.base, MountOf(file, call.caller.tid()));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<MountInfo> mounts, CallersMounts(call));
  for (const MountInfo* mount : MountsOn(mounts, dressed.base.id)) {
    dressed.pieces.push_back(*mount);
  }
  return dressed;
}

// A remount concerns one mount; its emulated files follow it.
absl::Status FollowRemount(const TrappedCall& call, uint64_t flags) {
  SYSBOX_ASSIGN_OR_RETURN(Fd target, OpenPath(call, 1, O_DIRECTORY));
  SYSBOX_ASSIGN_OR_RETURN(uint64_t magic, FilesystemMagic(target));
  if (FindDressedType(magic) == nullptr) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(Fd mount_namespace, OpenMountNamespace(call));
  SYSBOX_ASSIGN_OR_RETURN(Dressed dressed, FindDressed(call, target));
  MountAttributes attributes;
  ((flags & MS_RDONLY) != 0 ? attributes.set : attributes.clear) =
      MOUNT_ATTR_RDONLY;
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(mount_namespace, NamespaceType::kMount));
  for (const MountInfo& piece : dressed.pieces) {
    if (!IsEmulated(piece)) continue;
    const std::string below =
        piece.mount_point.substr(dressed.base.mount_point.size() + 1);
    absl::StatusOr<Fd> file = OpenBelow(target, below);
    // Locked or gone: the kernel will not let it be otherwise.
    if (file.ok()) (void)SetMountAttributes(*file, attributes, false);
  }
  return KernelsOwn();
}

absl::Status UnmountDressed(const TrappedCall& call) {
  const uint64_t flags = call.caller.arg(1);
  SYSBOX_ASSIGN_OR_RETURN(
      Fd target,
      OpenPath(call, 0, (flags & UMOUNT_NOFOLLOW) != 0 ? O_NOFOLLOW : 0));
  SYSBOX_ASSIGN_OR_RETURN(uint64_t magic, FilesystemMagic(target));
  if (FindDressedType(magic) == nullptr) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(Fd mount_namespace, OpenMountNamespace(call));
  SYSBOX_ASSIGN_OR_RETURN(Dressed dressed, FindDressed(call, target));
  if (dressed.pieces.empty()) return KernelsOwn();
  for (const MountInfo& piece : dressed.pieces) {
    if (!GoesWith(piece, dressed.base)) return KernelsOwn();  // EBUSY
  }
  if (!call.caller.Waits()) return ErrnoStatus(ESRCH, "caller");
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(mount_namespace, NamespaceType::kMount));
  SYSBOX_RETURN_IF_ERROR(ChangeDirectory(target));
  return UnmountDetached(".");
}

// A detached procfs or sysfs that is about to be attached.
absl::Status DressDetached(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(
      Fd source, call.caller.File(static_cast<int>(call.caller.arg(0))));
  const DressedType* type = TypeOfRoot(source);
  if (type == nullptr) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(Fd mount_namespace, OpenMountNamespace(call));
  SYSBOX_ASSIGN_OR_RETURN(Wardrobe wardrobe,
                          Wardrobe::Open(call.container, *type));
  if (wardrobe.empty() || wardrobe.IsWornBy(source)) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(mount_namespace, NamespaceType::kMount));
  (void)wardrobe.Dress(source, /*read_only=*/false);
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
      (void)FollowRemount(call, flags);
      return LetKernel();
    case MountAction::kOther:
      break;
  }
  return LetKernel();
}

Verdict MoveMount(const TrappedCall& call) {
  (void)DressDetached(call);  // it is the kernel's to attach, dressed or not
  return LetKernel();
}

Verdict Unmount(const TrappedCall& call) {
  return ToVerdict(UnmountDressed(call));
}

}  // namespace sysbox::trap
