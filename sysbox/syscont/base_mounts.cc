#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "sysbox/base/clean_path.h"
#include "sysbox/syscont/mount_list.h"
#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {
namespace {

// sysbox-behaviour.md 2.5. /dev/kmsg swallows what is written to it: the
// kernel's own log belongs to the host.
std::vector<oci::Mount> BaseMounts() {
  const auto mount = [](const char* destination, const char* type,
                        const char* source, std::vector<std::string> options) {
    oci::Mount result;
    result.destination = destination;
    result.type = type;
    result.source = source;
    result.options = std::move(options);
    return result;
  };
  return {
      mount("/sys", "sysfs", "sysfs", {"noexec", "nosuid", "nodev"}),
      mount("/sys/fs/cgroup", "cgroup", "cgroup",
            {"noexec", "nosuid", "nodev", "rw"}),
      mount("/proc", "proc", "proc", {"noexec", "nosuid", "nodev"}),
      mount("/dev", "tmpfs", "tmpfs",
            {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      mount("/dev/kmsg", "bind", "/dev/null", {"rbind", "rprivate"}),
  };
}

}  // namespace

absl::Status AddBaseMounts(oci::Spec& spec, const Inputs&) {
  std::vector<oci::Mount> mounts = BaseMounts();
  RemoveMountsBelow(spec.mounts, "/sys/fs/cgroup");
  for (const oci::Mount& base : mounts) {
    RemoveMounts(spec.mounts, base.destination);
    std::erase_if(spec.linux->devices, [&](const oci::Device& device) {
      return CleanPath(device.path) == base.destination;
    });
  }
  mounts.insert(mounts.end(), std::make_move_iterator(spec.mounts.begin()),
                std::make_move_iterator(spec.mounts.end()));
  spec.mounts = std::move(mounts);
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
