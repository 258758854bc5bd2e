// Which CPUs a container is shown: those its cpusets leave, as many as its
// quotas anywhere up the tree are worth, rounded up. They are renumbered from
// 0 in everything that is shown.
#ifndef SYSBOX_EMU_VIEWS_VISIBLE_CPUS_H_
#define SYSBOX_EMU_VIEWS_VISIBLE_CPUS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/resource_group.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// CPUs that `quota` of `period` microseconds are worth; nullopt without limit
// ("max", "-1"). Pure.
std::optional<double> CpusOfQuota(std::string_view quota,
                                  std::string_view period);

// The first of `allowed` that are online, at most `quota` rounded up, at
// least one. Nothing allowed means all. Pure.
std::vector<uint16_t> ChooseCpus(const std::vector<uint16_t>& online,
                                 const std::vector<uint16_t>& allowed,
                                 std::optional<double> quota);

// The host's numbers of the CPUs shown to `group`, ascending: the container
// calls the first one 0.
absl::StatusOr<std::vector<uint16_t>> ReadVisibleCpus(
    const ResourceGroup& group, HostResources& host);

// The same for a caller.
absl::StatusOr<std::vector<uint16_t>> VisibleCpusOf(ContainerView& view,
                                                    const fuse::Caller& caller);

// How many; at most some milliseconds old (group_view.h).
absl::StatusOr<size_t> CpuCountOf(ContainerView& view,
                                  const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_VISIBLE_CPUS_H_
