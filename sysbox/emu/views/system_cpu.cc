#include "sysbox/emu/views/system_cpu.h"

#include <cstdint>
#include <numeric>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/cgroups/cpu_list.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/visible_cpus.h"

namespace sysbox::emu::views {

absl::StatusOr<std::string> SystemCpus(ContainerView& view,
                                       const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<uint16_t> cpus,
                          VisibleCpusOf(view, caller));
  std::iota(cpus.begin(), cpus.end(), uint16_t{0});
  return cgroups::FormatCpuList(cpus) + "\n";
}

absl::StatusOr<std::string> NoSystemCpus(ContainerView&, const fuse::Caller&) {
  return std::string("\n");
}

absl::StatusOr<std::string> SystemCpuKernelMax(ContainerView& view,
                                               const fuse::Caller&) {
  SYSBOX_ASSIGN_OR_RETURN(
      auto text, view.resources().host().Read(HostFile::kKernelMaxCpus));
  return *text;
}

}  // namespace sysbox::emu::views
