#include "sysbox/linux/fanotify.h"

#include <fcntl.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sysbox/base/status.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {

absl::StatusOr<WriteWatch> WriteWatch::Create() {
  // Not FAN_REPORT_FID: overlay's file handles cannot be decoded, which a mark
  // on its superblock would need (EOPNOTSUPP).
  const int fd = fanotify_init(
      FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK,
      O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOATIME | O_LARGEFILE);
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(fd, "fanotify_init"));
  return WriteWatch(Fd(fd));
}

absl::Status WriteWatch::Add(FdRef directory) {
  // "." and not a null path, which O_PATH descriptors do not allow.
  return SyscallStatus(
      fanotify_mark(fd_.get(), FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
                    FAN_CLOSE_WRITE, directory.get(), "."),
      "fanotify_mark add");
}

absl::Status WriteWatch::AddAllClosing(FdRef directory) {
  return SyscallStatus(
      fanotify_mark(fd_.get(), FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
                    FAN_CLOSE | FAN_ONDIR, directory.get(), "."),
      "fanotify_mark add");
}

absl::Status WriteWatch::Remove(FdRef file) {
  return SyscallStatus(
      fanotify_mark(fd_.get(), FAN_MARK_REMOVE | FAN_MARK_FILESYSTEM,
                    FAN_CLOSE | FAN_ONDIR, file.get(), nullptr),
      "fanotify_mark remove");
}

absl::Status WriteWatch::RemoveAll() {
  return SyscallStatus(
      fanotify_mark(fd_.get(), FAN_MARK_FLUSH | FAN_MARK_FILESYSTEM, 0,
                    AT_FDCWD, "/"),
      "fanotify_mark flush");
}

absl::StatusOr<WriteWatch::Events> WriteWatch::Read() {
  Events events;
  alignas(fanotify_event_metadata) char
      buffer[kBatch * sizeof(fanotify_event_metadata)];
  const ssize_t count =
      TEMP_FAILURE_RETRY(read(fd_.get(), buffer, sizeof buffer));
  if (count < 0) {
    const int error = errno;
    if (error == EAGAIN) return events;
    if (error == EBADF || error == EFAULT || error == EINVAL) {
      return ErrnoStatus(error, "read fanotify");
    }
    // The event's file could not be opened; the event is gone.
    events.lost = true;
    return events;
  }
  for (ssize_t at = 0; at < count;) {
    fanotify_event_metadata event;
    memcpy(&event, buffer + at, sizeof event);
    if (event.vers != FANOTIFY_METADATA_VERSION ||
        event.event_len < sizeof event) {
      return Internal("read fanotify: version {}, {} bytes", event.vers,
                      event.event_len);
    }
    if (event.fd >= 0) {
      events.files.push_back(
          {Fd(event.fd), (event.mask & FAN_CLOSE_WRITE) != 0});
    } else {
      events.lost = true;  // FAN_NOFD: the queue overflowed
    }
    at += event.event_len;
  }
  return events;
}

}  // namespace sysbox
