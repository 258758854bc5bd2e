// Any text as linux.cgroupsPath, a list of processors and /proc/devices: a
// unit's cgroup never leaves the hierarchy.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sysbox/cgroups/cpu_list.h"
#include "sysbox/cgroups/systemd_unit.h"
#include "sysbox/oci/spec.h"

namespace {

void CheckPath(std::string_view path) {
  const std::string below = std::string(path) + "/";
  if (!path.empty() && path.front() != '/') abort();
  if (below.find("/../") != below.npos) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox;  // NOLINT: a fuzz target's only function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto unit = cgroups::ParseSystemdUnit(text, "container");
  if (unit.ok()) {
    CheckPath(unit->path);
    (void)cgroups::ScopeProperties(*unit, "a container", true, 1);
  }
  const auto slice = cgroups::SlicePath(text);
  if (slice.ok()) CheckPath(*slice);
  oci::Resources resources;
  resources.cpu.emplace();
  resources.cpu->cpus = std::string(text);
  (void)cgroups::LimitProperties(resources, true);
  oci::DeviceRule rule;
  rule.allow = true;
  rule.type = "c";
  rule.access = "rwm";
  resources.devices = {rule};
  (void)cgroups::DeviceProperties(resources, text);
  (void)cgroups::ParseCpuList(text);
  return 0;
}
