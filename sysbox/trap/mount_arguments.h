// mount(2)'s flags and data, taken apart: what is asked for, as the new mount
// API says it. Pure.
#ifndef SYSBOX_TRAP_MOUNT_ARGUMENTS_H_
#define SYSBOX_TRAP_MOUNT_ARGUMENTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/mount.h"

namespace sysbox::trap {

enum class MountAction { kNew, kRemount, kBind, kOther };

// What mount(2) does with `flags`, in the order the kernel looks.
MountAction ActionOf(uint64_t flags);
// Without MS_MGC_VAL's old marker.
uint64_t WithoutMarker(uint64_t flags);

struct NewMount {
  std::vector<FilesystemOption> options;  // of the superblock
  uint64_t attributes = 0;                // MOUNT_ATTR_* of the mount
};

// Whether `options` are all of those that procfs and sysfs are given by us. A
// new kernel's may name a file ("pidns=/proc/1/ns/pid", Linux 6.18), which has
// to be looked up as the caller's.
bool NamesNoFile(const std::vector<FilesystemOption>& options);

// `data` is the comma-separated options; ids in them (uid=, gid=) are the
// caller's, who has `maps`, and become the host's. EINVAL for an id it has not,
// and for what is no plain decimal number.
absl::StatusOr<NewMount> DecodeNewMount(uint64_t flags, std::string_view data,
                                        const IdMaps& maps);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_MOUNT_ARGUMENTS_H_
