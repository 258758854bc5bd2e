#include "sysbox/runtime/container.h"

#include <utility>

#include "sysbox/base/status.h"

namespace sysbox::runtime {
namespace {

bool IsInit(const oci::StateFile& state, const Pidfd& process) {
  absl::StatusOr<uint64_t> start = StartTimeTicks(process.pid());
  return start.ok() && *start == state.init_start && process.Alive();
}

}  // namespace

absl::StatusOr<Container> Container::Load(const std::string& root,
                                          const std::string& id) {
  SYSBOX_ASSIGN_OR_RETURN(StateDir dir, StateDir::Open(root, id));
  absl::StatusOr<oci::StateFile> state = dir.Load();
  if (!state.ok()) {
    // A create that was killed before it wrote anything.
    if (!absl::IsNotFound(state.status())) {
      return Annotate(state.status(), "load state");
    }
    state.emplace();
    state->id = id;
  }
  return Container(std::move(dir), *std::move(state));
}

absl::StatusOr<Pidfd> Container::Init() const {
  if (state_.init_pid > 0) {
    absl::StatusOr<Pidfd> process = OpenPidfd(state_.init_pid);
    if (process.ok() && IsInit(state_, *process)) return process;
  }
  return FailedPrecondition("container not running");
}

oci::ContainerStatus Container::Status() const {
  if (!Init().ok()) return oci::ContainerStatus::kStopped;
  if (dir_.HasFifo()) return oci::ContainerStatus::kCreated;
  absl::StatusOr<std::unique_ptr<cgroups::Cgroup>> cgroup = OpenCgroup();
  if (cgroup.ok() && (*cgroup)->Frozen().value_or(false)) {
    return oci::ContainerStatus::kPaused;
  }
  return oci::ContainerStatus::kRunning;
}

absl::StatusOr<std::unique_ptr<cgroups::Cgroup>> Container::OpenCgroup() const {
  return cgroups::OpenCgroup(CgroupOptionsOf(state_), state_.cgroup_paths);
}

oci::ContainerSummary Container::Summary() const {
  oci::ContainerSummary summary;
  summary.oci_version = state_.oci_version;
  summary.id = state_.id;
  summary.status = Status();
  if (summary.status != oci::ContainerStatus::kStopped) {
    summary.pid = state_.init_pid;
  }
  summary.bundle = state_.bundle;
  summary.rootfs = state_.rootfs;
  summary.created = state_.created;
  summary.annotations = state_.config.annotations;
  summary.owner = state_.owner;
  return summary;
}

std::string HookStateOf(const oci::StateFile& state,
                        oci::ContainerStatus status) {
  return HookStateOf(state, status, state.init_pid);
}

std::string HookStateOf(const oci::StateFile& state,
                        oci::ContainerStatus status, pid_t inner_pid) {
  oci::HookState hook;
  hook.oci_version = state.oci_version;
  hook.id = state.id;
  hook.status = status;
  if (status != oci::ContainerStatus::kStopped) hook.pid = inner_pid;
  hook.bundle = state.bundle;
  hook.annotations = state.config.annotations;
  return oci::WriteHookState(hook);
}

cgroups::CgroupOptions CgroupOptionsOf(const oci::StateFile& state) {
  cgroups::CgroupOptions options;
  options.driver = state.cgroup.driver == oci::CgroupDriver::kSystemd
                       ? cgroups::Driver::kSystemd
                       : cgroups::Driver::kCgroupfs;
  options.container_id = state.id;
  options.cgroups_path = state.cgroup.cgroups_path;
  options.owner_uid = state.cgroup.owner_uid;
  options.owner_gid = state.cgroup.owner_gid;
  options.delegate = state.cgroup.delegate;
  return options;
}

}  // namespace sysbox::runtime
