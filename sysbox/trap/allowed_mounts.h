// File systems that an administrator may allow containers to mount
// (`--allow-mounts`), though the kernel would not let a user namespace: which
// there are, and which options of theirs a container may give. Pure.
#ifndef SYSBOX_TRAP_ALLOWED_MOUNTS_H_
#define SYSBOX_TRAP_ALLOWED_MOUNTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/mount.h"

namespace sysbox::trap {

struct AllowableType {
  std::string_view type;
  // Its source is a block device; else a server's name.
  bool block;
  // Each as "key" or, with the one value it may have, "key=value". Nothing
  // that names another device, file or program, or lets the host panic.
  absl::Span<const std::string_view> options;
  // Always set, whatever the image says.
  absl::Span<const FilesystemOption> forced;
  // uid= and gid= say whose all files are, whatever owners the server sends
  // (cifs takes either for forceuid, forcegid); without them, the mounter's.
  bool takes_owner = false;
};
// nullptr: nobody may allow it.
const AllowableType* FindAllowableType(std::string_view type);

// The types in `text`, separated by commas. InvalidArgument names the first
// that is none, and lists those there are.
absl::StatusOr<std::vector<std::string>> ParseAllowedMounts(
    std::string_view text);

// EPERM for an option that a container may not give.
absl::Status CheckOptions(const AllowableType& type,
                          absl::Span<const FilesystemOption> options);

// The mounter is the caller, not who mounts for it; ids are the host's.
void AddOwner(const AllowableType& type, uint32_t uid, uint32_t gid,
              std::vector<FilesystemOption>* options);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_ALLOWED_MOUNTS_H_
