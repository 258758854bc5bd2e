// Editing spec.mounts by destination. Destinations are compared as absolute
// paths with ".", ".." and repeated or trailing slashes taken out, never by
// the file system. Pure.
#ifndef SYSBOX_SYSCONT_MOUNT_LIST_H_
#define SYSBOX_SYSCONT_MOUNT_LIST_H_

#include <string>
#include <string_view>
#include <vector>

#include "sysbox/oci/spec.h"

namespace sysbox::syscont {

// The last mount on `destination`, the one that is seen; nullptr if none.
oci::Mount* FindMount(std::vector<oci::Mount>& mounts,
                      std::string_view destination);
void RemoveMounts(std::vector<oci::Mount>& mounts,
                  std::string_view destination);
// Removes what is mounted below, not on, `directory`.
void RemoveMountsBelow(std::vector<oci::Mount>& mounts,
                       std::string_view directory);

// Puts "ro" (or "rw") in place of either.
void SetReadOnly(oci::Mount& mount, bool read_only);

}  // namespace sysbox::syscont

#endif  // SYSBOX_SYSCONT_MOUNT_LIST_H_
