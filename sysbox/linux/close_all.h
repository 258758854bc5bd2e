// Closes many descriptors with few system calls.
#ifndef SYSBOX_LINUX_CLOSE_ALL_H_
#define SYSBOX_LINUX_CLOSE_ALL_H_

#include <vector>

#include "sysbox/linux/fd.h"

namespace sysbox {

// Those whose numbers follow each other at once (close_range(2), Linux 5.9).
void CloseAll(std::vector<Fd> fds);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_CLOSE_ALL_H_
