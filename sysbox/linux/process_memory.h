// The memory of another process: process_vm_readv(2), /proc/PID/mem. Needs
// the right to trace it. What is read may change the next moment.
#ifndef SYSBOX_LINUX_PROCESS_MEMORY_H_
#define SYSBOX_LINUX_PROCESS_MEMORY_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// Exactly `size` bytes at `address` of thread `tid`; EFAULT if not all of them
// are there to be read.
absl::StatusOr<std::string> ReadMemory(pid_t tid, uint64_t address,
                                       size_t size);
// What there is at `address`, `limit` bytes at most; EFAULT if nothing is.
absl::StatusOr<std::string> ReadMemoryUpTo(pid_t tid, uint64_t address,
                                           size_t limit);
// The string at `address`, without its zero. At most `limit` bytes are looked
// at: ENAMETOOLONG if no zero is among them, EFAULT if memory ends before.
absl::StatusOr<std::string> ReadMemoryString(pid_t tid, uint64_t address,
                                             size_t limit);

struct MemoryPiece {
  uint64_t address = 0;
  std::string data;
};
// What lies at each of `addresses`, by one system call: 256 bytes at most, and
// none beyond the page that they begin on. EFAULT if any of that is missing.
absl::StatusOr<std::vector<MemoryPiece>> ReadMemoryPieces(
    pid_t tid, const std::vector<uint64_t>& addresses);

// /proc/TID/mem, for writing: names the address space of the moment for good,
// whoever has the number later.
absl::StatusOr<Fd> OpenMemory(pid_t tid);
// All of `data`; EFAULT where memory is missing. As a debugger writes: also
// into private memory that its owner may only read.
absl::Status WriteMemory(FdRef memory, uint64_t address, std::string_view data);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_PROCESS_MEMORY_H_
