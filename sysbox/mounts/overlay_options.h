// An overlay's superblock options, as mountinfo shows them, taken apart. Pure.
// Documentation/filesystems/overlayfs.rst.
#ifndef SYSBOX_MOUNTS_OVERLAY_OPTIONS_H_
#define SYSBOX_MOUNTS_OVERLAY_OPTIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/mount.h"

namespace sysbox::mounts {

struct OverlayOptions {
  // Paths as they were given to mount(2), perhaps relative; topmost first.
  std::vector<std::string> lower;
  std::vector<std::string> data_lower;
  std::string upper;
  std::string work;
  // Those that a second overlay of the same layers must be given too, to read
  // them alike. Always with index=off: an index cannot be shared by two.
  std::vector<FilesystemOption> kept;
};

// Two layers of escapes: mountinfo's octal ones around overlay's own
// backslashes in front of colons, commas and backslashes. InvalidArgument if
// there is no layer.
absl::StatusOr<OverlayOptions> ParseOverlayOptions(
    std::string_view super_options);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_OVERLAY_OPTIONS_H_
