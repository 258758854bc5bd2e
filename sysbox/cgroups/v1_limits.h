// Putting oci::Resources into a container's opened v1 directories, and into
// the unified one beside them on a hybrid host.
#ifndef SYSBOX_CGROUPS_V1_LIMITS_H_
#define SYSBOX_CGROUPS_V1_LIMITS_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cgroups/device_list.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/cgroups/hybrid_settings.h"
#include "sysbox/cgroups/setting.h"
#include "sysbox/linux/fd.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cgroups {

struct OpenPlace {
  const Place* place = nullptr;
  Fd outer;
  Fd child;              // invalid: not delegated
  bool created = false;  // by us, now
};

// The place that has `controller` on v1, or the unified one for "". Null if
// there is none.
const OpenPlace* FindPlace(absl::Span<const OpenPlace> places,
                           std::string_view controller);

// What `resources` comes to here. Reads the current memory limit only when
// the order of writing depends on it.
absl::StatusOr<HybridSettings> SettingsFor(const oci::Resources& resources,
                                           absl::Span<const OpenPlace> places);

// Writes to the outer directories.
absl::Status WriteOuter(const HybridSettings& settings,
                        absl::Span<const OpenPlace> places,
                        SettingWriter* writer);
// Writes to the delegated children what is to be seen there.
absl::Status WriteChildren(const HybridSettings& settings,
                           absl::Span<const OpenPlace> places,
                           SettingWriter* writer);

// Sets the device rules of directories that nothing is in yet; must precede the
// child, which inherits them. FailedPrecondition when nothing here controls
// devices.
absl::Status SetNewDevices(const DeviceList& list,
                           absl::Span<const OpenPlace> places);

// Changes the device rules of directories in use; returns what they were. On
// error they are as they were.
absl::StatusOr<DeviceList> ChangeDevices(const DeviceList& list,
                                         absl::Span<const OpenPlace> places);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V1_LIMITS_H_
