#include "sysbox/cli/box_remove.h"

#include <unistd.h>

#include <memory>

#include "sysbox/base/status.h"
#include "sysbox/cli/box_bundle.h"
#include "sysbox/cli/manager_choice.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/runtime/container.h"
#include "sysbox/runtime/lifecycle.h"
#include "sysbox/runtime/state_dir.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kForce = {
    .name = "force", .alias = 'f', .help = "kill it first if it runs"};
constexpr FlagSpec kRoot = {.name = "root",
                            .kind = ValueKind::kText,
                            .value = "DIR",
                            .fallback = "/run/sysbox-runc",
                            .help = "directory of the containers' state"};
constexpr FlagSpec kRemoveFlags[] = {kForce, kRoot};

absl::Status RemoveContainer(runtime::Container& container,
                             RuntimeOptions globals, bool force) {
  const oci::ContainerStatus status = container.Status();
  if (status != oci::ContainerStatus::kStopped && !force) {
    return FailedPrecondition(
        "it is {} (process {}); \"sysbox rm --force {}\" kills it",
        oci::Name(status), container.state().init_pid, container.state().id);
  }
  globals.no_manager = !container.state().uses_manager;
  std::unique_ptr<api::Manager> manager =
      ChooseManager(globals, WithoutDaemon::kEmbed);
  absl::Status removed =
      runtime::DeleteContainer(container, /*force=*/true, *manager);
  // Its `sysbox run` has been faster.
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
}

// As RemoveBox, but an error too if there is nothing of that name.
absl::Status Remove(const std::string& root, const std::string& name,
                    bool force) {
  const bool known = runtime::Container::Load(root, name).ok();
  SYSBOX_RETURN_IF_ERROR(RemoveBox(root, name, force));
  bool abandoned = false;
  absl::Status bundle = BoxBundle::RemoveAbandoned(
      kBoxBundles, name, [&](const std::string& its_root) {
        abandoned = true;
        return RemoveBox(its_root, name, force);
      });
  // Its owner lives, has just seen its end, and removes it himself.
  if (absl::IsAlreadyExists(bundle)) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(bundle);
  return known || abandoned ? absl::OkStatus()
                            : NotFound("container does not exist");
}

}  // namespace

absl::Status RemoveBox(const std::string& root, const std::string& name,
                       bool force) {
  absl::StatusOr<runtime::Container> container =
      runtime::Container::Load(root, name);
  if (absl::IsNotFound(container.status())) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(container.status());
  RuntimeOptions globals;
  globals.root = root;
  return RemoveContainer(*container, std::move(globals), force);
}

absl::Span<const FlagSpec> BoxRemoveFlags() { return kRemoveFlags; }

absl::StatusOr<int> RunBoxRemove(const Invocation& invocation) {
  if (geteuid() != 0) return absl::PermissionDeniedError("rm: needs root");
  for (const std::string& name : invocation.operands) {
    SYSBOX_RETURN_IF_ERROR(runtime::ValidateContainerId(name), "rm");
    SYSBOX_RETURN_IF_ERROR(Remove(invocation.flags.Text(kRoot), name,
                                  invocation.flags.Switch(kForce)),
                           "rm \"{}\"", name);
  }
  return 0;
}

}  // namespace sysbox::cli
