#include "sysbox/linux/clock.h"

#include <time.h>

namespace sysbox {

int64_t BoottimeNs() {
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);  // cannot fail for this clock
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace sysbox
