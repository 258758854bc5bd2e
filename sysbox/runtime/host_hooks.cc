#include "sysbox/runtime/host_hooks.h"

#include <fcntl.h>

#include <string>

#include "absl/types/span.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/launch/hooks.h"
#include "sysbox/linux/file.h"
#include "sysbox/runtime/container.h"

namespace sysbox::runtime {
namespace {

constexpr OpenOptions kDirectory = {.flags = O_PATH | O_DIRECTORY};

absl::StatusOr<Fd> OpenBundle(const oci::StateFile& state) {
  absl::StatusOr<Fd> bundle = Open(state.bundle, kDirectory);
  return bundle.ok() ? std::move(bundle) : Open("/", kDirectory);
}

}  // namespace

absl::Status RunHostHooks(std::string_view point,
                          const std::vector<oci::Hook>& hooks,
                          const oci::StateFile& state,
                          oci::ContainerStatus status) {
  if (hooks.empty()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(Fd directory, OpenBundle(state));
  return launch::RunHooks(point, hooks, HookStateOf(state, status), directory);
}

absl::Status RunCreateHooks(const oci::StateFile& state) {
  if (!state.config.hooks.has_value()) return absl::OkStatus();
  const oci::Hooks& hooks = *state.config.hooks;
  constexpr auto kStatus = oci::ContainerStatus::kCreating;
  SYSBOX_RETURN_IF_ERROR(
      RunHostHooks("prestart", hooks.prestart, state, kStatus));
  return RunHostHooks("createRuntime", hooks.create_runtime, state, kStatus);
}

void RunLateHostHooks(std::string_view point,
                      const std::vector<oci::Hook>& hooks,
                      const oci::StateFile& state,
                      oci::ContainerStatus status) {
  for (const oci::Hook& hook : hooks) {
    absl::Status ran = RunHostHooks(point, {hook}, state, status);
    if (!ran.ok()) Log(LogLevel::kWarning, "{}", MessageOf(ran));
  }
}

}  // namespace sysbox::runtime
