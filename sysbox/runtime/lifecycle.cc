#include "sysbox/runtime/lifecycle.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/process.h"
#include "sysbox/mounts/inner_whiteouts.h"
#include "sysbox/mounts/make_data_root.h"
#include "sysbox/runtime/host_hooks.h"
#include "sysbox/runtime/resolv_conf.h"
#include "sysbox/runtime/stop_signal.h"

namespace sysbox::runtime {
namespace {

using oci::ContainerStatus;

// How long a killed container's processes may take to be gone: uninterruptible
// I/O ends eventually, and the caller wants an answer.
constexpr int kKillTimeoutMs = 10'000;

absl::Status AwaitEnd(const Pidfd& process) {
  // A pidfd is readable once its process has ended.
  SYSBOX_ASSIGN_OR_RETURN(bool ended,
                          WaitReadable(process.fd(), kKillTimeoutMs));
  if (!ended)
    return absl::DeadlineExceededError("container init still running");
  return absl::OkStatus();
}

absl::Status KillAndWait(const Container& container) {
  absl::StatusOr<Pidfd> init = container.Init();
  if (init.ok()) {
    // A frozen v1 cgroup keeps even SIGKILL pending.
    absl::StatusOr<std::unique_ptr<cgroups::Cgroup>> cgroup =
        container.OpenCgroup();
    absl::Status signalled = init->Signal(SIGKILL);
    if (cgroup.ok() && (*cgroup)->Frozen().value_or(false)) {
      SYSBOX_RETURN_IF_ERROR((*cgroup)->Thaw());
    }
    if (signalled.ok()) SYSBOX_RETURN_IF_ERROR(AwaitEnd(*init));
  }
  return absl::OkStatus();
}

absl::Status DestroyCgroup(const Container& container) {
  if (container.state().cgroup_paths.empty()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<cgroups::Cgroup> cgroup,
                          container.OpenCgroup());
  // Processes that outlived init, in a shared pid namespace.
  SYSBOX_ASSIGN_OR_RETURN(std::vector<pid_t> left, cgroup->Processes());
  if (!left.empty()) SYSBOX_RETURN_IF_ERROR(cgroup->KillAll());
  return cgroup->Destroy();
}

// Fields present in `update` replace those of `base`.
template <typename T>
void Replace(std::optional<T>& base, const std::optional<T>& update) {
  if (update.has_value()) base = update;
}

void MergeMemory(oci::Memory& base, const oci::Memory& update) {
  Replace(base.limit, update.limit);
  Replace(base.reservation, update.reservation);
  Replace(base.swap, update.swap);
  Replace(base.kernel, update.kernel);
  Replace(base.kernel_tcp, update.kernel_tcp);
  Replace(base.swappiness, update.swappiness);
}

void MergeCpu(oci::Cpu& base, const oci::Cpu& update) {
  Replace(base.shares, update.shares);
  Replace(base.quota, update.quota);
  Replace(base.burst, update.burst);
  Replace(base.period, update.period);
  Replace(base.realtime_runtime, update.realtime_runtime);
  Replace(base.realtime_period, update.realtime_period);
  Replace(base.idle, update.idle);
  if (!update.cpus.empty()) base.cpus = update.cpus;
  if (!update.mems.empty()) base.mems = update.mems;
}

void MergeResources(oci::Resources& base, const oci::Resources& update) {
  if (update.memory.has_value()) {
    if (!base.memory.has_value()) base.memory.emplace();
    MergeMemory(*base.memory, *update.memory);
  }
  if (update.cpu.has_value()) {
    if (!base.cpu.has_value()) base.cpu.emplace();
    MergeCpu(*base.cpu, *update.cpu);
  }
  Replace(base.pids, update.pids);
  Replace(base.block_io, update.block_io);
  for (const auto& [file, value] : update.unified) base.unified[file] = value;
}

// Engines commit a container that is paused or has been deleted here.
void KeepInnerLayers(const oci::StateFile& state) {
  std::vector<std::string> data_roots = state.data_roots;
  for (const std::string& path : mounts::LateDataRoots(state.upper_layer)) {
    data_roots.push_back(state.upper_layer + path);
  }
  for (const std::string& data_root : data_roots) {
    const absl::Status kept = mounts::KeepInnerOpaque(data_root);
    // A symlink of the image's, or removed with all the rest already.
    const int error = ErrnoOf(kept);
    if (kept.ok() || error == ENOENT || error == ELOOP || error == ENOTDIR) {
      continue;
    }
    Log(LogLevel::kWarning, "{}: {}", data_root, MessageOf(kept));
  }
}

}  // namespace

absl::Status StartContainer(Container& container, api::Manager& manager) {
  switch (container.Status()) {
    case ContainerStatus::kCreated:
      break;
    case ContainerStatus::kStopped:
      return FailedPrecondition("cannot start a container that has stopped");
    default:
      return FailedPrecondition("cannot start an already running container");
  }
  AliasDns(container.state(), manager);
  SYSBOX_RETURN_IF_ERROR(container.dir().ReleaseFifo());
  const std::optional<oci::Hooks>& hooks = container.state().config.hooks;
  if (hooks.has_value()) {
    RunLateHostHooks("poststart", hooks->poststart, container.state(),
                     ContainerStatus::kRunning);
  }
  return absl::OkStatus();
}

absl::Status KillContainer(const Container& container, int signal, bool all) {
  if (!all) {
    SYSBOX_ASSIGN_OR_RETURN(Pidfd init, container.Init());
    SYSBOX_RETURN_IF_ERROR(SignalInit(init, signal));
    if (signal != SIGKILL) return absl::OkStatus();
    // A paused container would never see it.
    if (container.Status() == ContainerStatus::kPaused) {
      return ResumeContainer(container);
    }
    return absl::OkStatus();
  }
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<cgroups::Cgroup> cgroup,
                          container.OpenCgroup());
  if (signal == SIGKILL) return cgroup->KillAll();
  SYSBOX_ASSIGN_OR_RETURN(std::vector<pid_t> pids, cgroup->Processes());
  for (pid_t pid : pids) {
    absl::StatusOr<Pidfd> process = OpenPidfd(pid);
    if (process.ok()) (void)process->Signal(signal);  // it may just have ended
  }
  return absl::OkStatus();
}

absl::Status DeleteContainer(Container& container, bool force,
                             api::Manager& manager) {
  ContainerStatus status = container.Status();
  if (status != ContainerStatus::kStopped &&
      status != ContainerStatus::kCreated && !force) {
    return FailedPrecondition(
        "cannot delete container {} that is not stopped: {}",
        container.state().id, oci::Name(status));
  }
  SYSBOX_RETURN_IF_ERROR(KillAndWait(container), "kill container");
  KeepInnerLayers(container.state());
  SYSBOX_RETURN_IF_ERROR(DestroyCgroup(container), "remove cgroup");
  SYSBOX_RETURN_IF_ERROR(manager.Unregister(container.state().id));
  const std::optional<oci::Hooks>& hooks = container.state().config.hooks;
  if (hooks.has_value()) {
    RunLateHostHooks("poststop", hooks->poststop, container.state(),
                     ContainerStatus::kStopped);
  }
  return container.dir().Remove();
}

absl::Status PauseContainer(const Container& container) {
  ContainerStatus status = container.Status();
  if (status != ContainerStatus::kRunning &&
      status != ContainerStatus::kCreated) {
    return FailedPrecondition("container not running: {}", oci::Name(status));
  }
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<cgroups::Cgroup> cgroup,
                          container.OpenCgroup());
  SYSBOX_RETURN_IF_ERROR(cgroup->Freeze());
  KeepInnerLayers(container.state());
  return absl::OkStatus();
}

absl::Status ResumeContainer(const Container& container) {
  if (container.Status() != ContainerStatus::kPaused) {
    return FailedPrecondition("container not paused");
  }
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<cgroups::Cgroup> cgroup,
                          container.OpenCgroup());
  return cgroup->Thaw();
}

absl::Status UpdateContainer(Container& container,
                             const oci::Resources& resources) {
  if (container.Status() == ContainerStatus::kStopped) {
    return FailedPrecondition("container not running");
  }
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<cgroups::Cgroup> cgroup,
                          container.OpenCgroup());
  SYSBOX_RETURN_IF_ERROR(cgroup->Update(resources));
  std::optional<oci::Resources>& recorded =
      container.mutable_state().config.linux->resources;
  if (!recorded.has_value()) recorded.emplace();
  MergeResources(*recorded, resources);
  return container.dir().Save(container.state());
}

absl::StatusOr<std::vector<oci::ContainerSummary>> ListContainers(
    const std::string& root) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> ids, ListContainerIds(root));
  std::vector<oci::ContainerSummary> summaries;
  for (const std::string& id : ids) {
    absl::StatusOr<Container> container = Container::Load(root, id);
    if (container.ok()) {
      summaries.push_back(container->Summary());
    } else if (!absl::IsNotFound(container.status())) {
      Log(LogLevel::kError, "load container {}: {}", id,
          MessageOf(container.status()));
    }
  }
  return summaries;
}

absl::StatusOr<std::vector<pid_t>> ContainerProcesses(
    const Container& container) {
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<cgroups::Cgroup> cgroup,
                          container.OpenCgroup());
  SYSBOX_ASSIGN_OR_RETURN(std::vector<pid_t> pids, cgroup->Processes());
  std::sort(pids.begin(), pids.end());
  return pids;
}

}  // namespace sysbox::runtime
