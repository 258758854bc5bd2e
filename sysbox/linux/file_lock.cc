#include "sysbox/linux/file_lock.h"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "sysbox/base/status.h"

namespace sysbox {

absl::Status TryLock(FdRef file) {
  if (TEMP_FAILURE_RETRY(flock(file.get(), LOCK_EX | LOCK_NB)) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return ErrnoStatus(error, "flock");
}

}  // namespace sysbox
