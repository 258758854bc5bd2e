// /proc/cpuinfo of a container: the blocks of the CPUs it is shown, renumbered
// from 0, models and flags as the host's. proc_cpuinfo(5).
#ifndef SYSBOX_EMU_VIEWS_CPUINFO_H_
#define SYSBOX_EMU_VIEWS_CPUINFO_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

// `host` is the host's text, `cpus` are numbers in it, ascending. "siblings"
// and "cpu cores" count the CPUs shown. Blocks that are no processor's (ARM,
// POWER) stay. Pure.
std::string CpuinfoText(std::string_view host,
                        const std::vector<uint16_t>& cpus);

// Generator.
absl::StatusOr<std::string> Cpuinfo(ContainerView& view,
                                    const fuse::Caller& caller);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_CPUINFO_H_
