#include "sysbox/linux/inotify.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox {

absl::StatusOr<Fd> WatchPath(std::string_view path, uint32_t mask) {
  Fd watch(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch.valid()) return ErrnoStatus(errno, "inotify_init1");
  const std::string name(path);
  if (inotify_add_watch(watch.get(), name.c_str(), mask) < 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("inotify_add_watch {}", name));
  }
  return watch;
}

absl::StatusOr<uint32_t> ReadWatch(FdRef watch) {
  uint32_t masks = 0;
  alignas(inotify_event) char buffer[4096];
  for (;;) {
    const ssize_t count =
        TEMP_FAILURE_RETRY(read(watch.get(), buffer, sizeof buffer));
    if (count < 0 && errno == EAGAIN) return masks;
    if (count < 0) return ErrnoStatus(errno, "read inotify");
    for (ssize_t at = 0; at < count;) {
      inotify_event event;
      memcpy(&event, buffer + at, sizeof event);
      masks |= event.mask;
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

}  // namespace sysbox
