// The part of file.h that works on names in directories.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

// What mkdir(2) answered: existing directories are fine.
absl::Status AcceptExistingDirectory(const absl::Status& status,
                                     std::string_view path) {
  if (ErrnoOf(status) != EEXIST) return status;
  SYSBOX_ASSIGN_OR_RETURN(struct stat found, StatAt(FdRef::Cwd(), path));
  if (S_ISDIR(found.st_mode)) return absl::OkStatus();
  return ErrnoStatus(ENOTDIR, fmt::format("mkdir {}", path));
}

}  // namespace

absl::Status MakeDirectory(std::string_view path, mode_t mode) {
  return MakeDirectoryAt(FdRef::Cwd(), path, mode);
}

absl::Status MakeDirectoryAt(FdRef dir, std::string_view path, mode_t mode) {
  return SyscallStatus(mkdirat(dir.get(), std::string(path).c_str(), mode),
                       "mkdir", path);
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
  return SyscallStatus(unlinkat(dir.get(), std::string(path).c_str(), flags),
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
  return SyscallStatus(
      symlinkat(text.c_str(), dir.get(), std::string(path).c_str()), "symlink",
      path);
}

absl::StatusOr<std::string> ReadLinkAt(FdRef dir, std::string_view path) {
  // A link's text is at most PATH_MAX - 1 bytes, so it cannot be cut.
  char buffer[PATH_MAX];
  const ssize_t size =
      readlinkat(dir.get(), std::string(path).c_str(), buffer, sizeof buffer);
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(size, "readlink", path));
  return std::string(buffer, static_cast<size_t>(size));
}

absl::StatusOr<std::string> ReadLink(std::string_view path) {
  return ReadLinkAt(FdRef::Cwd(), path);
}

absl::Status ChangeOwner(FdRef fd, uid_t uid, gid_t gid) {
  return SyscallStatus(fchownat(fd.get(), "", uid, gid, AT_EMPTY_PATH),
                       "chown descriptor", std::to_string(fd.get()));
}

absl::Status ChangeOwnerAt(FdRef dir, std::string_view path, uid_t uid,
                           gid_t gid, int flags) {
  return SyscallStatus(
      fchownat(dir.get(), std::string(path).c_str(), uid, gid, flags), "chown",
      path);
}

absl::Status ChangeModeAt(FdRef dir, std::string_view path, mode_t mode) {
  return SyscallStatus(fchmodat(dir.get(), std::string(path).c_str(), mode, 0),
                       "chmod", path);
}

absl::Status MakeNodeAt(FdRef dir, std::string_view path, mode_t mode,
                        dev_t device) {
  return SyscallStatus(
      mknodat(dir.get(), std::string(path).c_str(), mode, device), "mknod",
      path);
}

absl::Status ReadDirectoryOnce(FdRef dir) {
  std::vector<char> buffer(size_t{32} << 10);
  return SyscallStatus(static_cast<int>(syscall(SYS_getdents64, dir.get(),
                                                buffer.data(), buffer.size())),
                       "getdents64", fmt::format("descriptor {}", dir.get()));
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

}  // namespace sysbox
