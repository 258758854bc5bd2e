#include "sysbox/cli/box_state.h"

#include <memory>
#include <utility>

#include "fmt/format.h"
#include "sysbox/api/client.h"
#include "sysbox/base/status.h"
#include "sysbox/build_info.h"
#include "sysbox/cli/manager_choice.h"
#include "sysbox/cli/table_text.h"
#include "sysbox/ids/id_map_text.h"
#include "sysbox/json/codec.h"
#include "sysbox/runtime/container.h"
#include "sysbox/runtime/state_dir.h"

namespace sysbox {

template <>
struct json::Fields<cli::BoxState> {
  static constexpr auto kTable = std::make_tuple(
      Required("id", &cli::BoxState::id),
      Required("status", &cli::BoxState::status),
      Always("pid", &cli::BoxState::pid),
      Optional("created", &cli::BoxState::created),
      Always("hostUids", &cli::BoxState::host_uids),
      Always("hostGids", &cli::BoxState::host_gids),
      Always("bundle", &cli::BoxState::bundle),
      Always("rootfs", &cli::BoxState::rootfs),
      Optional("cgroupPaths", &cli::BoxState::cgroup_paths),
      Optional("namespacePaths", &cli::BoxState::namespace_paths),
      Optional("annotations", &cli::BoxState::annotations),
      Optional("storedValues", &cli::BoxState::stored_values));
};

namespace cli {
namespace {

constexpr json::WriteOptions kIndented = {.indent = "    "};

IdMap MapOf(const std::vector<oci::IdMapping>& mappings) {
  IdMap map;
  for (const oci::IdMapping& mapping : mappings) {
    map.lines.push_back({mapping.container_id, mapping.host_id, mapping.size});
  }
  return map;
}

BoxState FromManager(const api::ContainerSummary& summary) {
  BoxState box;
  box.id = summary.id;
  box.pid = summary.pid;
  // The manager does not know more: `start` is none of its business.
  box.status = summary.pid == 0 ? "creating" : "running";
  box.host_uids = DescribeHostIds(summary.maps.uids);
  box.host_gids = DescribeHostIds(summary.maps.gids);
  box.bundle = summary.bundle;
  box.rootfs = summary.rootfs;
  return box;
}

BoxState FromContainer(const runtime::Container& container) {
  const oci::StateFile& state = container.state();
  oci::ContainerSummary summary = container.Summary();
  BoxState box;
  box.id = summary.id;
  box.status = oci::Name(summary.status);
  box.pid = summary.pid;
  box.created = summary.created;
  box.host_uids = DescribeHostIds(MapOf(state.uid_mappings));
  box.host_gids = DescribeHostIds(MapOf(state.gid_mappings));
  box.bundle = summary.bundle;
  box.rootfs = summary.rootfs;
  box.cgroup_paths = state.cgroup_paths;
  box.namespace_paths = state.namespace_paths;
  box.annotations = summary.annotations;
  return box;
}

// None of a container that no daemon serves.
std::map<std::string, std::string> StoredValuesOf(const RuntimeOptions& globals,
                                                  const std::string& id) {
  auto daemon = api::ConnectFileInspector(globals.manager_socket, kVersion);
  if (!daemon.ok()) return {};
  const absl::StatusOr<std::string> text = (*daemon)->StoredValues(id);
  if (!text.ok()) return {};
  auto values = json::Parse<std::map<std::string, std::string>>(*text);
  if (!values.ok()) return {};
  return *std::move(values);
}

}  // namespace

absl::StatusOr<std::vector<BoxState>> ListBoxes(const RuntimeOptions& globals) {
  std::unique_ptr<api::Manager> manager =
      ChooseManager(globals, WithoutDaemon::kEmbed);
  SYSBOX_ASSIGN_OR_RETURN(std::vector<api::ContainerSummary> registered,
                          manager->List());
  std::map<std::string, BoxState> boxes;
  for (const api::ContainerSummary& summary : registered) {
    boxes[summary.id] = FromManager(summary);
  }
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> ids,
                          runtime::ListContainerIds(globals.root));
  for (const std::string& id : ids) {
    absl::StatusOr<runtime::Container> container =
        runtime::Container::Load(globals.root, id);
    if (absl::IsNotFound(container.status())) continue;  // deleted meanwhile
    SYSBOX_RETURN_IF_ERROR(container.status(), "{}", id);
    boxes[id] = FromContainer(*container);
  }
  std::vector<BoxState> list;
  for (auto& [id, box] : boxes) list.push_back(std::move(box));
  return list;
}

absl::StatusOr<BoxState> InspectBox(const RuntimeOptions& globals,
                                    const std::string& id) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<BoxState> boxes, ListBoxes(globals));
  for (BoxState& box : boxes) {
    if (box.id != id) continue;
    box.stored_values = StoredValuesOf(globals, id);
    return std::move(box);
  }
  return NotFound("inspect \"{}\": container does not exist", id);
}

std::string BoxesTable(const std::vector<BoxState>& boxes) {
  std::vector<std::vector<std::string>> rows = {
      {"ID", "PID", "STATUS", "HOST UIDS", "ROOTFS"}};
  for (const BoxState& box : boxes) {
    rows.push_back({box.id, fmt::format("{}", box.pid), box.status,
                    box.host_uids, box.rootfs});
  }
  return TableText(rows);
}

std::string BoxesJson(const std::vector<BoxState>& boxes) {
  return json::Write(boxes, kIndented) + "\n";
}

std::string BoxJson(const BoxState& box) {
  return json::Write(box, kIndented) + "\n";
}

}  // namespace cli
}  // namespace sysbox
