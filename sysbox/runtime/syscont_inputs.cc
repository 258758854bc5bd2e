#include "sysbox/runtime/syscont_inputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/runtime/apparmor.h"
#include "sysbox/runtime/interception.h"
#include "sysbox/trap/table.h"

namespace sysbox::runtime {
namespace {

struct KnownDevice {
  std::string_view path;
  unsigned major;
  unsigned minor;
};
// Documentation/admin-guide/devices.txt
constexpr KnownDevice kOwnDevices[] = {
    {"/dev/fuse", 10, 229},
    {"/dev/net/tun", 10, 200},
};

constexpr std::string_view kSystemd[] = {"/lib/systemd/systemd",
                                         "/usr/lib/systemd/systemd"};

// Those that the host has: opening one may load its driver.
std::vector<oci::Device> OwnDevices() {
  std::vector<oci::Device> devices;
  for (const KnownDevice& known : kOwnDevices) {
    const auto found = StatAt(FdRef::Cwd(), std::string(known.path));
    if (!found.ok() || !S_ISCHR(found->st_mode) ||
        found->st_rdev != makedev(known.major, known.minor)) {
      continue;
    }
    oci::Device device;
    device.path = std::string(known.path);
    device.type = std::string("c");
    device.major = known.major;
    device.minor = known.minor;
    device.file_mode = 0666;
    devices.push_back(std::move(device));
  }
  return devices;
}

bool HasSystemd(const std::string& rootfs) {
  const auto root = Open(rootfs, {.flags = O_PATH | O_DIRECTORY});
  if (!root.ok()) return false;
  return std::any_of(std::begin(kSystemd), std::end(kSystemd),
                     [&](std::string_view path) {
                       const auto kind = KindInRoot(*root, path);
                       return kind.ok() && *kind == RootedKind::kOther;
                     });
}

}  // namespace

absl::StatusOr<syscont::Inputs> GatherSyscontInputs(
    const oci::Spec& spec, const std::string& bundle,
    const syscont::Options& options, bool intercepted) {
  syscont::Inputs inputs;
  inputs.options = options;
  if (intercepted) {
    inputs.answered_syscalls =
        trap::AnsweredSyscalls(TrapOptionsOf(options, spec));
  }
  SYSBOX_ASSIGN_OR_RETURN(inputs.all_capabilities, AllCapabilities());
  inputs.time_namespaces = Exists("/proc/self/ns/time");
  inputs.apparmor_profile = LoadedAppArmorProfile();
  inputs.own_devices = OwnDevices();
  const std::string& path = spec.root->path;
  inputs.has_systemd = HasSystemd(
      path.starts_with('/') ? path : fmt::format("{}/{}", bundle, path));
  return inputs;
}

}  // namespace sysbox::runtime
