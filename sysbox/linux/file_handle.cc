#include "sysbox/linux/file_handle.h"

#include <fcntl.h>

#include <cstddef>
#include <cstring>

#include "sysbox/base/status.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

constexpr size_t kHeader = offsetof(struct file_handle, f_handle);

}  // namespace

absl::StatusOr<FileHandle> FileHandleFrom(const void* handle,
                                          size_t available) {
  struct file_handle header;
  if (available < kHeader) return InvalidArgument("a short file handle");
  memcpy(&header, handle, kHeader);
  if (header.handle_bytes > MAX_HANDLE_SZ ||
      header.handle_bytes > available - kHeader) {
    return InvalidArgument("a file handle of {} bytes", header.handle_bytes);
  }
  return FileHandle(static_cast<const char*>(handle),
                    kHeader + header.handle_bytes);
}

absl::StatusOr<FileHandle> FileHandleOf(FdRef file) {
  alignas(struct file_handle) char buffer[kHeader + MAX_HANDLE_SZ];
  auto* handle = reinterpret_cast<struct file_handle*>(buffer);
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount_id = 0;
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(
      name_to_handle_at(file.get(), "", handle, &mount_id, AT_EMPTY_PATH),
      "name_to_handle_at"));
  return FileHandleFrom(buffer, sizeof buffer);
}

absl::StatusOr<Fd> OpenByFileHandle(FdRef mount, const FileHandle& handle,
                                    int flags) {
  alignas(struct file_handle) char buffer[kHeader + MAX_HANDLE_SZ];
  if (handle.size() > sizeof buffer) {
    return InvalidArgument("a file handle of {} bytes", handle.size());
  }
  memcpy(buffer, handle.data(), handle.size());
  const int fd = open_by_handle_at(
      mount.get(), reinterpret_cast<struct file_handle*>(buffer),
      flags | O_CLOEXEC);
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(fd, "open_by_handle_at"));
  return Fd(fd);
}

}  // namespace sysbox
