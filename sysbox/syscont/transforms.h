// The transforms ConvertSpec applies, each in the file of its name. They see
// a spec that passed CheckSpec: process, root and linux are there. Pure.
#ifndef SYSBOX_SYSCONT_TRANSFORMS_H_
#define SYSBOX_SYSCONT_TRANSFORMS_H_

#include "absl/status/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/oci/spec.h"
#include "sysbox/syscont/convert.h"

namespace sysbox::syscont {

// namespaces.cc: user, cgroup and time namespaces are made if absent.
absl::Status AddNamespaces(oci::Spec& spec, const Inputs& inputs);
// capabilities.cc: everything for root, nothing for others.
absl::Status SetCapabilities(oci::Spec& spec, const Inputs& inputs);
void SetProcessCapabilities(oci::Process& process, const Inputs& inputs);
// security_profile.cc: ours in place of engines' default AppArmor profiles,
// which deny mounting.
absl::Status ReplaceDefaultProfile(oci::Spec& spec, const Inputs& inputs);
void ReplaceDefaultAppArmorProfile(oci::Process& process, const Inputs& inputs);
// base_mounts.cc: /sys, cgroups, /proc, /dev as a system container needs them.
absl::Status AddBaseMounts(oci::Spec& spec, const Inputs& inputs);
// systemd.cc: what systemd as pid 1 expects.
absl::Status PrepareForSystemd(oci::Spec& spec, const Inputs& inputs);
bool RunsSystemd(const oci::Process& process);
// read_only_rootfs.cc: --read-only.
absl::Status PrepareReadOnlyRootfs(oci::Spec& spec, const Inputs& inputs);
// hidden_paths.cc: fewer masked and read-only paths.
absl::Status RevealPaths(oci::Spec& spec, const Inputs& inputs);
// oom_score.cc: -999 is the lowest a container may have.
absl::Status LimitOomScore(oci::Spec& spec, const Inputs& inputs);
// devices.cc: /dev/fuse and /dev/net/tun are there, as far as the host has
// them, and can be opened, also where they are made.
absl::Status AddOwnDevices(oci::Spec& spec, const Inputs& inputs);
// seccomp_profile.cc: an allow-list also allows what systems need.
absl::Status WidenSeccomp(oci::Spec& spec, const Inputs& inputs);

}  // namespace sysbox::syscont

#endif  // SYSBOX_SYSCONT_TRANSFORMS_H_
