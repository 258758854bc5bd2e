// The mount options of config.json (runtime-spec config.md "mount options",
// runc's table) as what the new mount API takes: mount attributes, superblock
// flags, propagation; what is not known is data of the filesystem. Pure.
#ifndef SYSBOX_OCI_MOUNT_OPTIONS_H_
#define SYSBOX_OCI_MOUNT_OPTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace sysbox::oci {

struct MountOptions {
  // MOUNT_ATTR_*, for mount_setattr(2) on this mount alone. Setting a kind of
  // access time clears MOUNT_ATTR__ATIME too, as the kernel demands. fsmount(2)
  // takes attributes_set. "ro" is an attribute, never a superblock flag.
  uint64_t attributes_set = 0;
  uint64_t attributes_clear = 0;
  // The same for "rro", "rnosuid", …: AT_RECURSIVE.
  uint64_t recursive_set = 0;
  uint64_t recursive_clear = 0;
  // Superblock flags by their fsconfig(2) keys, set ("sync", "dirsync",
  // "mand", "lazytime") and cleared ("async", "nomand", "nolazytime").
  std::vector<std::string> superblock_flags;
  // The same as mount(2)'s MS_* flags, with those no fsconfig key exists for:
  // MS_SILENT, MS_I_VERSION.
  uint64_t superblock_set = 0;
  uint64_t superblock_clear = 0;
  // MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, each with or without
  // MS_REC, to be applied in order.
  std::vector<uint64_t> propagation;
  bool bind = false;       // "bind" or "rbind"
  bool recursive = false;  // "rbind"
  bool remount = false;
  bool copy_up = false;           // "tmpcopyup"
  bool id_map = false;            // "idmap" or "ridmap"
  bool id_map_recursive = false;  // "ridmap"
  // Everything else, in order: "mode=755", "size=65536k", "newinstance". An
  // option with commas is taken apart, as mount(2) does.
  std::vector<std::string> data;
};

// Later options win over earlier ones. Never fails: the filesystem refuses
// data it does not know.
MountOptions ParseMountOptions(absl::Span<const std::string> options);

// Every option the table knows, sorted: for `features`.
std::vector<std::string_view> KnownMountOptions();

// linux.rootfsPropagation ("private", "rslave", …) as MS_* | MS_REC; 0 if
// there is no such mode.
uint64_t PropagationFlag(std::string_view mode);

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_MOUNT_OPTIONS_H_
