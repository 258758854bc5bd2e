#include "sysbox/linux/process_memory.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox {
namespace {

// Strings are read up to the end of a page at a time: beyond it there may be
// nothing. The smallest page of any machine will do.
constexpr uint64_t kPage = 4096;
// Most strings end before that.
constexpr size_t kFirst = 256;

// Bytes read, or -1 with errno.
ssize_t ReadSomeMemory(pid_t tid, uint64_t address, char* data, size_t size) {
  iovec local = {data, size};
  iovec remote = {reinterpret_cast<void*>(address), size};
  return process_vm_readv(tid, &local, 1, &remote, 1, 0);
}

absl::Status ReadFailure(int error, pid_t tid, uint64_t address) {
  return ErrnoStatus(error,
                     fmt::format("read memory of {} at {:#x}", tid, address));
}

}  // namespace

absl::StatusOr<std::string> ReadMemory(pid_t tid, uint64_t address,
                                       size_t size) {
  std::string data(size, '\0');
  if (size == 0) return data;
  const ssize_t count = ReadSomeMemory(tid, address, data.data(), size);
  if (count < 0) return ReadFailure(errno, tid, address);
  if (static_cast<size_t>(count) != size) {
    return ReadFailure(EFAULT, tid, address);
  }
  return data;
}

absl::StatusOr<std::string> ReadMemoryUpTo(pid_t tid, uint64_t address,
                                           size_t limit) {
  std::string data;
  while (data.size() < limit) {
    const uint64_t next = address + data.size();
    const size_t before = data.size();
    const size_t size = std::min<size_t>(limit - before, kPage - next % kPage);
    data.resize(before + size);
    const ssize_t count = ReadSomeMemory(tid, next, &data[before], size);
    data.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count == static_cast<ssize_t>(size)) continue;
    if (!data.empty()) return data;
    return ReadFailure(count < 0 ? errno : EFAULT, tid, address);
  }
  return data;
}

absl::StatusOr<std::string> ReadMemoryString(pid_t tid, uint64_t address,
                                             size_t limit) {
  std::string text;
  while (text.size() < limit) {
    if (address > std::numeric_limits<uint64_t>::max() - text.size() - kPage) {
      return ReadFailure(EFAULT, tid, address);
    }
    const uint64_t next = address + text.size();
    const size_t before = text.size();
    const size_t size = std::min<size_t>(
        {limit - before, kPage - next % kPage, before == 0 ? kFirst : kPage});
    text.resize(before + size);
    const ssize_t count = ReadSomeMemory(tid, next, &text[before], size);
    if (count < 0) return ReadFailure(errno, tid, next);
    const void* end = memchr(&text[before], '\0', static_cast<size_t>(count));
    if (end != nullptr) {
      text.resize(
          static_cast<size_t>(static_cast<const char*>(end) - text.data()));
      return text;
    }
    if (static_cast<size_t>(count) != size) {
      return ReadFailure(EFAULT, tid, next);
    }
  }
  return ReadFailure(ENAMETOOLONG, tid, address);
}

absl::StatusOr<std::vector<MemoryPiece>> ReadMemoryPieces(
    pid_t tid, const std::vector<uint64_t>& addresses) {
  std::vector<MemoryPiece> pieces(addresses.size());
  std::vector<iovec> local(addresses.size());
  std::vector<iovec> remote(addresses.size());
  size_t total = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const uint64_t address = addresses[i];
    const size_t size = std::min<size_t>(kFirst, kPage - address % kPage);
    pieces[i].address = address;
    pieces[i].data.resize(size);
    local[i] = {pieces[i].data.data(), size};
    remote[i] = {reinterpret_cast<void*>(address), size};
    total += size;
  }
  const ssize_t count = process_vm_readv(tid, local.data(), local.size(),
                                         remote.data(), remote.size(), 0);
  if (count < 0) return ErrnoStatus(errno, "read memory");
  if (static_cast<size_t>(count) != total) {
    return ErrnoStatus(EFAULT, "read memory");
  }
  return pieces;
}

absl::StatusOr<Fd> OpenMemory(pid_t tid) {
  return Open(fmt::format("/proc/{}/mem", tid), {.flags = O_RDWR});
}

absl::Status WriteMemory(FdRef memory, uint64_t address,
                         std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = pwrite64(memory.get(), data.data(), data.size(),
                                   static_cast<off64_t>(address));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const int error = count == 0 || errno == EIO ? EFAULT : errno;
      return ErrnoStatus(error, fmt::format("write memory at {:#x}", address));
    }
    data.remove_prefix(static_cast<size_t>(count));
    address += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

}  // namespace sysbox
