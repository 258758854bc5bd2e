#include "sysbox/cli/kernel_features_text.h"

#include <fcntl.h>
#include <linux/magic.h>

#include <array>
#include <string_view>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/kernel_features.h"

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

struct Row {
  std::string_view name;
  bool found;
};

}  // namespace

std::string KernelFeaturesText() {
  KernelFeatures kernel = ProbeKernel();
  const std::array<Row, 8> rows = {{
      {"id-mapped mounts", kernel.id_mapped_mounts},
      {"mount api", kernel.mount_api},
      {"clone3", kernel.clone3},
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
