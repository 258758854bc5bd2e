#include "sysbox/trap/follow_read_only.h"

#include <fcntl.h>
#include <linux/mount.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/dressed_tree.h"
#include "sysbox/trap/mount_steps.h"
#include "sysbox/trap/replicas.h"

namespace sysbox::trap {
namespace {

// A path to a mount may lead to another: one that covers a directory above it.
bool LiesOn(const MountInfo& mount, FdRef file) {
  const absl::StatusOr<uint64_t> id = MountIdOf(file);
  return id.ok() && *id == static_cast<uint64_t>(mount.id);
}

// The emulated files that lie on `base` and are covered by nothing.
absl::StatusOr<std::vector<Fd>> EmulatedFiles(const Dressed& dressed,
                                              FdRef base,
                                              const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(Fd network,
                          call.caller.Namespace(NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(network, NamespaceType::kNetwork));
  std::vector<Fd> files;
  for (const MountInfo& piece : dressed.pieces) {
    if (!IsEmulated(piece)) continue;
    const std::string below =
        piece.mount_point.substr(dressed.base.mount_point.size() + 1);
    absl::StatusOr<Fd> file = OpenBelow(base, below);
    if (!file.ok() || !LiesOn(piece, *file)) continue;
    files.push_back(*std::move(file));
  }
  return files;
}

// Whether read-only or not is what is to change, and to what.
std::optional<bool> DecodeReadOnly(std::string_view attributes) {
  uint64_t set_and_clear[2];  // how struct mount_attr begins
  if (attributes.size() < sizeof set_and_clear) return std::nullopt;
  memcpy(set_and_clear, attributes.data(), sizeof set_and_clear);
  if ((set_and_clear[0] & MOUNT_ATTR_RDONLY) != 0) return true;
  if ((set_and_clear[1] & MOUNT_ATTR_RDONLY) != 0) return false;
  return std::nullopt;
}

absl::StatusOr<Fd> OpenTarget(const Caller& caller) {
  const int directory = static_cast<int>(caller.arg(0));
  const uint64_t flags = caller.arg(2);
  SYSBOX_ASSIGN_OR_RETURN(const std::string path, caller.ReadPath(1));
  if (path.empty() && (flags & AT_EMPTY_PATH) != 0) {
    return directory == AT_FDCWD ? caller.WorkingDirectory()
                                 : caller.File(directory);
  }
  const bool follow = (flags & AT_SYMLINK_NOFOLLOW) == 0;
  return OpenAsCaller(caller, directory, path, follow ? 0 : O_NOFOLLOW);
}

absl::Status FollowSetattr(const TrappedCall& call) {
  const Caller& caller = call.caller;
  if (caller.arg(4) < MOUNT_ATTR_SIZE_VER0) return absl::OkStatus();  // EINVAL
  SYSBOX_ASSIGN_OR_RETURN(const std::string attributes,
                          caller.Read(caller.arg(3), MOUNT_ATTR_SIZE_VER0));
  const std::optional<bool> read_only = DecodeReadOnly(attributes);
  if (!read_only) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const Fd target, OpenTarget(caller));
  return FollowReadOnly(call, target, *read_only);
}

}  // namespace

absl::Status FollowReadOnly(const TrappedCall& call, FdRef target,
                            bool read_only) {
  SYSBOX_ASSIGN_OR_RETURN(uint64_t magic, FilesystemMagic(target));
  if (FindDressedType(magic) == nullptr) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(Fd mount_namespace, OpenMountNamespace(call));
  SYSBOX_ASSIGN_OR_RETURN(Dressed dressed, FindDressed(call, target));
  if (read_only == absl::StartsWith(dressed.base.options, "ro")) {
    return absl::OkStatus();
  }
  MountAttributes attributes;
  (read_only ? attributes.set : attributes.clear) = MOUNT_ATTR_RDONLY;
  // Found from here: over there /proc is the caller's, and does not know us.
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<Fd> files,
                          EmulatedFiles(dressed, target, call));
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(mount_namespace, NamespaceType::kMount));
  for (const Fd& file : files) {
    // Locked: the kernel will not let it be otherwise.
    (void)SetMountAttributes(file, attributes, false);
  }
  return absl::OkStatus();
}

Verdict MountSetattr(const TrappedCall& call) {
  (void)FollowSetattr(call);
  return LetKernel();
}

}  // namespace sysbox::trap
