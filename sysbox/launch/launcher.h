// Turns a LaunchPlan into a running pid 1, stopped before its exec, and puts
// further processes into a running container. Host side (stage 0). On any
// error nothing is left: no process, no mount. Does not know cgroup drivers,
// config.json, the daemon or the state directory.
#ifndef SYSBOX_LAUNCH_LAUNCHER_H_
#define SYSBOX_LAUNCH_LAUNCHER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/launch/launch_plan.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"

namespace sysbox::launch {

// What of cgroups::JoinHandles init uses when it is started, before anything
// of the container's runs.
struct CgroupLeaf {
  FdRef procs{-1};            // invalid: init is where it belongs
  FdRef subtree_control{-1};  // invalid: nothing is delegated
  std::string delegated;
};

// Descriptors a launch works with; all borrowed for the call.
struct LaunchFds {
  // cgroups::JoinHandles, field by field; invalid where not used.
  FdRef cgroup_into{-1};
  FdRef cgroup_namespace_root{-1};
  std::vector<FdRef> cgroup_tasks;
  CgroupLeaf cgroup_leaf;
  FdRef exec_fifo{-1};  // opened O_RDWR; init blocks reading one byte from it
  FdRef console_socket{-1};  // connected; the pty master is sent here
  FdRef static_files{-1};    // the emulated filesystems, if the plan's
  FdRef live_files{-1};      // mounts have some; detached
};

// State JSON for the hooks that init runs.
struct HookStates {
  std::string create_container;
  std::string start_container;
};

struct LaunchCallbacks {
  // While init makes its namespaces and has no mounts yet: the moment for what
  // can be done beside. Default: nothing.
  std::function<void()> meanwhile;
  // Init has its mounts and puts them in place, or is about to: likewise.
  std::function<void()> mounts_given;
  // All namespaces exist and have their maps, init waits: the moment for
  // Manager::Activate, limits, hooks that need no more. An error ends the
  // launch.
  std::function<absl::Status(const Pidfd& init)> namespaces_ready;
  // Init has made all mounts of the rootfs, which is in its place: the moment
  // for prestart and createRuntime hooks. An error ends the launch. Default:
  // nothing.
  std::function<absl::Status()> mounted;
  // `pid` is init's as its own pid namespace has it, which those hooks are
  // told. Default: none are.
  std::function<HookStates(pid_t pid)> hook_states;
  // The listener of the process's seccomp filter, when its program has one
  // (SECCOMP_FILTER_FLAG_NEW_LISTENER). The program has not started yet, and
  // will not if this is an error. Default: nobody listens, and the kernel
  // answers ENOSYS.
  std::function<absl::Status(Fd listener)> take_listener;
};

struct Launched {
  OwnedChild init;
  Fd terminal_master;  // when process.terminal and no console_socket was given
};

// Returns when init has done everything but the exec, the program is known to
// exist, and init waits on the exec fifo (or execs at once without one).
absl::StatusOr<Launched> LaunchContainer(const LaunchPlan& plan,
                                         const LaunchFds& fds,
                                         const LaunchCallbacks& callbacks);

struct ExecPlan {
  pid_t init = 0;                         // of the container
  std::vector<NamespaceType> namespaces;  // those to join
  IdMaps maps;
  ProcessPlan process;
};
// Returns after the exec has succeeded, or with its error. Of `callbacks`,
// take_listener is called.
absl::StatusOr<Launched> LaunchExec(const ExecPlan& plan, const Pidfd& init,
                                    const LaunchFds& fds,
                                    const LaunchCallbacks& callbacks = {});

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_LAUNCHER_H_
