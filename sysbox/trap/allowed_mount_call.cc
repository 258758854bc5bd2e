#include "sysbox/trap/allowed_mount_call.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/trap/allowed_mounts.h"
#include "sysbox/trap/caller.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/device_permission.h"
#include "sysbox/trap/mount_arguments.h"
#include "sysbox/trap/mount_steps.h"

namespace sysbox::trap {
namespace {

constexpr size_t kMaxType = 64;

// Only the container's own root: what it makes in nested user namespaces may
// be less than that on purpose.
absl::StatusOr<Fd> OpenContainersUserNamespace(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(Fd user, call.caller.Namespace(NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(NamespaceId id, IdOf(user));
  if (id != call.container.user_namespace) return KernelsOwn();
  return user;
}

absl::StatusOr<NewMount> Decode(const TrappedCall& call, uint64_t flags,
                                const AllowableType& type) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string data, ReadMountData(call));
  SYSBOX_ASSIGN_OR_RETURN(IdMaps maps, call.caller.IdMapsOfNamespace());
  SYSBOX_ASSIGN_OR_RETURN(NewMount mount, DecodeNewMount(flags, data, maps));
  SYSBOX_RETURN_IF_ERROR(CheckOptions(type, mount.options));
  SYSBOX_ASSIGN_OR_RETURN(CallerIdentity identity, call.caller.Identity());
  AddOwner(type, identity.filesystem_uid, identity.filesystem_gid,
           &mount.options);
  mount.options.insert(mount.options.end(), type.forced.begin(),
                       type.forced.end());
  // Nodes in it are the image's or the server's; so is who may be whom.
  mount.attributes |= MOUNT_ATTR_NODEV;
  if (!type.block) mount.attributes |= MOUNT_ATTR_NOSUID;
  return mount;
}

// The device that the caller names, if its cgroup allows what is asked.
absl::StatusOr<Fd> OpenDevice(const TrappedCall& call, uint64_t flags) {
  SYSBOX_ASSIGN_OR_RETURN(std::string path, call.caller.ReadPath(0));
  SYSBOX_ASSIGN_OR_RETURN(Fd device,
                          OpenAsCaller(call.caller, AT_FDCWD, path, 0));
  SYSBOX_ASSIGN_OR_RETURN(struct stat status, Stat(device));
  if (!S_ISBLK(status.st_mode)) return ErrnoStatus(ENOTBLK, path);
  SYSBOX_RETURN_IF_ERROR(CheckDevicePermission(
      call.caller, device, (flags & MS_RDONLY) != 0 ? O_RDONLY : O_RDWR));
  return device;
}

// Ids on the disk are the container's, as in its root file system.
absl::StatusOr<DetachedMount> MakeOnDevice(const TrappedCall& call,
                                           const AllowableType& type,
                                           const NewMount& mount,
                                           uint64_t flags, FdRef user) {
  SYSBOX_ASSIGN_OR_RETURN(Fd device, OpenDevice(call, flags));
  SYSBOX_ASSIGN_OR_RETURN(
      DetachedMount made,
      NewFilesystem(std::string(type.type), ProcPath(device), mount.options,
                    mount.attributes));
  SYSBOX_RETURN_IF_ERROR(IdMapMount(made.fd(), user, /*recursive=*/false));
  return made;
}

// Over the caller's network.
absl::StatusOr<DetachedMount> MakeOverNetwork(const TrappedCall& call,
                                              const AllowableType& type,
                                              const NewMount& mount) {
  SYSBOX_ASSIGN_OR_RETURN(std::string source, call.caller.ReadPath(0));
  SYSBOX_ASSIGN_OR_RETURN(Fd network,
                          call.caller.Namespace(NamespaceType::kNetwork));
  SYSBOX_RETURN_IF_ERROR(CheckAdministers(call, network));
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(network, NamespaceType::kNetwork));
  return NewFilesystem(std::string(type.type), source, mount.options,
                       mount.attributes);
}

}  // namespace

absl::Status MountAllowed(const TrappedCall& call, std::string_view name,
                          uint64_t flags) {
  const AllowableType* type = FindAllowableType(name);
  if (type == nullptr) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(Fd user, OpenContainersUserNamespace(call));
  SYSBOX_ASSIGN_OR_RETURN(Fd mount_namespace, OpenMountNamespace(call));
  SYSBOX_ASSIGN_OR_RETURN(Fd target, OpenPath(call, 1, O_DIRECTORY));
  if (call.progress.earlier() != 0 && IsNotedMount(call, target)) {
    return absl::OkStatus();
  }
  SYSBOX_ASSIGN_OR_RETURN(NewMount mount, Decode(call, flags, *type));
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount made,
                          type->block
                              ? MakeOnDevice(call, *type, mount, flags, user)
                              : MakeOverNetwork(call, *type, mount));
  if (!call.caller.Waits()) return ErrnoStatus(ESRCH, "caller");
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(mount_namespace, NamespaceType::kMount));
  NoteMount(call, made.fd());
  return AttachMount(made, target);
}

Verdict FsOpen(const TrappedCall& call) {
  absl::StatusOr<std::string> type =
      call.caller.ReadString(call.caller.arg(0), kMaxType);
  return type.ok() && call.host.AllowsMount(*type) ? Fail(ENOSYS) : LetKernel();
}

}  // namespace sysbox::trap
