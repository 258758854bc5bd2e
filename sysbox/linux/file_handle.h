// File handles: what names a file of a filesystem for as long as it exists,
// whatever its path (name_to_handle_at(2)).
#ifndef SYSBOX_LINUX_FILE_HANDLE_H_
#define SYSBOX_LINUX_FILE_HANDLE_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

struct file_handle;

namespace sysbox {

// The bytes of a `struct file_handle`: equal for the same file, and only
// comparable within one filesystem.
using FileHandle = std::string;

// Of what the kernel reports; `available` bytes are there. InvalidArgument.
absl::StatusOr<FileHandle> FileHandleFrom(const void* handle, size_t available);

// `file` may be O_PATH. EOPNOTSUPP if its filesystem has none.
absl::StatusOr<FileHandle> FileHandleOf(FdRef file);

// Needs CAP_DAC_READ_SEARCH. `mount` is any file of the filesystem, but no
// O_PATH descriptor. ESTALE if the file is no more.
absl::StatusOr<Fd> OpenByFileHandle(FdRef mount, const FileHandle& handle,
                                    int flags);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_FILE_HANDLE_H_
