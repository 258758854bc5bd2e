#include "sysbox/mounts/copy_up.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::mounts {
namespace {

// Larger files have no place in a tmpfs that is made anew at each start.
constexpr size_t kMaxFile = size_t{1} << 30;

absl::StatusOr<Fd> OpenEntry(FdRef from, const std::string& name, int flags) {
  return OpenAt2(from, name, {.flags = flags | O_NOFOLLOW},
                 RESOLVE_BENEATH | RESOLVE_NO_XDEV);
}

absl::Status CopyDirectory(FdRef from, FdRef to, const std::string& name,
                           int depth) {
  if (depth == 0) return ErrnoStatus(ELOOP, "directories nest too deep");
  SYSBOX_RETURN_IF_ERROR(MakeDirectoryAt(to, name, 0700));
  SYSBOX_ASSIGN_OR_RETURN(const Fd source,
                          OpenEntry(from, name, O_PATH | O_DIRECTORY));
  SYSBOX_ASSIGN_OR_RETURN(const Fd target,
                          OpenEntry(to, name, O_PATH | O_DIRECTORY));
  return CopyUp(source, target, depth - 1);
}

absl::Status CopyFile(FdRef from, FdRef to, const std::string& name) {
  // Not blocking on a FIFO that took the file's place.
  SYSBOX_ASSIGN_OR_RETURN(const Fd source,
                          OpenEntry(from, name, O_RDONLY | O_NONBLOCK));
  SYSBOX_ASSIGN_OR_RETURN(const std::string data, ReadAll(source, kMaxFile));
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd target,
      OpenAt(
          to, name,
          {.flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, .mode = 0600}));
  return WriteAll(target, data);
}

absl::Status CopyLink(FdRef from, FdRef to, const std::string& name) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string target, ReadLinkAt(from, name));
  return SymlinkAt(target, to, name);
}

absl::Status CopyEntry(FdRef from, FdRef to, const std::string& name,
                       int depth) {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat entry,
                          StatAt(from, name, AT_SYMLINK_NOFOLLOW));
  if (S_ISDIR(entry.st_mode)) {
    SYSBOX_RETURN_IF_ERROR(CopyDirectory(from, to, name, depth));
  } else if (S_ISREG(entry.st_mode)) {
    SYSBOX_RETURN_IF_ERROR(CopyFile(from, to, name));
  } else if (S_ISLNK(entry.st_mode)) {
    SYSBOX_RETURN_IF_ERROR(CopyLink(from, to, name));
  } else if (S_ISFIFO(entry.st_mode)) {
    SYSBOX_RETURN_IF_ERROR(MakeNodeAt(to, name, S_IFIFO | 0600, 0));
  } else {
    return absl::OkStatus();
  }
  // The owner first: a change of it clears setuid bits.
  SYSBOX_RETURN_IF_ERROR(
      ChangeOwnerAt(to, name, entry.st_uid, entry.st_gid, AT_SYMLINK_NOFOLLOW));
  if (S_ISLNK(entry.st_mode)) return absl::OkStatus();
  return ChangeModeAt(to, name, entry.st_mode & 07777);
}

}  // namespace

absl::Status CopyUp(FdRef from, FdRef to, int depth) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ListDirectory(from));
  for (const std::string& name : names) {
    SYSBOX_RETURN_IF_ERROR(CopyEntry(from, to, name, depth), "copy {}", name);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::mounts
