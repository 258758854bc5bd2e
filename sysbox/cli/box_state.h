// What is known about containers, from the manager's account (which has those
// of Docker and others, too) and from the state directories below one root.
#ifndef SYSBOX_CLI_BOX_STATE_H_
#define SYSBOX_CLI_BOX_STATE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/oci/state.h"

namespace sysbox::cli {

struct BoxState {
  std::string id;
  std::string status;  // "created", "running", "paused", "stopped"
  int32_t pid = 0;
  std::string created;    // RFC 3339; empty if unknown
  std::string host_uids;  // "165536-231071"
  std::string host_gids;
  std::string bundle;
  std::string rootfs;
  std::map<std::string, std::string> cgroup_paths;
  std::map<std::string, std::string> namespace_paths;
  std::map<std::string, std::string> annotations;
  // What it has stored for itself in /proc and /sys. Only InspectBox asks.
  std::map<std::string, std::string> stored_values;
};

// Sorted by id.
absl::StatusOr<std::vector<BoxState>> ListBoxes(const RuntimeOptions& globals);
absl::StatusOr<BoxState> InspectBox(const RuntimeOptions& globals,
                                    const std::string& id);

std::string BoxesTable(const std::vector<BoxState>& boxes);
std::string BoxesJson(const std::vector<BoxState>& boxes);  // one array
std::string BoxJson(const BoxState& box);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_BOX_STATE_H_
