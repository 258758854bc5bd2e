#include "sysbox/linux/seen_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "sysbox/base/status.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

absl::StatusOr<SeenFile> See(int directory, const char* path, int flags) {
  constexpr unsigned kWanted = STATX_INO | STATX_MNT_ID;
  struct statx found = {};
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(
      statx(directory, path, AT_STATX_DONT_SYNC | flags, kWanted, &found),
      "statx", path));
  if ((found.stx_mask & kWanted) != kWanted) {
    return ErrnoStatus(ENOSYS, "statx mount id");
  }
  return SeenFile{.mount = found.stx_mnt_id,
                  .device = makedev(found.stx_dev_major, found.stx_dev_minor),
                  .inode = found.stx_ino};
}

}  // namespace

absl::StatusOr<SeenFile> SeeFile(FdRef file) {
  return See(file.get(), "", AT_EMPTY_PATH);
}

absl::StatusOr<SeenFile> SeeFile(const std::string& path) {
  return See(AT_FDCWD, path.c_str(), 0);
}

}  // namespace sysbox
