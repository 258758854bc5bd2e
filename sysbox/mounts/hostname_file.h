// /etc/hostname of a system that may give itself another name. Engines mount a
// file of theirs there, and no rename(2) replaces a mount point, which is how
// hostnamectl and the tools of configuration management write it. Where that
// file says no more than config.json does, the name is written into the rootfs
// instead, whenever the container begins.
#ifndef SYSBOX_MOUNTS_HOSTNAME_FILE_H_
#define SYSBOX_MOUNTS_HOSTNAME_FILE_H_

#include <cstddef>
#include <optional>

#include "sysbox/linux/fd.h"
#include "sysbox/mounts/build.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/oci/spec.h"

namespace sysbox::mounts {

// The index of the mount that is not needed, if there is such a one; `sources`
// are those of spec.mounts. None whose file is read-only or who knows whose,
// nor if `rootfs` has something else than a regular file there.
std::optional<size_t> FindHostnameMount(
    const oci::Spec& spec,
    const std::vector<std::optional<SourceFacts>>& sources, FdRef rootfs);

// Launcher, before the container's overlay is assembled. Where it cannot be
// written, the name is that of the UTS namespace all the same.
void WriteHostnameFile(const MountPlan& plan);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_HOSTNAME_FILE_H_
