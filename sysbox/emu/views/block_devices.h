// /proc/diskstats and /proc/partitions of a container: the block devices it
// did input or output on, with what it did itself. Merges and times are not
// counted by cgroup and are 0. proc_diskstats(5), proc_partitions(5).
#ifndef SYSBOX_EMU_VIEWS_BLOCK_DEVICES_H_
#define SYSBOX_EMU_VIEWS_BLOCK_DEVICES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/io_use.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// Pure. `host` is the host's file of that name, whose order is kept.
std::string DiskstatsText(std::string_view host, const IoUseMap& use);
std::string PartitionsText(std::string_view host, const IoUseMap& use);

// Generators.
absl::StatusOr<std::string> Diskstats(ContainerView& view,
                                      const fuse::Caller& caller);
absl::StatusOr<std::string> Partitions(ContainerView& view,
                                       const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_BLOCK_DEVICES_H_
