#include "sysbox/linux/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sysbox/base/status.h"
#include "sysbox/linux/syscall_status.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U  // Linux 6.3
#endif

namespace sysbox {
namespace {

constexpr int kFixedSize = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;

}  // namespace

absl::StatusOr<SharedMemory> SharedMemory::Map(Fd fd, size_t size) {
  void* data =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) return ErrnoStatus(errno, "mmap shared memory");
  return SharedMemory(std::move(fd), data, size);
}

absl::StatusOr<SharedMemory> SharedMemory::Create(const std::string& name,
                                                  size_t size) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int number = memfd_create(name.c_str(), kFlags | MFD_NOEXEC_SEAL);
  if (number < 0 && errno == EINVAL) {
    number = memfd_create(name.c_str(), kFlags);
  }
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(number, "memfd_create", name));
  Fd fd(number);
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(
      ftruncate(fd.get(), static_cast<off_t>(size)), "ftruncate", name));
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(fcntl(fd.get(), F_ADD_SEALS, kFixedSize), "seal", name));
  return Map(std::move(fd), size);
}

absl::StatusOr<SharedMemory> SharedMemory::Open(Fd memory, size_t size) {
  struct stat status = {};
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(fstat(memory.get(), &status), "fstat", "shared memory"));
  // A file that may shrink would be a SIGBUS to come.
  const int seals = fcntl(memory.get(), F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 ||
      static_cast<size_t>(status.st_size) != size) {
    return InvalidArgument("shared memory of {} bytes, seals {:#x}",
                           status.st_size, seals);
  }
  return Map(std::move(memory), size);
}

SharedMemory::~SharedMemory() {
  if (data_ != nullptr) munmap(data_, size_);
}

}  // namespace sysbox
