#include "sysbox/linux/seccomp_filter.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox {

absl::StatusOr<Fd> LoadSeccompFilter(absl::Span<const uint64_t> program,
                                     unsigned int flags) {
  static_assert(sizeof(sock_filter) == sizeof(uint64_t));
  if (program.empty() || program.size() > BPF_MAXINSNS) {
    return InvalidArgument("seccomp filter of {} instructions", program.size());
  }
  // Only read by the kernel, which copies it.
  const sock_fprog filter = {
      static_cast<unsigned short>(program.size()),
      reinterpret_cast<sock_filter*>(const_cast<uint64_t*>(program.data()))};
  const long result =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  if (result < 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("seccomp filter of {} instructions, "
                                          "flags {:#x}",
                                          program.size(), flags));
  }
  // The kernel makes the listener close-on-exec.
  if ((flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0) {
    return Fd(static_cast<int>(result));
  }
  if (result > 0) {  // SECCOMP_FILTER_FLAG_TSYNC
    return FailedPrecondition("seccomp filter: thread {} has another", result);
  }
  return Fd();
}

}  // namespace sysbox
