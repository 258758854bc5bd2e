#include "sysbox/runtime/create.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup.h"
#include "sysbox/launch/launcher.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/socket.h"
#include "sysbox/mounts/build.h"
#include "sysbox/mounts/gather.h"
#include "sysbox/runtime/container.h"
#include "sysbox/runtime/emulated_binds.h"
#include "sysbox/runtime/host_hooks.h"
#include "sysbox/runtime/interception.h"
#include "sysbox/runtime/launch_plan_builder.h"
#include "sysbox/runtime/notify_socket.h"
#include "sysbox/runtime/prepare.h"
#include "sysbox/runtime/state_dir.h"
#include "sysbox/runtime/syscont_inputs.h"
#include "sysbox/syscont/convert.h"
#include "sysbox/trap/table.h"

namespace sysbox::runtime {
namespace {

// What of a create must be known to undo it, in the order it was made.
struct Work {
  StateDir dir;
  oci::StateFile state;
  std::unique_ptr<cgroups::Cgroup> cgroup;
  launch::LaunchPlan plan;
};

// The administrator's defaults, with the container's own variables on top.
absl::StatusOr<syscont::Options> SettleOptions(const oci::Process& process,
                                               const api::Policy& policy) {
  syscont::Options defaults;
  defaults.honor_caps = policy.honor_caps;
  defaults.syscont_mode = policy.syscont_mode;
  defaults.ignore_sysfs_chown = policy.ignore_sysfs_chown;
  defaults.allow_trusted_xattr = policy.allow_trusted_xattr;
  defaults.allow_mounts = policy.allow_mounts;
  defaults.relaxed_read_only = policy.relaxed_read_only;
  defaults.kernel_files = policy.kernel_files;
  return syscont::ParseOptions(process, defaults);
}

void WarnOfNetwork(const mounts::BuildInputs& inputs) {
  if (inputs.network_of_host.empty()) return;
  Log(LogLevel::kWarning,
      "the network namespace \"{}\" is the host's root's: the container's "
      "root cannot configure it, so engines inside cannot make networks; have "
      "both made for the container (podman run --userns=auto)",
      inputs.network_of_host);
}

absl::StatusOr<launch::LaunchPlan> MakePlan(const CreateOptions& options,
                                            const CheckedBundle& bundle,
                                            const oci::Spec& spec,
                                            const api::Registered& registered) {
  mounts::BuildOptions build;
  build.maps = registered.maps;
  build.skip_uid_shift = bundle.syscont.skip_uid_shift;
  build.id_map_required = registered.policy.fsuid_map_fail_on_error;
  build.lock_in_place = !registered.policy.allow_immutable_unmounts;
  build.lock_attributes =
      build.lock_in_place || !registered.policy.allow_immutable_remounts;
  build.no_pivot = options.no_pivot;
  build.data_roots = bundle.syscont.syscont_mode;
  build.kernel_files =
      bundle.syscont.syscont_mode && bundle.syscont.kernel_files;
  build.hostname_file =
      bundle.syscont.syscont_mode && bundle.has_systemd && !spec.root->readonly;
  build.read_only_data_roots =
      spec.root->readonly && !bundle.syscont.relaxed_read_only;
  if (registered.emulated.valid()) {
    build.emulated = EmulatedBinds(GivesHardware(spec));
  }
  std::vector<seccomp::Override> traps;
  if (Intercepted(registered, spec)) {
    traps = trap::Overrides(TrapOptionsOf(bundle.syscont, spec));
  }
  SYSBOX_ASSIGN_OR_RETURN(
      mounts::BuildInputs inputs,
      mounts::GatherBuildInputs(spec, options.bundle, std::move(build)));
  WarnOfNetwork(inputs);
  SYSBOX_ASSIGN_OR_RETURN(mounts::MountPlan mounts,
                          mounts::BuildMountPlan(spec, inputs));
  SYSBOX_ASSIGN_OR_RETURN(launch::Bundle for_hooks,
                          BundleForHooks(options, spec));
  SYSBOX_ASSIGN_OR_RETURN(
      launch::LaunchPlan plan,
      BuildLaunchPlan({spec, registered, std::move(mounts), options.id,
                       std::move(for_hooks), !options.no_new_keyring,
                       options.listen_fds + options.preserve_fds,
                       bundle.syscont.syscont_mode, traps,
                       !inputs.network_of_host.empty()}));
  if (options.listen_fds > 0) {
    plan.process.env.push_back(
        fmt::format("LISTEN_FDS={}", options.listen_fds));
    plan.process.env.push_back("LISTEN_PID=1");
  }
  return plan;
}

// Opened before anything is made; invalid without a console socket.
absl::StatusOr<Fd> OpenConsoleSocket(const CreateOptions& options) {
  if (options.console_socket.empty()) return Fd();
  absl::StatusOr<Fd> socket =
      ConnectUnix(SocketKind::kStream, options.console_socket);
  SYSBOX_RETURN_IF_ERROR(socket.status(), "--console-socket");
  return socket;
}

std::map<std::string, std::string> NamespacePaths(
    const launch::LaunchPlan& plan, pid_t pid) {
  std::map<std::string, std::string> paths;
  auto add = [&](NamespaceType type) {
    paths[std::string(ProcName(type))] =
        fmt::format("/proc/{}/ns/{}", pid, ProcName(type));
  };
  for (NamespaceType type : plan.new_namespaces) add(type);
  for (const launch::JoinedNamespace& joined : plan.joined_namespaces) {
    add(joined.type);
  }
  if (plan.share_network_owner) add(NamespaceType::kUser);
  return paths;
}

std::vector<std::string> DataRootsOf(const mounts::MountPlan& plan) {
  std::vector<std::string> roots;
  for (const mounts::MountOp& op : plan.ops) {
    if (op.kind == mounts::MountOp::Kind::kDataRoot) {
      roots.push_back(op.source + op.target);
    }
  }
  return roots;
}

absl::StatusOr<launch::Launched> Launch(
    const CreateOptions& options, const api::EmulatedFilesystems& emulated,
    api::Manager& manager, Work& work) {
  SYSBOX_ASSIGN_OR_RETURN(Fd console, OpenConsoleSocket(options));
  SYSBOX_ASSIGN_OR_RETURN(Fd fifo, work.dir.MakeFifo());
  SYSBOX_ASSIGN_OR_RETURN(
      cgroups::JoinHandles handles,
      work.cgroup->OpenForInit(options.start_at_once
                                   ? cgroups::InitStart::kAtOnce
                                   : cgroups::InitStart::kWaits));
  launch::LaunchFds fds;
  fds.cgroup_into = handles.into;
  fds.cgroup_namespace_root = handles.namespace_root;
  for (const Fd& tasks : handles.tasks) fds.cgroup_tasks.push_back(tasks);
  fds.cgroup_leaf = {handles.leaf_procs, handles.subtree_control,
                     handles.delegated};
  fds.exec_fifo = fifo;
  fds.console_socket = console;
  fds.static_files = emulated.static_files;
  fds.live_files = emulated.live_files;
  launch::LaunchCallbacks callbacks;
  if (emulated.valid()) {
    callbacks.meanwhile = [&] { LookAtBindSources(emulated); };
    callbacks.mounts_given = [&] { LookAtMountPoints(emulated); };
  }
  callbacks.namespaces_ready = [&](const Pidfd& init) -> absl::Status {
    oci::StateFile& state = work.state;
    state.init_pid = init.pid();
    SYSBOX_ASSIGN_OR_RETURN(state.init_start, StartTimeTicks(init.pid()));
    state.namespace_paths = NamespacePaths(work.plan, init.pid());
    state.upper_layer = work.plan.mounts.rootfs.overlay.upper;
    state.data_roots = DataRootsOf(work.plan.mounts);
    SYSBOX_RETURN_IF_ERROR(work.dir.Save(state), "save state");
    SYSBOX_RETURN_IF_ERROR(manager.Activate(options.id, init));
    return work.plan.rootfs_at_its_path ? absl::OkStatus()
                                        : RunCreateHooks(state);
  };
  if (work.plan.rootfs_at_its_path) {
    callbacks.mounted = [&] { return RunCreateHooks(work.state); };
  }
  if (work.state.intercepted) {
    callbacks.take_listener = [&](Fd listener) {
      return manager.Listen(options.id, listener);
    };
  }
  if (work.state.config.hooks.has_value()) {
    callbacks.hook_states = [&](pid_t pid) {
      return launch::HookStates{
          HookStateOf(work.state, oci::ContainerStatus::kCreating, pid),
          HookStateOf(work.state, oci::ContainerStatus::kCreated, pid)};
    };
  }
  return launch::LaunchContainer(work.plan, fds, callbacks);
}

absl::Status WritePidFile(const std::string& path, pid_t pid) {
  if (path.empty()) return absl::OkStatus();
  return Annotate(ReplaceVolatileFile(path, fmt::format("{}", pid), 0644),
                  "--pid-file");
}

// Runs the poststop hooks of a container that never came to be, as runc does.
void RunPoststopHooks(const oci::StateFile& state) {
  if (!state.config.hooks.has_value() || state.init_pid == 0) return;
  RunLateHostHooks("poststop", state.config.hooks->poststop, state,
                   oci::ContainerStatus::kStopped);
}

// The bundle's spec as a system container's; settles `bundle.syscont`.
absl::StatusOr<oci::Spec> MakeSystemContainer(const CreateOptions& options,
                                              const api::Registered& registered,
                                              StateDir& dir,
                                              CheckedBundle& bundle) {
  SYSBOX_ASSIGN_OR_RETURN(
      bundle.syscont, SettleOptions(*bundle.spec.process, registered.policy));
  SYSBOX_ASSIGN_OR_RETURN(
      const syscont::Inputs inputs,
      GatherSyscontInputs(bundle.spec, options.bundle, bundle.syscont,
                          Intercepted(registered, bundle.spec)));
  bundle.has_systemd = inputs.has_systemd;
  SYSBOX_ASSIGN_OR_RETURN(oci::Spec spec,
                          syscont::ConvertSpec(bundle.spec, inputs));
  if (options.notify_socket) {
    SYSBOX_RETURN_IF_ERROR(AddNotifySocket(dir, spec), "NOTIFY_SOCKET");
  }
  return spec;
}

void LogUndo(const absl::Status& status, std::string_view what) {
  if (!status.ok()) {
    Log(LogLevel::kWarning, "undo {}: {}", what, MessageOf(status));
  }
}

}  // namespace

absl::StatusOr<Created> CreateContainer(const CreateOptions& options,
                                        api::Manager& manager) {
  SYSBOX_RETURN_IF_ERROR(ValidateContainerId(options.id));
  SYSBOX_ASSIGN_OR_RETURN(CheckedBundle bundle, CheckBundle(options));
  SYSBOX_ASSIGN_OR_RETURN(StateDir dir,
                          StateDir::Create(options.root, options.id));
  absl::Cleanup remove_dir = [&] { LogUndo(dir.Remove(), "state directory"); };
  SYSBOX_ASSIGN_OR_RETURN(api::Registered registered,
                          RegisterContainer(options, bundle, manager));
  absl::Cleanup unregister = [&] {
    absl::Status status = manager.Unregister(options.id);
    // A daemon that has died frees what never came to be when it starts.
    if (!absl::IsUnavailable(status)) LogUndo(status, "registration");
  };
  SYSBOX_ASSIGN_OR_RETURN(
      oci::Spec spec, MakeSystemContainer(options, registered, dir, bundle));
  Work work = {
      dir, InitialState(options, bundle, spec, registered), nullptr, {}};
  SYSBOX_ASSIGN_OR_RETURN(work.plan,
                          MakePlan(options, bundle, spec, registered));
  SYSBOX_ASSIGN_OR_RETURN(work.cgroup,
                          cgroups::NewCgroup(CgroupOptionsOf(work.state)));
  work.state.cgroup_paths = work.cgroup->Paths();
  // On disk before the cgroup exists: if we are killed, `delete` finds it.
  SYSBOX_RETURN_IF_ERROR(work.dir.Save(work.state), "save state");
  SYSBOX_RETURN_IF_ERROR(
      work.dir.SaveSeccomp(
          {work.plan.process.seccomp_program, work.plan.process.seccomp_flags}),
      "save seccomp program");
  SYSBOX_RETURN_IF_ERROR(
      work.cgroup->Create(spec.linux->resources.value_or(oci::Resources())));
  absl::Cleanup destroy_cgroup = [&] {
    LogUndo(work.cgroup->Destroy(), "cgroup");
  };
  absl::StatusOr<launch::Launched> launched =
      Launch(options, registered.emulated, manager, work);
  if (launched.ok()) {
    // The fifo, not this struct, says whether it was started.
    absl::Status written = WritePidFile(options.pid_file, launched->init.pid());
    if (!written.ok()) launched = written;
  }
  if (!launched.ok()) {
    (void)work.cgroup->KillAll();  // Destroy reports what stays
    RunPoststopHooks(work.state);
    return launched.status();
  }
  std::move(destroy_cgroup).Cancel();
  std::move(unregister).Cancel();
  std::move(remove_dir).Cancel();
  return Created{Container::Adopt(dir, std::move(work.state)),
                 std::move(launched->init),
                 std::move(launched->terminal_master)};
}

}  // namespace sysbox::runtime
