#include "sysbox/cli/kernel_features_text.h"

#include <fcntl.h>
#include <linux/magic.h>

#include <array>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/kernel_features.h"
#include "sysbox/runtime/host_checks.h"

namespace sysbox::cli {
namespace {

std::string_view CgroupVersion() {
  absl::StatusOr<Fd> root = Open("/sys/fs/cgroup", {.flags = O_PATH});
  if (!root.ok()) return "none";
  absl::StatusOr<uint64_t> magic = FilesystemMagic(*root);
  if (magic.ok() && *magic == CGROUP2_SUPER_MAGIC) return "v2";
  return Exists("/sys/fs/cgroup/unified/cgroup.procs") ? "v1 and v2 (hybrid)"
                                                       : "v1";
}

// By its version: trying takes a mount. Those who depend on it do try.
bool OverlayTakesIdMapped(std::string_view release) {
  int major = 0, minor = 0;
  return runtime::ParseKernelRelease(release, &major, &minor) &&
         std::pair(major, minor) >= std::pair(5, 19);
}

struct Row {
  std::string_view name;
  bool found;
};

}  // namespace

std::string KernelFeaturesText() {
  KernelFeatures kernel = ProbeKernel();
  const std::array<Row, 10> rows = {{
      {"id-mapped mounts", kernel.id_mapped_mounts},
      {"overlay on id-mapped mounts", OverlayTakesIdMapped(kernel.release)},
      {"mount api", kernel.mount_api},
      {"clone3", kernel.clone3},
      {"clone into cgroup", kernel.clone_into_cgroup},
      {"openat2", kernel.openat2},
      {"seccomp notify", kernel.seccomp_notify},
      {"fuse", Exists("/dev/fuse")},
      {"time namespaces", Exists("/proc/self/ns/time")},
      {"apparmor", Exists("/sys/kernel/security/apparmor")},
  }};
  std::string text =
      fmt::format("kernel: {}\ncgroup: {}\n", kernel.release, CgroupVersion());
  for (const Row& row : rows) {
    text += fmt::format("{}: {}\n", row.name, row.found ? "yes" : "no");
  }
  return text;
}

}  // namespace sysbox::cli
