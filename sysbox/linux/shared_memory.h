// Memory with a descriptor, mapped: memfd_create(2), mmap(2). What is written
// stays for whoever has the descriptor, however this process ends.
#ifndef SYSBOX_LINUX_SHARED_MEMORY_H_
#define SYSBOX_LINUX_SHARED_MEMORY_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

class SharedMemory {
 public:
  // Zeros; its size is fixed.
  static absl::StatusOr<SharedMemory> Create(const std::string& name,
                                             size_t size);
  // InvalidArgument unless it is `size` bytes large and of fixed size.
  static absl::StatusOr<SharedMemory> Open(Fd memory, size_t size);
  SharedMemory(SharedMemory&& other) noexcept
      : fd_(std::move(other.fd_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(other.size_) {}
  SharedMemory& operator=(SharedMemory&&) = delete;
  ~SharedMemory();

  FdRef fd() const { return fd_; }
  void* data() const { return data_; }  // aligned to a page

 private:
  SharedMemory(Fd fd, void* data, size_t size)
      : fd_(std::move(fd)), data_(data), size_(size) {}
  static absl::StatusOr<SharedMemory> Map(Fd fd, size_t size);

  Fd fd_;
  void* data_;
  size_t size_;
};

}  // namespace sysbox

#endif  // SYSBOX_LINUX_SHARED_MEMORY_H_
