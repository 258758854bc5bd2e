#include "sysbox/cli/doctor_kernel.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cli/doctor_trial.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/kernel_features.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/linux/seccomp_filter.h"

namespace sysbox::cli {
namespace {

constexpr char kNewKernel[] = "run Linux 5.12 or newer, better 6.1 or newer";

// Sysctls that forbid user namespaces, with what they must not be.
struct Forbidding {
  const char* path;
  std::string_view bad;
  const char* fix;
};
constexpr std::array<Forbidding, 2> kForbidding = {{
    {"/proc/sys/kernel/unprivileged_userns_clone", "0",
     "sysctl -w kernel.unprivileged_userns_clone=1"},
    {"/proc/sys/user/max_user_namespaces", "0",
     "sysctl -w user.max_user_namespaces=65536"},
}};

absl::Status LoadFilterWithListener() {
  // SECCOMP_RET_ALLOW for everything, as one instruction.
  constexpr uint64_t kAllow =
      (uint64_t{SECCOMP_RET_ALLOW} << 32) | (BPF_RET | BPF_K);
  SYSBOX_RETURN_IF_ERROR(SetNoNewPrivileges());
  return LoadSeccompFilter({kAllow}, SECCOMP_FILTER_FLAG_NEW_LISTENER).status();
}

absl::Status MountFuse() {
  SYSBOX_ASSIGN_OR_RETURN(Fd device, Open("/dev/fuse", {.flags = O_RDWR}));
  SYSBOX_ASSIGN_OR_RETURN(FilesystemContext context,
                          FilesystemContext::Open("fuse"));
  const std::array<FilesystemOption, 4> options = {{
      {"fd", fmt::format("{}", device.get())},
      {"rootmode", "40000"},
      {"user_id", "0"},
      {"group_id", "0"},
  }};
  for (const FilesystemOption& option : options) {
    SYSBOX_RETURN_IF_ERROR(context.SetString(option.key, option.value));
  }
  SYSBOX_RETURN_IF_ERROR(context.Create());
  return context.Mount(0).status();
}

absl::Status CloneBelowDetached() {
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount mount,
                          NewFilesystem("tmpfs", "doctor", {}, 0));
  SYSBOX_RETURN_IF_ERROR(MakeNodeAt(mount.fd(), "file", S_IFREG | 0600, 0));
  return CloneTree(mount.fd(), "file", /*recursive=*/false).status();
}

}  // namespace

Finding CheckUserNamespaces(const DoctorHost& host) {
  for (const Forbidding& sysctl : kForbidding) {
    const std::string value = ReadFile(sysctl.path).value_or("");
    if (ToStd(absl::StripAsciiWhitespace(value)) != sysctl.bad) continue;
    return {Health::kMissing, fmt::format("{} is {}", sysctl.path, sysctl.bad),
            "every system container has a user namespace", sysctl.fix};
  }
  if (host.user_namespace.ok()) return Ok("65536 ids can be mapped");
  return {Health::kMissing,
          std::string(MessageOf(host.user_namespace.status())),
          "every system container has a user namespace",
          "run a kernel with CONFIG_USER_NS, as root of the host"};
}

Finding CheckNamespaces(const DoctorHost&) {
  constexpr uint64_t kAll = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                            CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                            CLONE_NEWCGROUP;
  const absl::Status made = TryInChild(kAll, [] { return absl::OkStatus(); });
  if (made.ok()) return Ok("mount, pid, net, ipc, uts, cgroup");
  return {Health::kMissing, std::string(MessageOf(made)),
          "a system container has namespaces of every kind",
          "sysctl user | grep namespaces  # none may be 0"};
}

Finding CheckSystemCalls(const DoctorHost&) {
  const KernelFeatures kernel = ProbeKernel();
  std::vector<std::string> absent;
  if (!kernel.clone3) absent.emplace_back("clone3");
  if (!kernel.openat2) absent.emplace_back("openat2");
  if (!kernel.mount_api) absent.emplace_back("fsopen");
  if (!kernel.id_mapped_mounts) absent.emplace_back("mount_setattr");
  if (!OpenPidfd(getpid()).ok()) absent.emplace_back("pidfd_open");
  if (absent.empty()) {
    return Ok("clone3, openat2, mount_setattr, pidfd_open, fsopen");
  }
  return {Health::kMissing,
          fmt::format("no {}", absl::StrJoin(absent, ", no ")),
          "containers are made with these system calls", kNewKernel};
}

Finding CheckSeccomp(const DoctorHost&) {
  const absl::Status loaded = TryInChild(0, LoadFilterWithListener);
  if (loaded.ok()) return Ok("a filter that asks us can be loaded");
  if (ErrnoOf(loaded) == EBUSY) {
    return {Health::kLimited, "this process has a filter that asks others",
            "mounting and mknod inside are not emulated",
            "start it outside of a container"};
  }
  return {Health::kMissing, std::string(MessageOf(loaded)),
          "a container's system calls cannot be filtered",
          "run a kernel with CONFIG_SECCOMP_FILTER"};
}

Finding CheckFuse(const DoctorHost&) {
  const absl::Status mounted = MountFuse();
  if (mounted.ok()) return Ok("/dev/fuse opens and mounts");
  return {Health::kMissing, std::string(MessageOf(mounted)),
          "/proc and /sys of a container cannot be emulated", "modprobe fuse"};
}

Finding CheckDetachedMounts(const DoctorHost&) {
  const absl::Status cloned = CloneBelowDetached();
  if (cloned.ok()) return Ok("files below them can be cloned");
  // Linux before 6.15; there is another way, and it is taken.
  if (ErrnoOf(cloned) == EINVAL) return Ok("cloned after attaching");
  return {Health::kMissing, std::string(MessageOf(cloned)),
          "a container's mounts cannot be prepared", kNewKernel};
}

}  // namespace sysbox::cli
