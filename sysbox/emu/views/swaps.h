// /proc/swaps of a container: the swap space it may use, as one area.
// proc_swaps(5).
#ifndef SYSBOX_EMU_VIEWS_SWAPS_H_
#define SYSBOX_EMU_VIEWS_SWAPS_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/meminfo.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

std::string SwapsText(const MemoryTotals& totals);  // pure

// Generator.
absl::StatusOr<std::string> Swaps(ContainerView& view,
                                  const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_SWAPS_H_
