#include "sysbox/cli/apparmor_profile.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cli/external_program.h"
#include "sysbox/cli/host_file.h"
#include "sysbox/linux/file.h"
#include "sysbox/runtime/apparmor.h"

namespace sysbox::cli {
namespace {

constexpr char kProfilePath[] = "/etc/apparmor.d/sysbox-system-container";
constexpr char kRemove[] = "/sys/kernel/security/apparmor/.remove";

// No #include: neither the host's abstractions nor its tunables are needed.
// Paths are the container's; "{**/,}" is for an inner container's, whose root
// is somewhere below.
constexpr std::string_view kProfile =
    R"(# A system inside may do what a system does: mount, load programs, trace and
# signal its own processes, configure its own network. Namespaces confine it;
# this stands behind them, with what no system in a container ever needs.
profile sysbox-system-container flags=(attach_disconnected,mediate_deleted) {
  capability,
  dbus,
  file,
  mount,
  network,
  pivot_root,
  remount,
  signal,
  umount,
  unix,

  # Its own processes; those of `docker exec --privileged`, and the host's
  # debuggers, have no profile.
  ptrace peer=sysbox-system-container,
  ptrace (readby, tracedby) peer=unconfined,
  ptrace (read) peer=unconfined,

  # The machine's memory, keys, buses and interrupts.
  deny /{**/,}proc/acpi/** rwklx,
  deny /{**/,}proc/bus/** wkl,
  deny /{**/,}proc/irq/** wkl,
  deny /{**/,}proc/kcore rwklx,
  deny /{**/,}proc/kpage* rwklx,
  deny /{**/,}proc/mtrr wkl,
  deny /{**/,}proc/scsi/** wkl,
  deny /{**/,}proc/sysrq-trigger rwklx,

  # Firmware, power, security modules, and devices that are not virtual.
  deny /{**/,}sys/firmware/** wkl,
  deny /{**/,}sys/power/** wkl,
  deny /{**/,}sys/kernel/security/** wkl,
  deny /{**/,}sys/kernel/kexec_* wkl,
  deny /{**/,}sys/devices/pci*/** wkl,
  deny /{**/,}sys/devices/platform/** wkl,
  deny /{**/,}sys/bus/*/drivers/** wkl,
  deny /{**/,}sys/bus/*/drivers_probe wkl,

  # File systems that show the host's kernel and firmware.
  deny mount fstype=efivarfs,
  deny mount fstype=pstore,
  deny mount fstype=securityfs,
}
)";

bool IsConfinedBy(const std::string& pid) {
  const absl::StatusOr<std::string> label =
      ReadFile(fmt::format("/proc/{}/attr/current", pid));
  return label.ok() && absl::StartsWith(*label, runtime::kAppArmorProfile);
}

absl::StatusOr<bool> IsInUse() {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ListDirectory("/proc"));
  for (const std::string& name : names) {
    if (ParseUint64(name).has_value() && IsConfinedBy(name)) return true;
  }
  return false;
}

absl::Status Unload(const Steps& steps) {
  if (runtime::LoadedAppArmorProfile().empty()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const bool in_use, IsInUse());
  if (in_use) {
    return steps.Say(fmt::format("{}: stays loaded, containers are under it",
                                 runtime::kAppArmorProfile));
  }
  return steps.Do(fmt::format("unload {}", runtime::kAppArmorProfile), [] {
    return WriteExisting(kRemove, runtime::kAppArmorProfile);
  });
}

}  // namespace

std::string_view AppArmorProfileText() { return kProfile; }

absl::Status InstallAppArmorProfile(const Steps& steps) {
  if (!runtime::HasAppArmor()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const bool changed,
                          InstallHostFile(kProfilePath, kProfile, steps));
  const bool loaded = !runtime::LoadedAppArmorProfile().empty();
  if (loaded && !changed) return absl::OkStatus();
  if (FindProgram("apparmor_parser").empty()) {
    return steps.Say(
        "apparmor_parser is missing: containers will have no AppArmor profile "
        "(apt-get install apparmor, and install again)");
  }
  return steps.Do(fmt::format("load {}", runtime::kAppArmorProfile), [] {
    return RunProgram({"apparmor_parser", "--replace", kProfilePath});
  });
}

absl::Status RemoveAppArmorProfile(const Steps& steps) {
  SYSBOX_ASSIGN_OR_RETURN(const bool removed,
                          RemoveHostFile(kProfilePath, steps));
  return removed ? Unload(steps) : absl::OkStatus();
}

}  // namespace sysbox::cli
