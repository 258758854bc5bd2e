#include "sysbox/cgroups/unversioned_settings.h"

#include <string>

#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox::cgroups {

void AppendRdma(const oci::Resources& resources,
                std::vector<Setting>* settings) {
  for (const auto& [device, limit] : resources.rdma) {
    std::string value = device;
    if (limit.hca_handles) {
      value += fmt::format(" hca_handle={}", *limit.hca_handles);
    }
    if (limit.hca_objects) {
      value += fmt::format(" hca_object={}", *limit.hca_objects);
    }
    settings->push_back(
        {"rdma",
         "rdma.max",
         value,
         fmt::format("rdma[\"{}\"]", device),
         {.key = device, .reset = "hca_handle=max hca_object=max"}});
  }
}

absl::Status CheckMemoryUsage(const oci::Memory& memory, uint64_t usage) {
  if (!memory.check_before_update.value_or(false)) return absl::OkStatus();
  struct {
    int64_t limit;
    const char* field;
  } const kLimits[] = {{memory.limit.value_or(0), "limit"},
                       {memory.swap.value_or(0), "swap"}};
  for (const auto& [limit, field] : kLimits) {
    if (limit > 0 && usage > static_cast<uint64_t>(limit)) {
      return InvalidArgument(
          "linux.resources.memory.{}: rejecting {}: current usage is {}", field,
          limit, usage);
    }
  }
  return absl::OkStatus();
}

}  // namespace sysbox::cgroups
