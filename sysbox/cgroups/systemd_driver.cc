#include "sysbox/cgroups/systemd_driver.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/systemd_bus.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

int HoldPlace(void*) {
  // Should the command be killed, systemd ends the then empty scope.
  if (!SetParentDeathSignal(SIGKILL).ok()) return 1;
  for (;;) pause();
}

absl::Status AppendTo(absl::StatusOr<std::vector<UnitProperty>> more,
                      std::vector<UnitProperty>* properties) {
  SYSBOX_RETURN_IF_ERROR(more);
  std::move(more->begin(), more->end(), std::back_inserter(*properties));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<UnitProperty>> Devices(
    const oci::Resources& resources) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string drivers, ReadFile("/proc/devices"));
  return DeviceProperties(resources, drivers);
}

}  // namespace

absl::Status SystemdCgroup::Create(const oci::Resources& resources) {
  SYSBOX_ASSIGN_OR_RETURN(SystemdBus bus, SystemdBus::Connect());
  SYSBOX_ASSIGN_OR_RETURN(placeholder_, Fork(HoldPlace, nullptr));
  std::vector<UnitProperty> properties =
      ScopeProperties(unit_, fmt::format("sysbox container {}", container_id_),
                      unified(), placeholder_.pid());
  SYSBOX_RETURN_IF_ERROR(
      AppendTo(LimitProperties(resources, unified()), &properties));
  SYSBOX_RETURN_IF_ERROR(AppendTo(Devices(resources), &properties));
  SYSBOX_RETURN_IF_ERROR(bus.StartTransientUnit(unit_.name, properties));
  absl::Cleanup undo = [this, &bus] {
    (void)bus.StopUnit(unit_.name);  // the caller reports the real error
    (void)files_->Destroy();
  };
  SYSBOX_RETURN_IF_ERROR(files_->Create(resources));
  std::move(undo).Cancel();
  return absl::OkStatus();
}

absl::Status SystemdCgroup::Update(const oci::Resources& resources) {
  SYSBOX_ASSIGN_OR_RETURN(SystemdBus bus, SystemdBus::Connect());
  std::vector<UnitProperty> properties;
  SYSBOX_RETURN_IF_ERROR(
      AppendTo(LimitProperties(resources, unified()), &properties));
  if (!resources.devices.empty()) {
    SYSBOX_RETURN_IF_ERROR(AppendTo(Devices(resources), &properties));
  }
  // The files first: they can be put back, systemd's properties cannot.
  SYSBOX_RETURN_IF_ERROR(files_->Update(resources));
  if (properties.empty()) return absl::OkStatus();
  return bus.SetUnitProperties(unit_.name, properties);
}

absl::StatusOr<std::vector<pid_t>> SystemdCgroup::Processes() {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<pid_t> pids, files_->Processes());
  if (placeholder_.valid()) std::erase(pids, placeholder_.pid());
  return pids;
}

absl::Status SystemdCgroup::Destroy() {
  placeholder_ = OwnedChild();
  SYSBOX_ASSIGN_OR_RETURN(SystemdBus bus, SystemdBus::Connect());
  SYSBOX_RETURN_IF_ERROR(bus.StopUnit(unit_.name));
  return files_->Destroy();
}

}  // namespace sysbox::cgroups
