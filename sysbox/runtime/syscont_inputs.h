// What the conversion of a spec into a system container's needs to know of
// the host and of the image.
#ifndef SYSBOX_RUNTIME_SYSCONT_INPUTS_H_
#define SYSBOX_RUNTIME_SYSCONT_INPUTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/oci/spec.h"
#include "sysbox/syscont/convert.h"

namespace sysbox::runtime {

// `bundle` is what a relative root.path counts from. A rootfs that cannot be
// looked at is one without systemd: who mounts it says what is wrong with it.
absl::StatusOr<syscont::Inputs> GatherSyscontInputs(
    const oci::Spec& spec, const std::string& bundle,
    const syscont::Options& options, bool intercepted);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_SYSCONT_INPUTS_H_
