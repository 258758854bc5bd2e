#include "sysbox/runtime/host_checks.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/strings/ascii.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/runtime/namespace_names.h"
#include "sysbox/syscont/check.h"

namespace sysbox::runtime {
namespace {

// mount_setattr(2) with MOUNT_ATTR_IDMAP.
constexpr int kMinimumMajor = 5;
constexpr int kMinimumMinor = 12;

// A sysctl's value, or `absent` where this kernel has no such file.
std::string Sysctl(const std::string& path, const std::string& absent) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return absent;
  return std::string(absl::StripAsciiWhitespace(ToAbsl(*text)));
}

absl::Status CheckKernel() {
  utsname name = {};
  uname(&name);  // cannot fail with a valid pointer
  int major = 0;
  int minor = 0;
  if (!ParseKernelRelease(name.release, &major, &minor)) {
    return absl::OkStatus();
  }
  if (major > kMinimumMajor ||
      (major == kMinimumMajor && minor >= kMinimumMinor)) {
    return absl::OkStatus();
  }
  return FailedPrecondition(
      "kernel {} is too old: {}.{} or newer is needed (--no-kernel-check tries "
      "all the same)",
      name.release, kMinimumMajor, kMinimumMinor);
}

absl::Status CheckUserNamespaces() {
  SYSBOX_ASSIGN_OR_RETURN(const Fd root,
                          Open("/", {.flags = O_PATH | O_DIRECTORY}));
  if (!IsMountRoot(root).value_or(true)) {  // clone(2), CLONE_NEWUSER: EPERM
    return FailedPrecondition(
        "in a chroot there are no user namespaces: enter it with pivot_root(8) "
        "instead");
  }
  if (Sysctl("/proc/sys/kernel/unprivileged_userns_clone", "1") == "0") {
    return FailedPrecondition(
        "user namespaces are disabled: set sysctl "
        "kernel.unprivileged_userns_clone=1");
  }
  if (Sysctl("/proc/sys/user/max_user_namespaces", "1") == "0") {
    return FailedPrecondition(
        "user namespaces are disabled: sysctl user.max_user_namespaces is 0");
  }
  return absl::OkStatus();
}

}  // namespace

bool ParseKernelRelease(std::string_view release, int* major, int* minor) {
  return std::sscanf(std::string(release).c_str(), "%d.%d", major, minor) == 2;
}

absl::Status CheckHost(bool skip_kernel_check) {
  if (geteuid() != 0) {
    return absl::PermissionDeniedError(
        "sysbox-runc must run as root of the host (rootless mode is not "
        "supported); try sudo");
  }
  if (!skip_kernel_check) SYSBOX_RETURN_IF_ERROR(CheckKernel());
  SYSBOX_RETURN_IF_ERROR(CheckUserNamespaces());
  return absl::OkStatus();
}

bool SelinuxEnforces() { return Sysctl("/sys/fs/selinux/enforce", "0") == "1"; }

absl::Status CheckNamespacePaths(const oci::Spec& spec) {
  if (!spec.linux.has_value()) return absl::OkStatus();
  const std::vector<oci::Namespace>& namespaces = spec.linux->namespaces;
  for (size_t i = 0; i < namespaces.size(); ++i) {
    if (namespaces[i].path.empty()) continue;
    std::optional<NamespaceType> type = NamespaceTypeOf(namespaces[i].type);
    if (!type.has_value()) continue;  // ValidateSpec has named it
    SYSBOX_ASSIGN_OR_RETURN(Fd ns, OpenNamespacePath(namespaces[i].path, *type),
                            "linux.namespaces[{}].path", i);
    SYSBOX_ASSIGN_OR_RETURN(NamespaceId id, IdOf(ns));
    SYSBOX_ASSIGN_OR_RETURN(Fd own, OpenOwnNamespace(*type));
    SYSBOX_ASSIGN_OR_RETURN(NamespaceId own_id, IdOf(own));
    SYSBOX_RETURN_IF_ERROR(syscont::CheckJoinedNamespace(*type, id, own_id),
                           "linux.namespaces[{}].path", i);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::runtime
