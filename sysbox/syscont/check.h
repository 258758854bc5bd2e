// What a system container cannot be made from, refused before anything is
// registered or made: one clear line each. Pure; what needs a look at the
// host (namespace identities, whether SELinux enforces) is looked up by the
// caller and judged here.
#ifndef SYSBOX_SYSCONT_CHECK_H_
#define SYSBOX_SYSCONT_CHECK_H_

#include "absl/status/status.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/oci/spec.h"
#include "sysbox/syscont/options.h"

namespace sysbox::syscont {

// The checks of the spec alone: missing parts, host namespaces (pid, ipc, uts,
// network, mount absent from the list), --privileged.
//
// `--userns=host` under a daemon with userns-remap leaves no trace in a spec;
// it shows in the root file system's owner, and BuildMountPlan (mounts/)
// refuses it there.
absl::Status CheckSpec(const oci::Spec& spec, const Options& options);

// A namespace the spec joins by path: `joined` must not be the host's own.
// Docker's --net=host says it that way.
absl::Status CheckJoinedNamespace(NamespaceType type, const NamespaceId& joined,
                                  const NamespaceId& host);

// Whether the spec asks for SELinux labels, which are not supported where
// SELinux enforces them.
absl::Status CheckSelinux(const oci::Spec& spec, bool host_enforces);

}  // namespace sysbox::syscont

#endif  // SYSBOX_SYSCONT_CHECK_H_
