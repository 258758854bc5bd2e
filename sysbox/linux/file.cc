#include "sysbox/linux/file.h"

#include <dirent.h>
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
#include <climits>
#include <cstdlib>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox {
namespace {

// OK, or "<call> <path>: <errno's text>". Takes the call's result as an
// argument, so that nothing comes between the call and reading errno.
absl::Status Result(long result, std::string_view call, std::string_view path) {
  if (result >= 0) return absl::OkStatus();
  const int error = errno;
  return ErrnoStatus(error, fmt::format("{} {}", call, path));
}

absl::Status WriteOnce(FdRef fd, std::string_view data, std::string_view path) {
  const ssize_t written =
      TEMP_FAILURE_RETRY(write(fd.get(), data.data(), data.size()));
  SYSBOX_RETURN_IF_ERROR(Result(written, "write", path));
  if (static_cast<size_t>(written) == data.size()) return absl::OkStatus();
  return ErrnoStatus(
      EIO, fmt::format("write {}: {} of {} bytes", path, written, data.size()));
}

// A name beside `path` that nobody else uses.
absl::StatusOr<std::string> TemporaryName(std::string_view path) {
  uint64_t random = 0;
  SYSBOX_RETURN_IF_ERROR(
      Result(TEMP_FAILURE_RETRY(getrandom(&random, sizeof random, 0)),
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
      Result(TEMP_FAILURE_RETRY(flock(fd.get(), lock)), "flock", path));
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

// What mkdir(2) answered: existing directories are fine.
absl::Status AcceptExistingDirectory(const absl::Status& status,
                                     std::string_view path) {
  if (ErrnoOf(status) != EEXIST) return status;
  SYSBOX_ASSIGN_OR_RETURN(struct stat found, StatAt(FdRef::Cwd(), path));
  if (S_ISDIR(found.st_mode)) return absl::OkStatus();
  return ErrnoStatus(ENOTDIR, fmt::format("mkdir {}", path));
}

}  // namespace

absl::StatusOr<Fd> OpenAt(FdRef dir, std::string_view path,
                          OpenOptions options) {
  const int fd =
      TEMP_FAILURE_RETRY(openat(dir.get(), std::string(path).c_str(),
                                options.flags | O_CLOEXEC, options.mode));
  SYSBOX_RETURN_IF_ERROR(Result(fd, "open", path));
  return Fd(fd);
}

absl::StatusOr<Fd> Open(std::string_view path, OpenOptions options) {
  return OpenAt(FdRef::Cwd(), path, options);
}

absl::StatusOr<Fd> OpenAt2(FdRef dir, std::string_view path,
                           OpenOptions options, uint64_t resolve) {
  constexpr int kMaxRaces = 128;
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
  SYSBOX_RETURN_IF_ERROR(Result(fd, "open", path));
  return Fd(static_cast<int>(fd));
}

absl::StatusOr<std::string> ReadAll(FdRef fd, size_t limit) {
  std::string content;
  size_t size = 0;
  for (;;) {
    // One byte more than allowed tells "just fits" from "too long".
    if (content.size() == size) {
      content.resize(std::min(std::max<size_t>(4096, size * 2), limit + 1));
    }
    const ssize_t count = TEMP_FAILURE_RETRY(
        read(fd.get(), content.data() + size, content.size() - size));
    SYSBOX_RETURN_IF_ERROR(
        Result(count, "read descriptor", std::to_string(fd.get())));
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

absl::Status WriteAll(FdRef fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t count =
        TEMP_FAILURE_RETRY(write(fd.get(), data.data(), data.size()));
    SYSBOX_RETURN_IF_ERROR(
        Result(count, "write descriptor", std::to_string(fd.get())));
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
  SYSBOX_RETURN_IF_ERROR(Result(renameat(dir.get(), temporary.c_str(),
                                         dir.get(), std::string(name).c_str()),
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
  SYSBOX_RETURN_IF_ERROR(Result(fstat(fd.get(), &result), "stat descriptor",
                                std::to_string(fd.get())));
  return result;
}

absl::StatusOr<struct stat> StatAt(FdRef dir, std::string_view path,
                                   int flags) {
  struct stat result;
  SYSBOX_RETURN_IF_ERROR(
      Result(fstatat(dir.get(), std::string(path).c_str(), &result, flags),
             "stat", path));
  return result;
}

absl::StatusOr<uint64_t> FilesystemMagic(FdRef fd) {
  struct statfs result;
  SYSBOX_RETURN_IF_ERROR(Result(TEMP_FAILURE_RETRY(fstatfs(fd.get(), &result)),
                                "statfs descriptor", std::to_string(fd.get())));
  return static_cast<uint64_t>(result.f_type);
}

absl::Status MakeDirectory(std::string_view path, mode_t mode) {
  return MakeDirectoryAt(FdRef::Cwd(), path, mode);
}

absl::Status MakeDirectoryAt(FdRef dir, std::string_view path, mode_t mode) {
  return Result(mkdirat(dir.get(), std::string(path).c_str(), mode), "mkdir",
                path);
}

absl::Status MakeDirectories(std::string_view path, mode_t mode) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const absl::Status status = MakeDirectory(path, mode);
  const size_t slash = path.rfind('/');
  if (ErrnoOf(status) != ENOENT || slash == 0 ||
      slash == std::string_view::npos) {
    return AcceptExistingDirectory(status, path);
  }
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(path.substr(0, slash), mode));
  return AcceptExistingDirectory(MakeDirectory(path, mode), path);
}

absl::Status Unlink(std::string_view path) {
  return UnlinkAt(FdRef::Cwd(), path, 0);
}

absl::Status UnlinkAt(FdRef dir, std::string_view path, int flags) {
  return Result(unlinkat(dir.get(), std::string(path).c_str(), flags),
                (flags & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink", path);
}

absl::Status RemoveDirectory(std::string_view path) {
  return UnlinkAt(FdRef::Cwd(), path, AT_REMOVEDIR);
}

absl::Status Rename(std::string_view from, std::string_view to) {
  const std::string source(from), target(to);
  if (rename(source.c_str(), target.c_str()) == 0) return absl::OkStatus();
  const int error = errno;
  return ErrnoStatus(error, fmt::format("rename {} to {}", from, to));
}

absl::Status Symlink(std::string_view target, std::string_view path) {
  return SymlinkAt(target, FdRef::Cwd(), path);
}

absl::Status SymlinkAt(std::string_view target, FdRef dir,
                       std::string_view path) {
  const std::string text(target);
  return Result(symlinkat(text.c_str(), dir.get(), std::string(path).c_str()),
                "symlink", path);
}

absl::StatusOr<std::string> ReadLinkAt(FdRef dir, std::string_view path) {
  // A link's text is at most PATH_MAX - 1 bytes, so it cannot be cut.
  char buffer[PATH_MAX];
  const ssize_t size =
      readlinkat(dir.get(), std::string(path).c_str(), buffer, sizeof buffer);
  SYSBOX_RETURN_IF_ERROR(Result(size, "readlink", path));
  return std::string(buffer, static_cast<size_t>(size));
}

absl::StatusOr<std::string> ReadLink(std::string_view path) {
  return ReadLinkAt(FdRef::Cwd(), path);
}

absl::Status ChangeOwner(FdRef fd, uid_t uid, gid_t gid) {
  return Result(fchownat(fd.get(), "", uid, gid, AT_EMPTY_PATH),
                "chown descriptor", std::to_string(fd.get()));
}

absl::Status ChangeOwnerAt(FdRef dir, std::string_view path, uid_t uid,
                           gid_t gid, int flags) {
  return Result(fchownat(dir.get(), std::string(path).c_str(), uid, gid, flags),
                "chown", path);
}

absl::Status ChangeModeAt(FdRef dir, std::string_view path, mode_t mode) {
  return Result(fchmodat(dir.get(), std::string(path).c_str(), mode, 0),
                "chmod", path);
}

absl::Status MakeNodeAt(FdRef dir, std::string_view path, mode_t mode,
                        dev_t device) {
  return Result(mknodat(dir.get(), std::string(path).c_str(), mode, device),
                "mknod", path);
}

absl::StatusOr<std::vector<std::string>> ListDirectory(FdRef dir) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY;
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, OpenAt(dir, ".", {.flags = kFlags}));
  DIR* stream = fdopendir(fd.get());
  if (stream == nullptr) {
    const int error = errno;
    return ErrnoStatus(error, "opendir");
  }
  (void)fd.release();  // the stream owns it now
  absl::Cleanup close_stream = [stream] { closedir(stream); };
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (const int error = errno; error != 0) return ErrnoStatus(error, "readdir");
  return names;
}

absl::StatusOr<std::vector<std::string>> ListDirectory(std::string_view path) {
  constexpr int kFlags = O_PATH | O_DIRECTORY;
  SYSBOX_ASSIGN_OR_RETURN(Fd dir, Open(path, {.flags = kFlags}));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> names, ListDirectory(dir),
                          "list {}", path);
  return names;
}

bool Exists(std::string_view path) {
  return faccessat(AT_FDCWD, std::string(path).c_str(), F_OK, 0) == 0 ||
         (errno != ENOENT && errno != ENOTDIR);
}

absl::StatusOr<std::string> RealPath(std::string_view path) {
  char* resolved = realpath(std::string(path).c_str(), nullptr);
  if (resolved == nullptr) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("realpath {}", path));
  }
  absl::Cleanup release = [resolved] { free(resolved); };
  return std::string(resolved);
}

absl::StatusOr<Fd> LockFile(std::string_view path, mode_t mode) {
  return OpenLocked(path, mode, LOCK_EX);
}

absl::StatusOr<Fd> TryLockFile(std::string_view path, mode_t mode) {
  return OpenLocked(path, mode, LOCK_EX | LOCK_NB);
}

absl::StatusOr<Fd> MakeMemoryFile(std::string_view name,
                                  std::string_view data) {
  constexpr int kSeals =
      F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const int number =
      memfd_create(std::string(name).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  SYSBOX_RETURN_IF_ERROR(Result(number, "memfd_create", name));
  Fd fd(number);
  SYSBOX_RETURN_IF_ERROR(WriteAll(fd, data), "memory file {}", name);
  SYSBOX_RETURN_IF_ERROR(
      Result(fcntl(fd.get(), F_ADD_SEALS, kSeals), "seal", name));
  SYSBOX_RETURN_IF_ERROR(Result(lseek(fd.get(), 0, SEEK_SET), "lseek", name));
  return fd;
}

}  // namespace sysbox
