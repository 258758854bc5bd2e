#include "sysbox/linux/close_all.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace sysbox {
namespace {

// Nobody else's descriptor is between the first and the last: each is ours.
void CloseRun(std::vector<Fd>::iterator first, std::vector<Fd>::iterator end) {
  const auto lowest = static_cast<unsigned int>(first->get());
  const auto highest = static_cast<unsigned int>((end - 1)->get());
  if (lowest == highest) return;  // closes itself
  if (syscall(SYS_close_range, lowest, highest, 0) != 0) return;  // likewise
  for (auto fd = first; fd != end; ++fd) (void)fd->release();
}

}  // namespace

void CloseAll(std::vector<Fd> fds) {
  std::sort(fds.begin(), fds.end(),
            [](const Fd& a, const Fd& b) { return a.get() < b.get(); });
  auto first = std::find_if(fds.begin(), fds.end(),
                            [](const Fd& fd) { return fd.valid(); });
  while (first != fds.end()) {
    auto end = first + 1;
    while (end != fds.end() && end->get() == (end - 1)->get() + 1) ++end;
    CloseRun(first, end);
    first = end;
  }
}

}  // namespace sysbox
