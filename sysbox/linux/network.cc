#include "sysbox/linux/network.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "sysbox/base/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

absl::Status BringUpLoopback() {
  Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return ErrnoStatus(errno, "open socket for loopback");
  ifreq request = {};
  std::memcpy(request.ifr_name, "lo", sizeof "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
    return ErrnoStatus(errno, "bring up loopback");
  }
  return absl::OkStatus();
}

}  // namespace sysbox
