#include "sysbox/emu/views/pid_namespaces.h"

#include <sys/stat.h>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"

namespace sysbox::emu::views {

std::optional<uint64_t> PidNamespaces::Of(pid_t thread, int64_t now_ns) {
  const size_t index = static_cast<size_t>(thread) % kMost;
  {
    absl::MutexLock lock(&mu_);
    const Known& known = known_[index];
    if (known.inode != 0 && known.thread == thread &&
        now_ns - known.seen_ns < kFreshNs) {
      return known.inode;
    }
  }
  const std::optional<uint64_t> inode = Ask(thread);
  if (!inode) return std::nullopt;
  absl::MutexLock lock(&mu_);
  known_[index] = {thread, *inode, now_ns};
  return inode;
}

std::optional<uint64_t> PidNamespaces::Ask(pid_t thread) const {
  const absl::StatusOr<struct stat> info =
      StatAt(FdRef::Cwd(), fmt::format("{}/{}/ns/pid", proc_, thread));
  if (!info.ok()) return std::nullopt;
  return info->st_ino;
}

}  // namespace sysbox::emu::views
