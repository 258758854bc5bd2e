#include "sysbox/runtime/exec.h"

#include <memory>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup.h"
#include "sysbox/cgroups/delegation.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/socket.h"
#include "sysbox/runtime/apparmor.h"
#include "sysbox/runtime/id_mappings.h"
#include "sysbox/runtime/process_plan.h"
#include "sysbox/runtime/sub_cgroups.h"
#include "sysbox/syscont/convert.h"

namespace sysbox::runtime {
namespace {

std::vector<NamespaceType> NamespacesOf(const oci::StateFile& state) {
  std::vector<NamespaceType> types;
  for (int i = 0; i < kNamespaceTypeCount; ++i) {
    auto type = static_cast<NamespaceType>(i);
    if (state.namespace_paths.count(std::string(ProcName(type))) != 0) {
      types.push_back(type);
    }
  }
  return types;
}

absl::StatusOr<launch::ExecPlan> BuildExecPlan(const Container& container,
                                               const ExecOptions& options) {
  const oci::StateFile& state = container.state();
  syscont::Inputs inputs;
  inputs.options.syscont_mode = state.cgroup.delegate;
  inputs.options.honor_caps = state.honor_caps;
  SYSBOX_ASSIGN_OR_RETURN(inputs.all_capabilities, AllCapabilities());
  inputs.apparmor_profile = LoadedAppArmorProfile();
  SYSBOX_ASSIGN_OR_RETURN(oci::Process process,
                          syscont::ConvertExecProcess(options.process, inputs));
  launch::ExecPlan plan;
  plan.init = state.init_pid;
  plan.namespaces = NamespacesOf(state);
  plan.maps = {MapOf(state.uid_mappings), MapOf(state.gid_mappings)};
  SYSBOX_ASSIGN_OR_RETURN(
      plan.process,
      BuildProcessPlan({process, state.config.linux->seccomp,
                        state.config.linux->personality, !state.no_new_keyring,
                        options.preserve_fds}));
  // As with runc: a typo is no directory.
  plan.process.make_cwd = false;
  if (state.format == 1) return plan;  // its config had the profile
  SYSBOX_ASSIGN_OR_RETURN(StateDir::SeccompProgram seccomp,
                          container.dir().LoadSeccomp(), "seccomp program");
  plan.process.seccomp_program = std::move(seccomp.instructions);
  plan.process.seccomp_flags = seccomp.flags;
  return plan;
}

absl::Status GiveListener(const std::string& id, FdRef listener,
                          api::Manager& manager) {
  const absl::Status given = manager.Listen(id, listener);
  if (!absl::IsUnavailable(given)) return given;
  Log(LogLevel::kWarning, "system calls are not intercepted: {}",
      MessageOf(given));
  return absl::OkStatus();
}

absl::Status CheckRunning(const Container& container, bool ignore_paused) {
  switch (container.Status()) {
    case oci::ContainerStatus::kStopped:
      return FailedPrecondition("cannot exec in a stopped container");
    case oci::ContainerStatus::kPaused:
      if (ignore_paused) return absl::OkStatus();
      return FailedPrecondition(
          "cannot exec in a paused container (use --ignore-paused to "
          "override)");
    default:
      return absl::OkStatus();
  }
}

absl::StatusOr<cgroups::JoinHandles> OpenCgroups(const Container& container,
                                                 const ExecOptions& options) {
  if (options.cgroups.empty()) {
    SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<cgroups::Cgroup> usual,
                            container.OpenCgroup());
    return usual->OpenForProcess(container.state().init_pid);
  }
  const oci::StateFile& state = container.state();
  SYSBOX_ASSIGN_OR_RETURN(
      auto paths, SubCgroups(state.cgroup_paths,
                             state.cgroup.delegate ? cgroups::kV1Child : "",
                             options.cgroups));
  // Exactly these directories, whoever made the container's.
  cgroups::CgroupOptions as_they_are = CgroupOptionsOf(state);
  as_they_are.driver = cgroups::Driver::kCgroupfs;
  as_they_are.delegate = false;
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<cgroups::Cgroup> cgroup,
                          cgroups::OpenCgroup(as_they_are, paths));
  absl::StatusOr<cgroups::JoinHandles> handles =
      cgroup->OpenForProcess(state.init_pid);
  SYSBOX_RETURN_IF_ERROR(handles.status(), "--cgroup");
  return handles;
}

}  // namespace

absl::StatusOr<launch::Launched> ExecInContainer(const Container& container,
                                                 const ExecOptions& options) {
  SYSBOX_RETURN_IF_ERROR(CheckRunning(container, options.ignore_paused));
  SYSBOX_ASSIGN_OR_RETURN(Pidfd init, container.Init());
  SYSBOX_ASSIGN_OR_RETURN(launch::ExecPlan plan,
                          BuildExecPlan(container, options));
  SYSBOX_ASSIGN_OR_RETURN(cgroups::JoinHandles handles,
                          OpenCgroups(container, options));
  Fd console;
  if (!options.console_socket.empty()) {
    SYSBOX_ASSIGN_OR_RETURN(
        console, ConnectUnix(SocketKind::kStream, options.console_socket),
        "--console-socket");
  }
  launch::LaunchFds fds;
  fds.cgroup_into = handles.into;
  for (const Fd& tasks : handles.tasks) fds.cgroup_tasks.push_back(tasks);
  fds.console_socket = console;
  launch::LaunchCallbacks callbacks;
  if (container.state().intercepted && options.manager != nullptr) {
    callbacks.take_listener = [&](Fd listener) {
      return GiveListener(container.state().id, listener, *options.manager);
    };
  }
  SYSBOX_ASSIGN_OR_RETURN(launch::Launched launched,
                          launch::LaunchExec(plan, init, fds, callbacks));
  if (!options.pid_file.empty()) {
    SYSBOX_RETURN_IF_ERROR(
        ReplaceVolatileFile(options.pid_file,
                            fmt::format("{}", launched.init.pid()), 0644),
        "--pid-file");
  }
  return launched;
}

}  // namespace sysbox::runtime
