// The end of a container's directories, all hierarchies together.
#ifndef SYSBOX_CGROUPS_REMOVAL_H_
#define SYSBOX_CGROUPS_REMOVAL_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sysbox/cgroups/hierarchy.h"

namespace sysbox::cgroups {

// Removes every place with all below it; `child` ("": none) is the name most
// likely there, tried first since finding out is dearer than removing. While
// killed processes drain, waits: on the unified hierarchy's event where there
// is one. EBUSY with the directory's name after `limit`. Absent places are
// fine.
absl::Status RemovePlaces(const std::vector<Place>& places,
                          std::string_view child, absl::Duration limit);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_REMOVAL_H_
