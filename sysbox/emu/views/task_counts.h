// How many tasks a container has and in which state, counted now.
#ifndef SYSBOX_EMU_VIEWS_TASK_COUNTS_H_
#define SYSBOX_EMU_VIEWS_TASK_COUNTS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/views/load_history.h"
#include "sysbox/emu/views/resource_group.h"

namespace sysbox::emu::views {

// Of `group` and all cgroups below it. Of very many cgroups only some are
// visited, of very many tasks only some are looked at, the others taken to be
// alike: the cost is bounded.
absl::StatusOr<TaskCounts> CountTasks(const ResourceGroup& group);

// The number the process has in the namespace below the reader's, out of its
// /proc/PID/status; 0 if none. Pure.
uint64_t PidInside(std::string_view status);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_TASK_COUNTS_H_
