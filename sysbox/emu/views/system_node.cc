#include "sysbox/emu/views/system_node.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/views/cpu_mask.h"
#include "sysbox/emu/views/kernel_text.h"
#include "sysbox/emu/views/meminfo.h"
#include "sysbox/emu/views/visible_cpus.h"

namespace sysbox::emu::views {
namespace {

// Lines of /proc/meminfo that are not counted by node.
constexpr std::string_view kNotByNode[] = {
    "MemAvailable",   "Buffers",      "Cached",
    "SwapTotal",      "SwapFree",     "Zswap",
    "Zswapped",       "CommitLimit",  "Committed_AS",
    "VmallocTotal",   "VmallocUsed",  "VmallocChunk",
    "Percpu",         "Hugepagesize", "Hugetlb",
    "HugePages_Rsvd", "Balloon",      "HardwareCorrupted"};

bool IsByNode(std::string_view key) {
  return key.substr(0, 9) != "DirectMap" &&
         std::find(std::begin(kNotByNode), std::end(kNotByNode), key) ==
             std::end(kNotByNode);
}

}  // namespace

std::string NodeMeminfoText(std::string_view meminfo) {
  std::string text;
  uint64_t total = 0;
  ForEachLine(meminfo, [&](std::string_view line) {
    const std::string_view key = line.substr(0, line.find(':'));
    if (!IsByNode(key)) return;
    text.append("Node 0 ").append(line).push_back('\n');
    std::string_view value = line.substr(std::min(line.size(), key.size() + 1));
    if (key == "MemTotal") total = TakeNumber(&value);
    if (key != "MemFree") return;
    const uint64_t free = TakeNumber(&value);
    text += fmt::format("Node 0 MemUsed:        {:>8} kB\n",
                        total - std::min(total, free));
  });
  return text;
}

absl::StatusOr<std::string> SystemNodes(ContainerView&, const fuse::Caller&) {
  return std::string("0\n");
}

absl::StatusOr<std::string> NodeCpuMap(ContainerView& view,
                                       const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<uint16_t> cpus,
                          VisibleCpusOf(view, caller));
  std::iota(cpus.begin(), cpus.end(), uint16_t{0});
  return FormatCpuMask(cpus, cpus.size()) + "\n";
}

absl::StatusOr<std::string> NodeDistance(ContainerView&, const fuse::Caller&) {
  return std::string("10\n");
}

absl::StatusOr<std::string> NodeMeminfo(ContainerView& view,
                                        const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string meminfo, Meminfo(view, caller));
  return NodeMeminfoText(meminfo);
}

absl::StatusOr<std::string> NodeNumastat(ContainerView&, const fuse::Caller&) {
  return std::string(
      "numa_hit 0\nnuma_miss 0\nnuma_foreign 0\ninterleave_hit 0\n"
      "local_node 0\nother_node 0\n");
}

}  // namespace sysbox::emu::views
