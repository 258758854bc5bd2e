#include "sysbox/oci/state.h"

#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/json/codec.h"
#include "sysbox/oci/spec_fields.h"

namespace sysbox {

template <>
struct json::EnumNames<oci::ContainerStatus> {
  using Status = oci::ContainerStatus;
  static constexpr std::pair<Status, std::string_view> kTable[] = {
      {Status::kCreating, "creating"}, {Status::kCreated, "created"},
      {Status::kRunning, "running"},   {Status::kPaused, "paused"},
      {Status::kStopped, "stopped"},
  };
};

template <>
struct json::EnumNames<oci::CgroupDriver> {
  static constexpr std::pair<oci::CgroupDriver, std::string_view> kTable[] = {
      {oci::CgroupDriver::kCgroupfs, "cgroupfs"},
      {oci::CgroupDriver::kSystemd, "systemd"},
  };
};

template <>
struct json::Fields<oci::HookState> {
  static constexpr auto kTable =
      std::make_tuple(Required("ociVersion", &oci::HookState::oci_version),
                      Required("id", &oci::HookState::id),
                      Required("status", &oci::HookState::status),
                      Optional("pid", &oci::HookState::pid),
                      Required("bundle", &oci::HookState::bundle),
                      Optional("annotations", &oci::HookState::annotations));
};

template <>
struct json::Fields<oci::ContainerSummary> {
  static constexpr auto kTable = std::make_tuple(
      Required("ociVersion", &oci::ContainerSummary::oci_version),
      Required("id", &oci::ContainerSummary::id),
      Always("pid", &oci::ContainerSummary::pid),
      Required("status", &oci::ContainerSummary::status),
      Always("bundle", &oci::ContainerSummary::bundle),
      Always("rootfs", &oci::ContainerSummary::rootfs),
      Always("created", &oci::ContainerSummary::created),
      Optional("annotations", &oci::ContainerSummary::annotations),
      Always("owner", &oci::ContainerSummary::owner));
};

template <>
struct json::Fields<oci::CgroupState> {
  static constexpr auto kTable =
      std::make_tuple(Required("driver", &oci::CgroupState::driver),
                      Optional("cgroups_path", &oci::CgroupState::cgroups_path),
                      Always("owner_uid", &oci::CgroupState::owner_uid),
                      Always("owner_gid", &oci::CgroupState::owner_gid),
                      Always("delegate", &oci::CgroupState::delegate));
};

template <>
struct json::Fields<oci::StateFile> {
  static constexpr auto kTable = std::make_tuple(
      Required("format", &oci::StateFile::format),
      Always("sysbox_version", &oci::StateFile::sysbox_version),
      Required("oci_version", &oci::StateFile::oci_version),
      Required("id", &oci::StateFile::id),
      Required("init_process_pid", &oci::StateFile::init_pid),
      Required("init_process_start", &oci::StateFile::init_start),
      Required("created", &oci::StateFile::created),
      Always("owner", &oci::StateFile::owner),
      Required("bundle", &oci::StateFile::bundle),
      Required("rootfs", &oci::StateFile::rootfs),
      Optional("upper_layer", &oci::StateFile::upper_layer),
      Optional("data_roots", &oci::StateFile::data_roots),
      Optional("terminal", &oci::StateFile::terminal),
      Optional("no_new_keyring", &oci::StateFile::no_new_keyring),
      Optional("honor_caps", &oci::StateFile::honor_caps),
      Always("uses_manager", &oci::StateFile::uses_manager),
      Optional("intercepted", &oci::StateFile::intercepted),
      Always("rootless", &oci::StateFile::rootless),
      Required("cgroup", &oci::StateFile::cgroup),
      Always("cgroup_paths", &oci::StateFile::cgroup_paths),
      Always("namespace_paths", &oci::StateFile::namespace_paths),
      Optional("uid_mappings", &oci::StateFile::uid_mappings),
      Optional("gid_mappings", &oci::StateFile::gid_mappings),
      Required("config", &oci::StateFile::config));
};

}  // namespace sysbox

namespace sysbox::oci {

std::string_view Name(ContainerStatus status) {
  for (const auto& [value, name] : json::EnumNames<ContainerStatus>::kTable) {
    if (value == status) return name;
  }
  return "unknown";
}

std::string WriteHookState(const HookState& state) {
  return json::Write(state);
}

absl::StatusOr<HookState> ParseHookState(std::string_view text) {
  return json::Parse<HookState>(text);
}

std::string WriteSummary(const ContainerSummary& summary) {
  return json::Write(summary, {.indent = "  "});
}

std::string WriteSummaries(const std::vector<ContainerSummary>& summaries) {
  return json::Write(summaries);
}

std::string WriteStateFile(const StateFile& state) {
  return json::Write(state);
}

absl::StatusOr<StateFile> ParseStateFile(std::string_view text) {
  SYSBOX_ASSIGN_OR_RETURN(StateFile state, json::Parse<StateFile>(text));
  if (state.format < 1 || state.format > StateFile::kFormat) {
    return FailedPrecondition("format: {}, but this version reads 1 to {}",
                              state.format, StateFile::kFormat);
  }
  if (state.init_pid < 0) {
    return InvalidArgument("init_process_pid: {} is no process id",
                           state.init_pid);
  }
  return state;
}

}  // namespace sysbox::oci
