// Lists of CPUs and memory nodes, as cpuset(7) writes them: "0-3,7".
#ifndef SYSBOX_CGROUPS_CPU_LIST_H_
#define SYSBOX_CGROUPS_CPU_LIST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sysbox::cgroups {

// Every number in it, in order. What is no such list is left out.
std::vector<uint16_t> ParseCpuList(std::string_view text);
// The list of ascending `numbers`, "" of none.
std::string FormatCpuList(const std::vector<uint16_t>& numbers);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_CPU_LIST_H_
