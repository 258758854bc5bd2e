// A container's cgroups behind one interface: v1 (one directory per mounted
// controller), v2 (unified), and hybrid hosts, where some controllers are
// v1's and the rest, hugetlb say, live in the unified tree. Limits sit in the
// *outer* directory, which the container cannot reach; its processes live in
// a delegated child (architecture D14): v1 `syscont-cgroup-root`, v2
// `init.scope`, which init enters when it is started. Nothing here logs.
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
// wait). Then init unshares its cgroup namespace.
struct JoinHandles {
  Fd into;
  std::vector<Fd> tasks;
  // The rest is v2's and init's. One that is waiting does so in the
  // container's directory, for that is where engines look for limits and OOM
  // events, by the cgroup of a process that is not started yet; then it writes
  // "0" to `leaf_procs`. One that is started at once is cloned into the leaf,
  // which saves it the wait for RCU, and has to make its cgroup namespace from
  // `namespace_root`, the directory above.
  Fd leaf_procs;
  Fd namespace_root;
  // When it is in the leaf it writes `delegated`, the container's controllers
  // as "+cpu +memory", to this: a cgroup with processes cannot give any.
  Fd subtree_control;
  std::string delegated;
};

enum class InitStart { kWaits, kAtOnce };

class Cgroup {
 public:
  virtual ~Cgroup() = default;
  // Makes the directories and sets `resources`: device rules start from deny
  // all and end with DefaultDeviceRules() (device_list.h). A directory that
  // exists is taken over if no process is in it. On error nothing of it is
  // left.
  virtual absl::Status Create(const oci::Resources& resources) = 0;
  // For the process that makes the container's cgroup namespace.
  virtual absl::StatusOr<JoinHandles> OpenForInit(InitStart start) = 0;
  // For a further one. v2: where the leaf is gone or takes no processes, as
  // the container has turned on controllers in it, the cgroup of `init` has to
  // do, as in runc.
  virtual absl::StatusOr<JoinHandles> OpenForProcess(pid_t init) = 0;
  // Sets only what is present in `resources`. On error what was set before
  // the failing value is put back.
  virtual absl::Status Update(const oci::Resources& resources) = 0;
  virtual absl::Status Freeze() = 0;  // returns when frozen
  virtual absl::Status Thaw() = 0;
  virtual absl::StatusOr<bool> Frozen() = 0;
  // Host pids of all processes in it and below.
  virtual absl::StatusOr<std::vector<pid_t>> Processes() = 0;
  virtual absl::StatusOr<Stats> ReadStats() = 0;
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
