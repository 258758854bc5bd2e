// What a cgroup read from and wrote to block devices, since it was made.
#ifndef SYSBOX_EMU_VIEWS_IO_USE_H_
#define SYSBOX_EMU_VIEWS_IO_USE_H_

#include <compare>
#include <cstdint>
#include <map>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/views/resource_group.h"

namespace sysbox::emu::views {

struct DeviceNumber {
  uint64_t major = 0;
  uint64_t minor = 0;
  friend auto operator<=>(const DeviceNumber&, const DeviceNumber&) = default;
};

struct IoUse {
  uint64_t reads = 0;
  uint64_t read_bytes = 0;
  uint64_t writes = 0;
  uint64_t written_bytes = 0;
  uint64_t discards = 0;
  uint64_t discarded_bytes = 0;
};
using IoUseMap = std::map<DeviceNumber, IoUse>;

// Pure: v1's blkio.throttle.io_serviced_recursive and
// io_service_bytes_recursive ("8:0 Read 4096"), and v2's io.stat.
void AddV1Counts(std::string_view text, IoUseMap* use);
void AddV1Bytes(std::string_view text, IoUseMap* use);
IoUseMap ParseV2IoStat(std::string_view text);

// Devices the group did any input or output on.
absl::StatusOr<IoUseMap> ReadIoUse(const ResourceGroup& group);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_IO_USE_H_
