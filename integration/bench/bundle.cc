#include "integration/bench/bundle.h"

#include <fcntl.h>

#include <string_view>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/oci/spec_json.h"
#include "sysbox/seccomp/profile.h"

namespace sysbox::bench {
namespace {

constexpr const char* kCapabilities[] = {
    "CAP_CHOWN",       "CAP_DAC_OVERRIDE", "CAP_FSETID",
    "CAP_FOWNER",      "CAP_MKNOD",        "CAP_NET_RAW",
    "CAP_SETGID",      "CAP_SETUID",       "CAP_SETFCAP",
    "CAP_SETPCAP",     "CAP_SYS_CHROOT",   "CAP_NET_BIND_SERVICE",
    "CAP_AUDIT_WRITE", "CAP_KILL"};

oci::Mount MakeMount(std::string destination, std::string type,
                     std::string source, std::vector<std::string> options) {
  oci::Mount mount;
  mount.destination = std::move(destination);
  mount.type = std::move(type);
  mount.source = std::move(source);
  mount.options = std::move(options);
  return mount;
}

std::vector<oci::Mount> DockerMounts() {
  return {
      MakeMount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
      MakeMount("/dev", "tmpfs", "tmpfs",
                {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      MakeMount("/dev/pts", "devpts", "devpts",
                {"nosuid", "noexec", "newinstance", "ptmxmode=0666",
                 "mode=0620", "gid=5"}),
      MakeMount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
      MakeMount("/sys/fs/cgroup", "cgroup", "cgroup",
                {"ro", "nosuid", "noexec", "nodev"}),
      MakeMount("/dev/mqueue", "mqueue", "mqueue",
                {"nosuid", "noexec", "nodev"}),
      MakeMount("/dev/shm", "tmpfs", "shm",
                {"nosuid", "noexec", "nodev", "mode=1777", "size=67108864"}),
  };
}

oci::DeviceRule Device(bool allow, std::string type,
                       std::optional<int64_t> major,
                       std::optional<int64_t> minor) {
  oci::DeviceRule rule;
  rule.allow = allow;
  rule.type = std::move(type);
  rule.major = major;
  rule.minor = minor;
  rule.access = "rwm";
  return rule;
}

oci::Resources Limits() {
  oci::Resources resources;
  resources.devices = {Device(false, "a", {}, {}), Device(true, "c", 1, 5),
                       Device(true, "c", 1, 3),    Device(true, "c", 1, 9),
                       Device(true, "c", 1, 8),    Device(true, "c", 5, 0),
                       Device(true, "c", 5, 1),    Device(false, "c", 10, 229)};
  oci::Memory memory;
  memory.limit = int64_t{512} << 20;
  memory.swap = int64_t{1024} << 20;
  resources.memory = memory;
  oci::Cpu cpu;
  cpu.shares = 512;
  cpu.quota = 100000;
  cpu.period = 100000;
  resources.cpu = cpu;
  resources.pids = oci::Pids{.limit = 512};
  return resources;
}

oci::Process TrueProcess() {
  oci::Process process;
  process.args = {"/bin/true"};
  process.env = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOSTNAME=bench"};
  process.cwd = "/";
  process.user.additional_gids = {0};
  const std::vector<std::string> set(std::begin(kCapabilities),
                                     std::end(kCapabilities));
  oci::Capabilities capabilities;
  capabilities.bounding = set;
  capabilities.effective = set;
  capabilities.permitted = set;
  process.capabilities = capabilities;
  process.oom_score_adj = 0;
  return process;
}

oci::Linux DockerLinux(Ids ids) {
  oci::Linux linux;
  for (const char* type : {"mount", "network", "uts", "pid", "ipc"}) {
    linux.namespaces.push_back({.type = type, .path = ""});
  }
  if (ids == Ids::kOnDisk) {
    linux.namespaces.push_back({.type = "user", .path = ""});
    linux.namespaces.push_back({.type = "cgroup", .path = ""});
    linux.uid_mappings = {
        {.container_id = 0, .host_id = kHostId, .size = 65536}};
    linux.gid_mappings = linux.uid_mappings;
  }
  linux.resources = Limits();
  linux.sysctl = {{"net.ipv4.ip_unprivileged_port_start", "0"},
                  {"net.ipv4.ping_group_range", "0 65535"}};
  linux.masked_paths = {"/proc/asound",        "/proc/acpi",
                        "/proc/kcore",         "/proc/keys",
                        "/proc/latency_stats", "/proc/timer_list",
                        "/proc/timer_stats",   "/proc/sched_debug",
                        "/proc/scsi",          "/sys/firmware"};
  linux.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                          "/proc/sysrq-trigger"};
  return linux;
}

// True of paths and symlinks alike.
absl::Status GiveToContainer(FdRef root, std::string_view path, Ids ids) {
  if (ids == Ids::kByRuntime) return absl::OkStatus();
  return ChangeOwnerAt(root, path, kHostId, kHostId, AT_SYMLINK_NOFOLLOW);
}

}  // namespace

absl::StatusOr<oci::Spec> BuildSpec(const std::string& profile_path, Ids ids) {
  SYSBOX_ASSIGN_OR_RETURN(std::string text, ReadFile(profile_path));
  SYSBOX_ASSIGN_OR_RETURN(oci::Spec sample, oci::ParseSpec(text));
  if (!sample.linux.has_value() || !sample.linux->seccomp.has_value()) {
    return NotFound("{}: linux.seccomp", profile_path);
  }
  oci::Spec spec;
  spec.oci_version = "1.0.2";
  spec.process = TrueProcess();
  spec.root = oci::Root();
  spec.hostname = "bench";
  spec.mounts = DockerMounts();
  spec.linux = DockerLinux(ids);
  spec.linux->seccomp = *std::move(sample.linux->seccomp);
  return spec;
}

absl::Status MakeRootfs(const std::string& busybox, const std::string& path,
                        Ids ids) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(path, 0755));
  SYSBOX_ASSIGN_OR_RETURN(Fd root, Open(path, {.flags = O_DIRECTORY}));
  SYSBOX_RETURN_IF_ERROR(GiveToContainer(root, ".", ids));
  for (const char* name : {"bin", "dev", "etc", "proc", "sys", "tmp", "mnt"}) {
    SYSBOX_RETURN_IF_ERROR(MakeDirectoryAt(root, name, 0755));
    SYSBOX_RETURN_IF_ERROR(GiveToContainer(root, name, ids));
  }
  SYSBOX_ASSIGN_OR_RETURN(std::string program, ReadFile(busybox));
  SYSBOX_RETURN_IF_ERROR(ReplaceFileAt(root, "bin/busybox", program, 0755));
  SYSBOX_RETURN_IF_ERROR(GiveToContainer(root, "bin/busybox", ids));
  for (const char* name : {"bin/true", "bin/sleep", "bin/sh"}) {
    SYSBOX_RETURN_IF_ERROR(SymlinkAt("busybox", root, name));
    SYSBOX_RETURN_IF_ERROR(GiveToContainer(root, name, ids));
  }
  return absl::OkStatus();
}

absl::Status WriteBundle(const oci::Spec& spec, const std::string& bundle) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(bundle, 0755));
  return ReplaceVolatileFile(bundle + "/config.json", oci::WriteSpec(spec),
                             0644);
}

absl::Status WriteSeccompProgram(const oci::Spec& spec,
                                 const std::string& bundle) {
  SYSBOX_ASSIGN_OR_RETURN(
      seccomp::Program program,
      seccomp::CompileProfile(*spec.linux->seccomp, "linux.seccomp"));
  const std::string_view bytes(
      reinterpret_cast<const char*>(program.instructions.data()),
      program.instructions.size() * sizeof(uint64_t));
  return ReplaceVolatileFile(bundle + "/seccomp.bpf", bytes, 0644);
}

}  // namespace sysbox::bench
