// A container's cgroups behind one interface: v1 (one directory per mounted
// controller), v2 (unified), and hybrid hosts, where some controllers are
// v1's and the rest, hugetlb say, live in the unified tree. Limits sit in the
// *outer* directory, which the container cannot reach; its processes live in
// a delegated child (architecture D14): v1 `syscont-cgroup-root`, v2
// `init.scope`. Nothing here logs.
#ifndef SYSBOX_CGROUPS_CGROUP_H_
#define SYSBOX_CGROUPS_CGROUP_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/cgroups/stats.h"
#include "sysbox/linux/fd.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cgroups {

enum class Driver { kCgroupfs, kSystemd };

struct CgroupOptions {
  Driver driver = Driver::kCgroupfs;
  std::string container_id;
  // linux.cgroupsPath; "" means a directory named after the container.
  // Absolute paths are below the hierarchy's mount point, relative ones below
  // the caller's own cgroup (pure v2: beside it, see PlacesFor). With
  // kSystemd "slice:prefix:name".
  std::string cgroups_path;
  // Host ids that own the delegated child (container root's).
  uint32_t owner_uid = 0;
  uint32_t owner_gid = 0;
  bool delegate = true;  // false in regular-container mode: no child directory
};

// How a new process enters. v2: `into` for CLONE_INTO_CGROUP. v1 and hybrid:
// the process itself writes "0" to each of `tasks` (performance.md 1: no RCU
// wait), then unshares its cgroup namespace. `namespace_root` (v2 only) is the
// container's directory: a cgroup namespace must be made from there before
// entering `into`, which is its leaf; equal directories need no second step.
struct JoinHandles {
  Fd into;
  Fd namespace_root;
  std::vector<Fd> tasks;
};

class Cgroup {
 public:
  virtual ~Cgroup() = default;
  // Makes the directories and sets `resources`: device rules start from deny
  // all and end with DefaultDeviceRules() (device_list.h). A directory that
  // exists is taken over if no process is in it. On error nothing of it is
  // left.
  virtual absl::Status Create(const oci::Resources& resources) = 0;
  virtual absl::StatusOr<JoinHandles> OpenForJoin() = 0;
  // Sets only what is present in `resources`. On error what was set before
  // the failing value is put back.
  virtual absl::Status Update(const oci::Resources& resources) = 0;
  virtual absl::Status Freeze() = 0;  // returns when frozen
  virtual absl::Status Thaw() = 0;
  virtual absl::StatusOr<bool> Frozen() = 0;
  // Host pids of all processes in it and below.
  virtual absl::StatusOr<std::vector<pid_t>> Processes() = 0;
  virtual absl::StatusOr<Stats> ReadStats() = 0;
  // v2: gives the delegated directory's children its controllers. Once the
  // container has a process this waits for an RCU grace period, and before,
  // it would bar `namespace_root` from holding one, so no launch waits for
  // it; the container may do it itself. v1: nothing to do.
  virtual absl::Status EnableDelegatedControllers() = 0;
  // A non-blocking descriptor that becomes readable (EPOLLIN) when there may
  // have been an OOM event, for `events`.
  virtual absl::StatusOr<Fd> OpenOomEvents() = 0;
  // To be called then: takes what is pending, true if the kernel did run out
  // of the container's memory. NotFound once the cgroup is gone.
  virtual absl::StatusOr<bool> ConsumeOomEvents(FdRef events) = 0;
  // SIGKILLs all processes in it, frozen ones included (cgroup.kill, or
  // freeze-kill-thaw). Does not wait for them to be reaped.
  virtual absl::Status KillAll() = 0;
  // Removes the directories, those made inside by the container included.
  // Retries EBUSY for up to a second while killed processes drain.
  virtual absl::Status Destroy() = 0;
  // controller ("" on v2) → directory, as runc's state.json holds.
  virtual std::map<std::string, std::string> Paths() const = 0;
  virtual bool unified() const = 0;  // pure v2
};

// Chooses v1, hybrid or v2 by what is mounted; makes nothing yet.
absl::StatusOr<std::unique_ptr<Cgroup>> NewCgroup(const CgroupOptions& options);
// The cgroup of an existing container, from Paths() as saved in its state.
absl::StatusOr<std::unique_ptr<Cgroup>> OpenCgroup(
    const CgroupOptions& options,
    const std::map<std::string, std::string>& paths);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_CGROUP_H_
