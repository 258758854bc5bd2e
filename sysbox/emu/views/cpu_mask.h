// Sets of CPUs as sysfs writes them, translated from the host's numbers to
// those a container knows. Pure. Lists are sysbox/cgroups/cpu_list.h.
#ifndef SYSBOX_EMU_VIEWS_CPU_MASK_H_
#define SYSBOX_EMU_VIEWS_CPU_MASK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sysbox::emu::views {

// "f,00000003": groups of 32 bits. What is no mask is no CPU. Ascending.
std::vector<uint16_t> ParseCpuMask(std::string_view text);
// With as many digits as `bits` CPUs take; bits beyond are left out.
std::string FormatCpuMask(const std::vector<uint16_t>& cpus, size_t bits);

// The places in `shown`, which ascends, of those CPUs that are in it.
std::vector<uint16_t> Renumber(const std::vector<uint16_t>& cpus,
                               const std::vector<uint16_t>& shown);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_CPU_MASK_H_
