#include "sysbox/oci/default_spec.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::oci {
namespace {

constexpr uint32_t kSmallestIdMap = 65536;
constexpr uint64_t kIdCount = 0xffffffff;  // (uid_t)-1 is no id

Mount MakeMount(std::string destination, std::string type, std::string source,
                std::vector<std::string> options) {
  Mount mount;
  mount.destination = std::move(destination);
  mount.type = std::move(type);
  mount.source = std::move(source);
  mount.options = std::move(options);
  return mount;
}

std::vector<Mount> DefaultMounts() {
  return {
      MakeMount("/proc", "proc", "proc", {}),
      MakeMount("/dev", "tmpfs", "tmpfs",
                {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      MakeMount("/dev/pts", "devpts", "devpts",
                {"nosuid", "noexec", "newinstance", "ptmxmode=0666",
                 "mode=0620", "gid=5"}),
      MakeMount("/dev/shm", "tmpfs", "shm",
                {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      MakeMount("/dev/mqueue", "mqueue", "mqueue",
                {"nosuid", "noexec", "nodev"}),
      MakeMount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
      MakeMount("/sys/fs/cgroup", "cgroup", "cgroup",
                {"nosuid", "noexec", "nodev", "relatime", "ro"}),
  };
}

Process DefaultProcess(const std::vector<std::string>& capabilities) {
  Process process;
  process.terminal = true;
  process.args = {"sh"};
  process.env = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "TERM=xterm"};
  process.cwd = "/";
  process.capabilities = Capabilities{.bounding = capabilities,
                                      .effective = capabilities,
                                      .inheritable = capabilities,
                                      .permitted = capabilities,
                                      .ambient = capabilities};
  process.rlimits = {{.type = "RLIMIT_NOFILE", .hard = 1024, .soft = 1024}};
  process.no_new_privileges = true;
  return process;
}

Linux DefaultLinux(const std::optional<IdMapArgument>& id_map) {
  Linux linux;
  DeviceRule deny_all;
  deny_all.access = "rwm";
  linux.resources.emplace().devices = {deny_all};
  for (const char* type : {"pid", "network", "ipc", "uts", "mount", "cgroup"}) {
    linux.namespaces.push_back({.type = type, .path = ""});
  }
  if (id_map) {
    linux.namespaces.push_back({.type = "user", .path = ""});
    linux.uid_mappings = {{0, id_map->uid, id_map->size}};
    linux.gid_mappings = {{0, id_map->gid, id_map->size}};
  }
  linux.masked_paths = {"/proc/acpi",          "/proc/asound",
                        "/proc/kcore",         "/proc/keys",
                        "/proc/latency_stats", "/proc/timer_list",
                        "/proc/timer_stats",   "/proc/sched_debug",
                        "/sys/firmware",       "/proc/scsi"};
  linux.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                          "/proc/sysrq-trigger"};
  return linux;
}

}  // namespace

absl::StatusOr<IdMapArgument> ParseIdMapArgument(std::string_view text) {
  std::vector<uint64_t> numbers;
  for (absl::string_view word :
       absl::StrSplit(ToAbsl(text), ' ', absl::SkipEmpty())) {
    std::optional<uint64_t> number = ParseUint64(ToStd(word));
    numbers.push_back(number.value_or(kIdCount + 1));
  }
  if (numbers.size() != 3 || *absl::c_max_element(numbers) > kIdCount) {
    return InvalidArgument("id map \"{}\": expected \"UID GID SIZE\"", text);
  }
  uint64_t size = numbers[2];
  if (size < kSmallestIdMap) {
    return InvalidArgument("id map \"{}\": the size must be at least {}", text,
                           kSmallestIdMap);
  }
  if (numbers[0] + size > kIdCount || numbers[1] + size > kIdCount) {
    return InvalidArgument("id map \"{}\": goes beyond id {}", text,
                           kIdCount - 1);
  }
  return IdMapArgument{static_cast<uint32_t>(numbers[0]),
                       static_cast<uint32_t>(numbers[1]),
                       static_cast<uint32_t>(size)};
}

Spec DefaultSpec(const DefaultSpecOptions& options) {
  Spec spec;
  spec.oci_version = kOciVersion;
  spec.process = DefaultProcess(options.capabilities);
  spec.root = Root{.path = "rootfs", .readonly = false};
  spec.hostname = "syscont";
  spec.mounts = DefaultMounts();
  spec.linux = DefaultLinux(options.id_map);
  return spec;
}

}  // namespace sysbox::oci
