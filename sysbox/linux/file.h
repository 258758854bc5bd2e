// Opening, reading and writing files, relative to a directory descriptor.
// Paths are trusted (host administrator's); see rooted_path.h for paths that
// a container controls.
#ifndef SYSBOX_LINUX_FILE_H_
#define SYSBOX_LINUX_FILE_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

struct OpenOptions {
  int flags = 0;  // O_*; O_CLOEXEC is always added
  mode_t mode = 0;
};

// openat(2). The error names the call and the path.
absl::StatusOr<Fd> OpenAt(FdRef dir, std::string_view path,
                          OpenOptions options);
absl::StatusOr<Fd> Open(std::string_view path, OpenOptions options);
// openat2(2) with RESOLVE_* (Linux 5.6). EAGAIN (a rename raced with "..") is
// retried a bounded number of times, then surfaces.
absl::StatusOr<Fd> OpenAt2(FdRef dir, std::string_view path,
                           OpenOptions options, uint64_t resolve);

// Whole content from the current offset; an error once over `limit` bytes.
inline constexpr size_t kReadLimit = size_t{16} << 20;
absl::StatusOr<std::string> ReadAll(FdRef fd, size_t limit = kReadLimit);
absl::StatusOr<std::string> ReadFile(std::string_view path,
                                     size_t limit = kReadLimit);
absl::StatusOr<std::string> ReadFileAt(FdRef dir, std::string_view path,
                                       size_t limit = kReadLimit);

// One read(2) of at most `size` bytes; empty at the end. EAGAIN surfaces.
absl::StatusOr<std::string> ReadSome(FdRef fd, size_t size);
// ReadAll of a file that the kernel writes as it is read (seq_file), in one
// read(2) where it is small: half a page is the last piece, as no line or text
// that did not fit behind it is longer than that.
absl::StatusOr<std::string> ReadKernelFile(FdRef fd);
// At most `size` bytes from `offset` on, fewer only at the end, whatever
// pread(2) gives at once (of sysfs, a page).
absl::StatusOr<std::string> ReadRange(FdRef fd, uint64_t offset, size_t size);
// One write(2): how many bytes it took. EAGAIN surfaces.
absl::StatusOr<size_t> WriteSome(FdRef fd, std::string_view data);

// Writes all bytes; retries short writes.
absl::Status WriteAll(FdRef fd, std::string_view data);
// One write(2) to an existing file, as procfs, sysfs and cgroupfs want it.
absl::Status WriteExisting(std::string_view path, std::string_view data);
absl::Status WriteExistingAt(FdRef dir, std::string_view path,
                             std::string_view data);
// Replaces `path` atomically: temporary file beside it, fsync, rename(2).
// `mode` is exact, whatever the umask. After a crash it is the old or the new
// file, never a part; the directory is not synced.
absl::Status ReplaceFile(std::string_view path, std::string_view data,
                         mode_t mode);
absl::Status ReplaceFileAt(FdRef dir, std::string_view name,
                           std::string_view data, mode_t mode);
// The same without fsync, for state that means nothing after a reboot.
absl::Status ReplaceVolatileFile(std::string_view path, std::string_view data,
                                 mode_t mode);

absl::StatusOr<struct stat> Stat(FdRef fd);
// Type and mode as the kernel has them, without asking whoever serves the file
// system, as for a FUSE one.
absl::StatusOr<mode_t> KnownMode(FdRef fd);
// fstatat(2); `flags` AT_SYMLINK_NOFOLLOW etc.
absl::StatusOr<struct stat> StatAt(FdRef dir, std::string_view path,
                                   int flags = 0);
// statfs(2)'s f_type, e.g. OVERLAYFS_SUPER_MAGIC.
absl::StatusOr<uint64_t> FilesystemMagic(FdRef fd);

absl::Status MakeDirectory(std::string_view path, mode_t mode);  // mkdir(2)
absl::Status MakeDirectoryAt(FdRef dir, std::string_view path, mode_t mode);
// mkdir -p; existing directories keep their mode.
absl::Status MakeDirectories(std::string_view path, mode_t mode);
absl::Status Unlink(std::string_view path);  // unlink(2)
absl::Status UnlinkAt(FdRef dir, std::string_view path, int flags);
absl::Status RemoveDirectory(std::string_view path);  // rmdir(2)
// Deletes a tree without following symlinks; other than a directory is
// unlinked. Stops with EBUSY at a mount point, also when `path` is one. Any
// depth and width, with a bounded number of descriptors. Absent: OK.
absl::Status RemoveTree(std::string_view path);
absl::Status Rename(std::string_view from, std::string_view to);
absl::Status Symlink(std::string_view target, std::string_view path);
absl::Status SymlinkAt(std::string_view target, FdRef dir,
                       std::string_view path);
absl::StatusOr<std::string> ReadLinkAt(FdRef dir, std::string_view path);
absl::StatusOr<std::string> ReadLink(std::string_view path);
// fchownat(2) with AT_EMPTY_PATH: O_PATH fds are fine.
absl::Status ChangeOwner(FdRef fd, uid_t uid, gid_t gid);
absl::Status ChangeOwnerAt(FdRef dir, std::string_view path, uid_t uid,
                           gid_t gid, int flags = 0);
absl::Status ChangeModeAt(FdRef dir, std::string_view path, mode_t mode);
// mknodat(2), and mkfifo(3) through S_IFIFO.
absl::Status MakeNodeAt(FdRef dir, std::string_view path, mode_t mode,
                        dev_t device);

// Names in a directory without "." and "..", unsorted. O_PATH fds are fine.
absl::StatusOr<std::vector<std::string>> ListDirectory(FdRef dir);
absl::StatusOr<std::vector<std::string>> ListDirectory(std::string_view path);
// One getdents64(2), what it says thrown away: a filesystem that is served from
// afar tells all about a directory's files at once.
absl::Status ReadDirectoryOnce(FdRef dir);
// faccessat(2) with F_OK; errors other than ENOENT count as existing.
bool Exists(std::string_view path);
// realpath(3) of a host path.
absl::StatusOr<std::string> RealPath(std::string_view path);

// Exclusive flock(2), released when the returned descriptor closes.
// Creates `path` with `mode` if absent. Blocks.
absl::StatusOr<Fd> LockFile(std::string_view path, mode_t mode);
// Likewise, but EWOULDBLOCK when somebody holds it.
absl::StatusOr<Fd> TryLockFile(std::string_view path, mode_t mode);

// memfd_create(2) holding `data`, sealed, at offset 0.
absl::StatusOr<Fd> MakeMemoryFile(std::string_view name, std::string_view data);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_FILE_H_
