#include "sysbox/cli/features_command.h"

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/build_info.h"
#include "sysbox/cli/print.h"
#include "sysbox/seccomp/profile.h"
#include "sysbox/trap/table.h"

namespace sysbox::cli {
namespace {

oci::SeccompFeatures SeccompSupport() {
  oci::SeccompFeatures seccomp;
  seccomp.enabled = true;
  seccomp.actions = seccomp::KnownActions();
  seccomp.operators = seccomp::KnownOperators();
  seccomp.archs = seccomp::KnownArchitectures();
  seccomp.known_flags = seccomp::KnownFlags();
  seccomp.supported_flags = seccomp::SupportedFlags();
  return seccomp;
}

}  // namespace

// What the program can do, whatever this host has (runc: "irrespective of the
// host"), so that an answer may be cached.
oci::Features OwnFeatures() {
  oci::Features features = oci::BaseFeatures();
  if (!features.linux.has_value()) features.linux.emplace();
  oci::LinuxFeatures& linux = *features.linux;
  linux.cgroup = oci::CgroupFeatures{.v1 = true,
                                     .v2 = true,
                                     .systemd = true,
                                     .systemd_user = false,
                                     .rdma = true};
  linux.seccomp = SeccompSupport();
  // A profile is applied where the spec asks for one, in regular mode.
  linux.apparmor = oci::EnabledFeature{.enabled = true};
  linux.selinux = oci::EnabledFeature{.enabled = false};
  linux.intel_rdt = oci::EnabledFeature{.enabled = false};
  linux.mount_extensions =
      oci::MountExtensions{.id_map = oci::EnabledFeature{.enabled = true}};
  features.annotations["sysbox.version"] = kVersion;
  features.annotations["sysbox.commit"] = GitCommit();
  features.annotations["sysbox.interceptedSyscalls"] =
      fmt::format("{}", fmt::join(trap::TrappedNames(), ","));
  return features;
}

absl::StatusOr<int> RunFeatures(const Invocation&) {
  SYSBOX_RETURN_IF_ERROR(Print(oci::WriteFeatures(OwnFeatures()) + "\n"));
  return 0;
}

}  // namespace sysbox::cli
