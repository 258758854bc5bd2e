#include "sysbox/cgroups/process_killer.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/linux/process.h"

namespace sysbox::cgroups {
namespace {

// So many pidfds are open at once: below the usual limit of 1024 files.
constexpr size_t kBatch = 256;

absl::Status KillBatch(FdRef root, absl::Span<const pid_t> pids) {
  std::vector<Pidfd> processes;
  for (pid_t pid : pids) {
    absl::StatusOr<Pidfd> process = OpenPidfd(pid);
    if (ErrnoOf(process.status()) == ESRCH) continue;
    // EINVAL: a thread of a leader that has gone, listed by v1's threads.
    if (ErrnoOf(process.status()) == EINVAL) continue;
    SYSBOX_RETURN_IF_ERROR(process);
    processes.push_back(*std::move(process));
  }
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<pid_t> members,
                          ProcessesBelow(root));
  for (const Pidfd& process : processes) {
    if (!std::binary_search(members.begin(), members.end(), process.pid())) {
      continue;
    }
    const absl::Status status = process.Signal(SIGKILL);
    if (ErrnoOf(status) != ESRCH) SYSBOX_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<size_t> KillProcessesBelow(FdRef root) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<pid_t> pids, ProcessesBelow(root));
  const absl::Span<const pid_t> all(pids);
  for (size_t first = 0; first < all.size(); first += kBatch) {
    SYSBOX_RETURN_IF_ERROR(KillBatch(root, all.subspan(first, kBatch)));
  }
  return pids.size();
}

}  // namespace sysbox::cgroups
