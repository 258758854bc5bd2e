// The host's own files and cgroup hierarchies, as the containers' views are
// made from them. One object per process, shared by all containers;
// thread-safe. Files are read when asked for and, for some milliseconds each,
// shared between readers.
#ifndef SYSBOX_EMU_VIEWS_HOST_RESOURCES_H_
#define SYSBOX_EMU_VIEWS_HOST_RESOURCES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/emu/views/pid_namespaces.h"

namespace sysbox::emu::views {

enum class HostFile {
  kMeminfo,
  kStat,
  kCpuinfo,
  kVmstat,
  kDiskstats,
  kPartitions,
  kDevices,
  kPressureCpu,
  kPressureIo,
  kPressureMemory,
  kPressureIrq,
  kOnlineCpus,  // of sysfs, like those below
  kKernelMaxCpus,
  kNodes,
};
inline constexpr size_t kHostFileCount = 14;

class HostResources {
 public:
  // Where things are; other values are for tests.
  struct Places {
    std::string proc = "/proc";
    std::string sys = "/sys";
    std::optional<cgroups::Hierarchies> hierarchies = {};
  };
  HostResources() : HostResources(Places()) {}
  explicit HostResources(Places places) : places_(std::move(places)) {}

  // The content as of now, or a few milliseconds ago.
  using Text = std::shared_ptr<const std::string>;
  absl::StatusOr<Text> Read(HostFile file);

  // Read once, at the first call that succeeds.
  absl::StatusOr<std::shared_ptr<const cgroups::Hierarchies>> hierarchies();

  PidNamespaces& pid_namespaces() { return pid_namespaces_; }

  const std::string& proc() const { return places_.proc; }
  const std::string& sys() const { return places_.sys; }

 private:
  struct Shared {
    Text text;
    int64_t read_ns = 0;
  };

  const Places places_;
  PidNamespaces pid_namespaces_{places_.proc};
  absl::Mutex mu_;
  std::array<Shared, kHostFileCount> files_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const cgroups::Hierarchies> hierarchies_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_HOST_RESOURCES_H_
