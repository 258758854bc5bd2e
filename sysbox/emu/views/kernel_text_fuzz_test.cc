// Everything that reads the kernel's text: none of it may crash, whatever a
// kernel of another version writes. "\n--\n" parts the host's from the
// cgroup's.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sysbox/emu/views/block_devices.h"
#include "sysbox/emu/views/cpu_use.h"
#include "sysbox/emu/views/cpuinfo.h"
#include "sysbox/emu/views/devices.h"
#include "sysbox/emu/views/io_use.h"
#include "sysbox/emu/views/meminfo.h"
#include "sysbox/emu/views/pressure.h"
#include "sysbox/emu/views/proc_stat.h"
#include "sysbox/emu/views/resource_group.h"
#include "sysbox/emu/views/task_counts.h"
#include "sysbox/emu/views/vmstat.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::emu::views;  // NOLINT: a fuzz target's only function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kSeparator = "\n--\n";
  const size_t cut = text.find(kSeparator);
  const std::string_view host = text.substr(0, cut);
  const std::string_view own =
      cut == std::string_view::npos ? "" : text.substr(cut + kSeparator.size());
  VmstatInput input;
  AddV1MemoryStat(own, &input.memory);
  (void)VmstatText(host, input);
  const MemoryTotals totals = TotalsOf(host, input.memory);
  if (input.memory.counted &&
      (totals.free > totals.total || totals.available > totals.total ||
       totals.swap_free > totals.swap_total)) {
    __builtin_trap();
  }
  (void)MeminfoText(host, input.memory);
  AddV2MemoryStat(own, &input.memory);
  (void)MeminfoText(host, input.memory);
  IoUseMap io = ParseV2IoStat(own);
  AddV1Counts(own, &io);
  AddV1Bytes(own, &io);
  (void)DiskstatsText(host, io);
  (void)PartitionsText(host, io);
  (void)DevicesText(host, own);
  (void)CpuinfoText(host, {0, 2});
  (void)ParseHostStat(host);
  (void)ParseV1UsageAll(own);
  (void)ParseV2CpuStat(own);
  (void)NoPressure(host);
  (void)PidInside(own);
  for (Nesting nesting : {Nesting::kContainer, Nesting::kInner}) {
    if (LimitedPath(own, nesting).size() > own.size()) __builtin_trap();
  }
  return 0;
}
