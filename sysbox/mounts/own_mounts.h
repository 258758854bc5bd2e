// Mounts that nobody asked for, where none of the user's is: data roots of
// engines, and the host kernel's files. Pure.
#ifndef SYSBOX_MOUNTS_OWN_MOUNTS_H_
#define SYSBOX_MOUNTS_OWN_MOUNTS_H_

#include <vector>

#include "sysbox/mounts/build.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/oci/spec.h"

namespace sysbox::mounts {

std::vector<MountOp> DataRootMounts(const oci::Spec& spec,
                                    const BuildInputs& inputs,
                                    const RootfsPlan& rootfs);
std::vector<MountOp> KernelFileMounts(const oci::Spec& spec,
                                      const BuildInputs& inputs);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_OWN_MOUNTS_H_
