#include "sysbox/trap/sysinfo_call.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>

namespace sysbox::trap {
namespace {

// include/uapi/linux/sysinfo.h, with the ABI's long; the tail pads the
// 32-bit struct to 64 bytes.
template <typename Long, typename UnsignedLong>
struct Layout {
  Long uptime;
  UnsignedLong loads[3];
  UnsignedLong totalram;
  UnsignedLong freeram;
  UnsignedLong sharedram;
  UnsignedLong bufferram;
  UnsignedLong totalswap;
  UnsignedLong freeswap;
  uint16_t procs;
  uint16_t pad;
  UnsignedLong totalhigh;
  UnsignedLong freehigh;
  uint32_t mem_unit;
  char tail[20 - 2 * sizeof(UnsignedLong) - sizeof(uint32_t)];
};
using Wide = Layout<int64_t, uint64_t>;
using Narrow = Layout<int32_t, uint32_t>;
static_assert(sizeof(Wide) == 112);
static_assert(sizeof(Narrow) == 64);

template <typename T>
std::string Encode(const SystemNumbers& numbers, uint32_t unit) {
  T out;
  memset(&out, 0, sizeof out);
  out.uptime = static_cast<decltype(out.uptime)>(numbers.uptime);
  for (int i = 0; i < 3; ++i) {
    out.loads[i] = static_cast<decltype(out.totalram)>(numbers.loads[i]);
  }
  const auto scaled = [unit](uint64_t bytes) {
    return static_cast<decltype(out.totalram)>(bytes / unit);
  };
  out.totalram = scaled(numbers.total_ram);
  out.freeram = scaled(numbers.free_ram);
  out.sharedram = scaled(numbers.shared_ram);
  out.bufferram = scaled(numbers.buffer_ram);
  out.totalswap = scaled(numbers.total_swap);
  out.freeswap = scaled(numbers.free_swap);
  out.totalhigh = scaled(numbers.total_high);
  out.freehigh = scaled(numbers.free_high);
  out.procs = numbers.processes;
  out.mem_unit = unit;
  return std::string(reinterpret_cast<const char*>(&out), sizeof out);
}

uint32_t NarrowUnit(const SystemNumbers& numbers) {
  const uint64_t largest = std::max(numbers.total_ram, numbers.total_swap);
  uint32_t unit = 1;
  while (largest / unit > std::numeric_limits<uint32_t>::max()) unit <<= 1;
  // In pages at least, when not in bytes (kernel/sys.c compat_sysinfo).
  return unit == 1 ? 1 : std::max<uint32_t>(unit, 4096);
}

}  // namespace

std::string EncodeSysinfo(const SystemNumbers& numbers, bool narrow) {
  if (narrow) return Encode<Narrow>(numbers, NarrowUnit(numbers));
  return Encode<Wide>(numbers, 1);
}

Verdict Sysinfo(const TrappedCall& call) {
  absl::StatusOr<SystemNumbers> numbers =
      call.host.Numbers(call.container, call.caller.tid());
  // The host's numbers are better than none.
  if (!numbers.ok()) return LetKernel();
  const absl::Status written = call.caller.Write(
      call.caller.arg(0), EncodeSysinfo(*numbers, call.narrow()));
  return written.ok() ? Return(0) : Fail(written, EFAULT);
}

}  // namespace sysbox::trap
