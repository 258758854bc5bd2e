#include "sysbox/seccomp/notify_port.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sysbox/base/status.h"
#include "sysbox/linux/seccomp_sizes.h"

namespace sysbox::seccomp {
namespace {

// Of Linux 6.6; Debian 12's headers are 6.1's.
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, uint64_t);
constexpr unsigned long kSyncWakeUp = 1;

// The kernel's structs may have grown; it wants zeros, and fills all.
struct Buffer {
  alignas(8) std::array<char, kNotificationBytes> bytes = {};
};

bool StructsFit() {
  const absl::StatusOr<size_t> largest = LargestSeccompNotification();
  return largest.ok() && *largest <= kNotificationBytes;
}

int Ioctl(FdRef fd, unsigned long request, void* argument) {
  int result = 0;
  do {
    result = ioctl(fd.get(), request, argument);
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace

absl::Status NotifyPort::PreferOneCpu() {
  // The flags are the argument itself.
  if (ioctl(listener_.get(), kSetFlags, kSyncWakeUp) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, "seccomp listener: wake on one CPU");
}

Notification DecodeNotification(const void* bytes) {
  seccomp_notif raw = {};
  memcpy(&raw, bytes, sizeof raw);
  Notification notification = {.id = raw.id,
                               .tid = static_cast<pid_t>(raw.pid),
                               .arch = raw.data.arch,
                               .number = raw.data.nr};
  std::copy(std::begin(raw.data.args), std::end(raw.data.args),
            notification.args.begin());
  return notification;
}

NotifyPort::News NotifyPort::Await(FdRef other) const {
  pollfd entries[] = {{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                      {.fd = other.get(), .events = POLLIN, .revents = 0}};
  int count = 0;
  do {
    count = poll(entries, 2, -1);
  } while (count < 0 && errno == EINTR);
  const short events = count < 0 ? 0 : entries[0].revents;
  if ((events & POLLIN) != 0) return News::kCall;
  return (events & POLLHUP) != 0 ? News::kGone : News::kOther;
}

absl::StatusOr<std::optional<Notification>> NotifyPort::Receive() {
  Buffer buffer;
  return Receive(buffer.bytes.data());
}

absl::StatusOr<std::optional<Notification>> NotifyPort::Receive(void* bytes) {
  static const bool structs_fit = StructsFit();
  if (!structs_fit) return FailedPrecondition("seccomp: unknown notifications");
  if (Ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, bytes) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return ErrnoStatus(errno, "receive seccomp notification");
  }
  return DecodeNotification(bytes);
}

bool NotifyPort::Waits(uint64_t id) const {
  return Ioctl(listener_, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

absl::Status NotifyPort::Send(uint64_t id, int64_t value, int error,
                              uint32_t flags) {
  Buffer buffer;
  const seccomp_notif_resp response = {id, value, -error, flags};
  memcpy(buffer.bytes.data(), &response, sizeof response);
  if (Ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, buffer.bytes.data()) == 0 ||
      errno == ENOENT) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, "answer seccomp notification");
}

absl::Status NotifyPort::Return(uint64_t id, int64_t value) {
  return Send(id, value, 0, 0);
}

absl::Status NotifyPort::Fail(uint64_t id, int error) {
  return Send(id, 0, error, 0);
}

absl::Status NotifyPort::Continue(uint64_t id) {
  return Send(id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

absl::Status NotifyPort::ReturnFd(uint64_t id, FdRef file, bool close_on_exec) {
  seccomp_notif_addfd request = {};
  request.id = id;
  request.flags = SECCOMP_ADDFD_FLAG_SEND;
  request.srcfd = static_cast<uint32_t>(file.get());
  request.newfd_flags = close_on_exec ? O_CLOEXEC : 0;
  if (Ioctl(listener_, SECCOMP_IOCTL_NOTIF_ADDFD, &request) >= 0 ||
      errno == ENOENT) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, "answer seccomp notification with a descriptor");
}

}  // namespace sysbox::seccomp
