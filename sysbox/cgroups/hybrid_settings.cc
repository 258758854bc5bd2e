#include "sysbox/cgroups/hybrid_settings.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/v1_settings.h"
#include "sysbox/cgroups/v2_settings.h"

namespace sysbox::cgroups {
namespace {

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The one controller whose name differs.
std::string_view V1Name(std::string_view v2_name) {
  return v2_name == "io" ? "blkio" : v2_name;
}
std::string_view V2Name(std::string_view v1_name) {
  return v1_name == "blkio" ? "io" : v1_name;
}

bool AsksForCpuset(const oci::Resources& resources) {
  return resources.cpu &&
         !(resources.cpu->cpus.empty() && resources.cpu->mems.empty());
}

bool IsUnifiedField(const Setting& setting) {
  return std::string_view(setting.field).starts_with("unified[");
}

}  // namespace

absl::StatusOr<HybridSettings> SplitSettings(
    const oci::Resources& resources, uint64_t current_memory_limit,
    const std::vector<std::string>& v1_controllers,
    const std::vector<std::string>& unified_controllers) {
  HybridSettings split;
  split.unified_controllers = unified_controllers;
  SYSBOX_ASSIGN_OR_RETURN(split.v1,
                          V1Settings(resources, current_memory_limit));
  if (AsksForCpuset(resources) && !Contains(v1_controllers, "cpuset")) {
    // A mounted cpuset is v1_cpuset.h's; this one is v2's or nobody's.
    split.v1.push_back(
        {"cpuset", "cpuset.cpus", resources.cpu->cpus, "cpu.cpus"});
  }
  auto is_v2s = [&](std::string_view v1_name) {
    return !Contains(v1_controllers, v1_name) &&
           Contains(unified_controllers, V2Name(v1_name));
  };
  std::erase_if(split.v1, [&](const Setting& setting) {
    return is_v2s(setting.controller);
  });
  if (unified_controllers.empty() && resources.unified.empty()) return split;
  oci::Resources rest = resources;
  // Not to be judged by v2's rules when v1 takes it.
  if (!is_v2s("memory")) rest.memory.reset();
  SYSBOX_ASSIGN_OR_RETURN(split.v2, V2Settings(rest));
  std::erase_if(split.v2, [&](const Setting& setting) {
    return !IsUnifiedField(setting) && !is_v2s(V1Name(setting.controller));
  });
  return split;
}

bool MayNeedUnified(const oci::Resources& resources,
                    const std::vector<std::string>& v1_controllers) {
  if (!resources.unified.empty()) return true;
  if (AsksForCpuset(resources) && !Contains(v1_controllers, "cpuset")) {
    return true;
  }
  const absl::StatusOr<std::vector<Setting>> settings =
      V1Settings(resources, kUnlimited);
  if (!settings.ok()) return false;  // reported where they are applied
  return std::any_of(settings->begin(), settings->end(),
                     [&](const Setting& setting) {
                       return !Contains(v1_controllers, setting.controller);
                     });
}

}  // namespace sysbox::cgroups
