#include "sysbox/launch/init_credentials.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/seccomp.h>

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/credentials.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/linux/seccomp_filter.h"

namespace sysbox::launch {
namespace {

absl::Status SetExecLabel(const std::string& label) {
  SYSBOX_ASSIGN_OR_RETURN(
      Fd file, Open("/proc/thread-self/attr/exec", {.flags = O_WRONLY}));
  // A container's image must not answer for the kernel (CVE-2019-16884).
  SYSBOX_ASSIGN_OR_RETURN(uint64_t magic, FilesystemMagic(file));
  if (magic != PROC_SUPER_MAGIC) {
    return FailedPrecondition("/proc is not a procfs");
  }
  return WriteAll(file, label);
}

absl::Status SetLabels(const ProcessPlan& plan) {
  if (!plan.apparmor_profile.empty()) {
    SYSBOX_RETURN_IF_ERROR(SetExecLabel("exec " + plan.apparmor_profile),
                           "apply AppArmor profile {}", plan.apparmor_profile);
  }
  if (!plan.selinux_label.empty()) {
    SYSBOX_RETURN_IF_ERROR(SetExecLabel(plan.selinux_label),
                           "apply SELinux label {}", plan.selinux_label);
  }
  return absl::OkStatus();
}

absl::StatusOr<Fd> LoadSeccomp(const ProcessPlan& plan) {
  if (plan.seccomp_program.empty()) return Fd();
  absl::StatusOr<Fd> listener =
      LoadSeccompFilter(plan.seccomp_program, plan.seccomp_flags);
  constexpr unsigned int kSince519 = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  if ((plan.seccomp_flags & kSince519) != 0 &&
      ErrnoOf(listener.status()) == EINVAL) {
    return LoadSeccompFilter(plan.seccomp_program,
                             plan.seccomp_flags & ~kSince519);
  }
  return listener;
}

// Keeps all permitted capabilities over the change of ids, and makes them
// effective again: loading seccomp without no_new_privs needs CAP_SYS_ADMIN.
absl::Status SetIds(const ProcessPlan& plan) {
  SYSBOX_RETURN_IF_ERROR(SetGroups(plan.groups), "set additional groups");
  SYSBOX_RETURN_IF_ERROR(SetGroupIds(plan.gid), "set group id {}", plan.gid);
  SYSBOX_RETURN_IF_ERROR(KeepCapabilitiesOverSetuid(true));
  SYSBOX_RETURN_IF_ERROR(SetUserIds(plan.uid), "set user id {}", plan.uid);
  SYSBOX_RETURN_IF_ERROR(KeepCapabilitiesOverSetuid(false));
  SYSBOX_ASSIGN_OR_RETURN(CapabilitySets own, GetCapabilities());
  own.effective = own.permitted;
  return SetCapabilities(own);
}

}  // namespace

absl::Status BecomeContainerRoot() {
  SYSBOX_RETURN_IF_ERROR(SetGroups({}), "drop groups");
  SYSBOX_RETURN_IF_ERROR(SetGroupIds(0), "become the container's root");
  return Annotate(SetUserIds(0), "become the container's root");
}

absl::Status AssumeIds(const ProcessPlan& plan) {
  SYSBOX_RETURN_IF_ERROR(SetLabels(plan));
  SYSBOX_RETURN_IF_ERROR(LimitBounding(plan.capabilities.bounding));
  return SetIds(plan);
}

absl::StatusOr<Fd> SealCredentials(const ProcessPlan& plan) {
  const CapabilitySets& sets = plan.capabilities;
  Fd listener;
  if (plan.no_new_privileges) {
    SYSBOX_RETURN_IF_ERROR(SetNoNewPrivileges());
  } else {
    SYSBOX_ASSIGN_OR_RETURN(listener, LoadSeccomp(plan));
  }
  SYSBOX_RETURN_IF_ERROR(SetCapabilities(sets), "set capabilities");
  SYSBOX_RETURN_IF_ERROR(SetAmbient(sets.ambient));
  if (!plan.no_new_privileges) return listener;
  return LoadSeccomp(plan);
}

}  // namespace sysbox::launch
