// What of the emulated files a container's init binds over its /proc and /sys:
// emu/'s list in mounts/' terms.
#ifndef SYSBOX_RUNTIME_EMULATED_BINDS_H_
#define SYSBOX_RUNTIME_EMULATED_BINDS_H_

#include <vector>

#include "sysbox/api/manager.h"
#include "sysbox/mounts/build.h"
#include "sysbox/oci/spec.h"

namespace sysbox::runtime {

// Whether `spec` gives the container a device of the host's that is no virtual
// one (as /dev/fuse and /dev/net/tun are): a disk, a graphics card, a serial
// line. What it is attached to is to be found in /sys then.
bool GivesHardware(const oci::Spec& spec);

// Pure. With `hardware`, the host's devices are not hidden.
std::vector<mounts::EmulatedBind> EmulatedBinds(bool hardware);

// Have the kernel look at what init is going to bind, and to mount upon, so
// that init finds it known. What cannot be found init finds, or misses, itself.
// Nobody who serves the files may do so: killed in between, it would wait for
// itself for good, uninterruptibly (fuse, request_wait_answer).
//
// To be done before init has them: a list of names (FUSE_READDIRPLUS) sets
// modes back to what is told ahead, in the middle of its checks of permissions.
void LookAtBindSources(const api::EmulatedFilesystems& emulated);
// One name after the other: while init is busy with other mounts, or waits for
// the answer to the same question.
void LookAtMountPoints(const api::EmulatedFilesystems& emulated);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_EMULATED_BINDS_H_
