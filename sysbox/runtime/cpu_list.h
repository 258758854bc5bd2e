// Lists of CPUs and memory nodes, as cpuset(7) writes them: "0-3,7".
#ifndef SYSBOX_RUNTIME_CPU_LIST_H_
#define SYSBOX_RUNTIME_CPU_LIST_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace sysbox::runtime {

// Every number in it, in order. What is no such list is left out.
std::vector<uint16_t> ParseCpuList(std::string_view text);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_CPU_LIST_H_
