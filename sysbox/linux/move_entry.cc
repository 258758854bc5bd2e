#include "sysbox/linux/move_entry.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox {

absl::Status MoveEntry(FdRef from, const std::string& name, FdRef to,
                       const std::string& new_name) {
  if (renameat2(from.get(), name.c_str(), to.get(), new_name.c_str(),
                RENAME_NOREPLACE) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return ErrnoStatus(error, fmt::format("rename {} to {}", name, new_name));
}

absl::Status CopyTimes(FdRef from, FdRef to) {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(from));
  const timespec times[] = {found.st_atim, found.st_mtim};
  const std::string path = ProcPath(to);
  if (utimensat(AT_FDCWD, path.c_str(), times, 0) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return ErrnoStatus(error, fmt::format("utimensat {}", path));
}

}  // namespace sysbox
