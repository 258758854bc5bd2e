// An existing container: its state directory, its init, its cgroup, and what
// status follows from them. Every command but create starts here.
#ifndef SYSBOX_RUNTIME_CONTAINER_H_
#define SYSBOX_RUNTIME_CONTAINER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/cgroups/cgroup.h"
#include "sysbox/linux/process.h"
#include "sysbox/oci/state.h"
#include "sysbox/runtime/state_dir.h"

namespace sysbox::runtime {

class Container {
 public:
  // NotFound "container does not exist" when `id` is not below `root`.
  static absl::StatusOr<Container> Load(const std::string& root,
                                        const std::string& id);

  // One that has just been created: nothing is read back.
  static Container Adopt(StateDir dir, oci::StateFile state) {
    return Container(std::move(dir), std::move(state));
  }

  const oci::StateFile& state() const { return state_; }
  oci::StateFile& mutable_state() { return state_; }
  StateDir& dir() { return dir_; }
  const StateDir& dir() const { return dir_; }

  // From the process table, the fifo and the freezer; never from memory.
  oci::ContainerStatus Status() const;
  // Init by pidfd; FailedPrecondition "container not running" if it is gone
  // or its pid belongs to somebody else by now.
  absl::StatusOr<Pidfd> Init() const;
  absl::StatusOr<std::unique_ptr<cgroups::Cgroup>> OpenCgroup() const;
  // What `state` and `list` print.
  oci::ContainerSummary Summary() const;

 private:
  Container(StateDir dir, oci::StateFile state)
      : dir_(std::move(dir)), state_(std::move(state)) {}
  StateDir dir_;
  oci::StateFile state_;
};

// State JSON for hooks, with `status`, and the pid unless stopped.
std::string HookStateOf(const oci::StateFile& state,
                        oci::ContainerStatus status);
// The same for a hook that runs inside, where init has the pid `inner_pid`.
std::string HookStateOf(const oci::StateFile& state,
                        oci::ContainerStatus status, pid_t inner_pid);

cgroups::CgroupOptions CgroupOptionsOf(const oci::StateFile& state);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_CONTAINER_H_
