#include "sysbox/linux/file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/syscall_status.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace sysbox {
namespace {

absl::Status WriteOnce(FdRef fd, std::string_view data, std::string_view path) {
  const ssize_t written =
      TEMP_FAILURE_RETRY(write(fd.get(), data.data(), data.size()));
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(written, "write", path));
  if (static_cast<size_t>(written) == data.size()) return absl::OkStatus();
  return ErrnoStatus(
      EIO, fmt::format("write {}: {} of {} bytes", path, written, data.size()));
}

// A name beside `path` that nobody else uses.
absl::StatusOr<std::string> TemporaryName(std::string_view path) {
  uint64_t random = 0;
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(TEMP_FAILURE_RETRY(getrandom(&random, sizeof random, 0)),
                    "getrandom", path));
  const size_t slash = path.rfind('/');
  const size_t base = slash == std::string_view::npos ? 0 : slash + 1;
  return fmt::format("{}.{}.{:016x}", path.substr(0, base), path.substr(base),
                     random);
}

enum class Durability { kSynced, kVolatile };

absl::StatusOr<Fd> OpenLocked(std::string_view path, mode_t mode, int lock) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_NOFOLLOW;
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, Open(path, {.flags = kFlags, .mode = mode}));
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(TEMP_FAILURE_RETRY(flock(fd.get(), lock)), "flock", path));
  return fd;
}

absl::Status FillFile(FdRef fd, std::string_view data, mode_t mode,
                      Durability durability) {
  SYSBOX_RETURN_IF_ERROR(WriteAll(fd, data));
  if (fchmod(fd.get(), mode) != 0) {
    const int error = errno;
    return ErrnoStatus(error, "fchmod");
  }
  if (durability == Durability::kSynced && fsync(fd.get()) != 0) {
    const int error = errno;
    return ErrnoStatus(error, "fsync");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Fd> OpenAt(FdRef dir, std::string_view path,
                          OpenOptions options) {
  const int fd =
      TEMP_FAILURE_RETRY(openat(dir.get(), std::string(path).c_str(),
                                options.flags | O_CLOEXEC, options.mode));
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(fd, "open", path));
  return Fd(fd);
}

absl::StatusOr<Fd> Open(std::string_view path, OpenOptions options) {
  return OpenAt(FdRef::Cwd(), path, options);
}

absl::StatusOr<Fd> OpenAt2(FdRef dir, std::string_view path,
                           OpenOptions options, uint64_t resolve) {
  // A container that renames without end makes each attempt fail with a
  // likelihood of nine in ten, on the whole host.
  constexpr int kMaxRaces = 4096;
  open_how how = {};
  how.flags = static_cast<uint32_t>(options.flags | O_CLOEXEC);
  // Strict, unlike openat(2): a mode without something to create is EINVAL.
  if ((options.flags & O_CREAT) != 0) how.mode = options.mode & 07777;
  how.resolve = resolve;
  const std::string name(path);
  long fd = -1;
  for (int race = 0; race < kMaxRaces; ++race) {
    fd = syscall(SYS_openat2, dir.get(), name.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(fd, "open", path));
  return Fd(static_cast<int>(fd));
}

absl::StatusOr<std::string> ReadAll(FdRef fd, size_t limit) {
  // One byte more than allowed tells "just fits" from "too long".
  const size_t most = limit == SIZE_MAX ? limit : limit + 1;
  std::string content;
  size_t size = 0;
  for (;;) {
    if (content.size() == size) {
      content.resize(std::min(std::max<size_t>(4096, size * 2), most));
    }
    const ssize_t count = TEMP_FAILURE_RETRY(
        read(fd.get(), content.data() + size, content.size() - size));
    SYSBOX_RETURN_IF_ERROR(
        SyscallStatus(count, "read descriptor", std::to_string(fd.get())));
    size += static_cast<size_t>(count);
    if (size > limit) {
      return ErrnoStatus(EFBIG, fmt::format("read: over {} bytes", limit));
    }
    if (count == 0) break;
  }
  content.resize(size);
  return content;
}

absl::StatusOr<std::string> ReadFile(std::string_view path, size_t limit) {
  return ReadFileAt(FdRef::Cwd(), path, limit);
}

absl::StatusOr<std::string> ReadFileAt(FdRef dir, std::string_view path,
                                       size_t limit) {
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, OpenAt(dir, path, {.flags = O_RDONLY}));
  SYSBOX_ASSIGN_OR_RETURN(std::string content, ReadAll(fd, limit), "{}", path);
  return content;
}

absl::StatusOr<std::string> ReadSome(FdRef fd, size_t size) {
  std::string data(size, '\0');
  const ssize_t count =
      TEMP_FAILURE_RETRY(read(fd.get(), data.data(), data.size()));
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(count, "read descriptor", std::to_string(fd.get())));
  data.resize(static_cast<size_t>(count));
  return data;
}

absl::StatusOr<std::string> ReadKernelFile(FdRef fd) {
  constexpr size_t kPage = 4096;
  SYSBOX_ASSIGN_OR_RETURN(std::string text, ReadSome(fd, kPage));
  if (text.size() < kPage / 2) return text;
  SYSBOX_ASSIGN_OR_RETURN(const std::string rest, ReadAll(fd));
  return text + rest;
}

absl::StatusOr<std::string> ReadRange(FdRef fd, uint64_t offset, size_t size) {
  std::string data(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t count =
        TEMP_FAILURE_RETRY(pread(fd.get(), data.data() + done, size - done,
                                 static_cast<off_t>(offset + done)));
    SYSBOX_RETURN_IF_ERROR(
        SyscallStatus(count, "read descriptor", std::to_string(fd.get())));
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  data.resize(done);
  return data;
}

absl::StatusOr<size_t> WriteSome(FdRef fd, std::string_view data) {
  const ssize_t count =
      TEMP_FAILURE_RETRY(write(fd.get(), data.data(), data.size()));
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(count, "write descriptor", std::to_string(fd.get())));
  return static_cast<size_t>(count);
}

absl::Status WriteAll(FdRef fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t count =
        TEMP_FAILURE_RETRY(write(fd.get(), data.data(), data.size()));
    SYSBOX_RETURN_IF_ERROR(
        SyscallStatus(count, "write descriptor", std::to_string(fd.get())));
    if (count == 0) return ErrnoStatus(EIO, "write: no progress");
    data.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status WriteExisting(std::string_view path, std::string_view data) {
  return WriteExistingAt(FdRef::Cwd(), path, data);
}

absl::Status WriteExistingAt(FdRef dir, std::string_view path,
                             std::string_view data) {
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, OpenAt(dir, path, {.flags = O_WRONLY}));
  return WriteOnce(fd, data, path);
}

namespace {

absl::Status Replace(FdRef dir, std::string_view name, std::string_view data,
                     mode_t mode, Durability durability) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string temporary, TemporaryName(name));
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  SYSBOX_ASSIGN_OR_RETURN(
      Fd fd, OpenAt(dir, temporary, {.flags = kFlags, .mode = 0600}));
  absl::Cleanup undo = [&] {
    (void)unlinkat(dir.get(), temporary.c_str(), 0);  // the error is reported
  };
  SYSBOX_RETURN_IF_ERROR(FillFile(fd, data, mode, durability), "replace {}",
                         name);
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(renameat(dir.get(), temporary.c_str(), dir.get(),
                             std::string(name).c_str()),
                    "rename onto", name));
  std::move(undo).Cancel();
  return absl::OkStatus();
}

}  // namespace

absl::Status ReplaceFile(std::string_view path, std::string_view data,
                         mode_t mode) {
  return Replace(FdRef::Cwd(), path, data, mode, Durability::kSynced);
}

absl::Status ReplaceFileAt(FdRef dir, std::string_view name,
                           std::string_view data, mode_t mode) {
  return Replace(dir, name, data, mode, Durability::kSynced);
}

absl::Status ReplaceVolatileFile(std::string_view path, std::string_view data,
                                 mode_t mode) {
  return Replace(FdRef::Cwd(), path, data, mode, Durability::kVolatile);
}

absl::StatusOr<struct stat> Stat(FdRef fd) {
  struct stat result;
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(
      fstat(fd.get(), &result), "stat descriptor", std::to_string(fd.get())));
  return result;
}

absl::StatusOr<struct stat> StatAt(FdRef dir, std::string_view path,
                                   int flags) {
  struct stat result;
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(
      fstatat(dir.get(), std::string(path).c_str(), &result, flags), "stat",
      path));
  return result;
}

absl::StatusOr<mode_t> KnownMode(FdRef fd) {
  // Of more than these, the kernel knows that some may have changed.
  constexpr unsigned kMask = STATX_TYPE | STATX_MODE;
  struct statx result;
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(
      statx(fd.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, kMask, &result),
      "statx descriptor", std::to_string(fd.get())));
  return static_cast<mode_t>(result.stx_mode);
}

absl::StatusOr<uint64_t> FilesystemMagic(FdRef fd) {
  struct statfs result;
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(TEMP_FAILURE_RETRY(fstatfs(fd.get(), &result)),
                    "statfs descriptor", std::to_string(fd.get())));
  return static_cast<uint64_t>(result.f_type);
}

absl::StatusOr<Fd> LockFile(std::string_view path, mode_t mode) {
  return OpenLocked(path, mode, LOCK_EX);
}

absl::StatusOr<Fd> TryLockFile(std::string_view path, mode_t mode) {
  return OpenLocked(path, mode, LOCK_EX | LOCK_NB);
}

absl::StatusOr<Fd> MakeMemoryFile(std::string_view name,
                                  std::string_view data) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  constexpr int kSeals =
      F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const std::string text(name);
  // Data is not to be executed: vm.memfd_noexec=2 insists on saying so, kernels
  // before 6.3 do not know the flag.
  int number = memfd_create(text.c_str(), kFlags | MFD_NOEXEC_SEAL);
  if (number < 0 && errno == EINVAL) {
    number = memfd_create(text.c_str(), kFlags);
  }
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(number, "memfd_create", name));
  Fd fd(number);
  SYSBOX_RETURN_IF_ERROR(WriteAll(fd, data), "memory file {}", name);
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(fcntl(fd.get(), F_ADD_SEALS, kSeals), "seal", name));
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(lseek(fd.get(), 0, SEEK_SET), "lseek", name));
  return fd;
}

}  // namespace sysbox
