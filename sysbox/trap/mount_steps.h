// What answering a mount call takes, whichever it is: whether the caller may,
// what it means by a path, what lies on a mount.
#ifndef SYSBOX_TRAP_MOUNT_STEPS_H_
#define SYSBOX_TRAP_MOUNT_STEPS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/known_namespace.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/trap/call.h"

namespace sysbox::trap {

// A refusal by way of status: the kernel is to answer, in its own words.
absl::Status KernelsOwn();
// 0; KernelsOwn's; or the error's number.
Verdict ToVerdict(const absl::Status& done);

// The kernel asks for CAP_SYS_ADMIN in the user namespace that owns `ns`. We
// say yes only in the usual case, that this is the caller's own.
absl::Status CheckAdministers(const TrappedCall& call, FdRef ns);
absl::Status CheckAdministers(const TrappedCall& call,
                              const KnownNamespace& ns);
// The caller's, which it administers.
absl::StatusOr<Fd> OpenMountNamespace(const TrappedCall& call);
// The path that argument `argument` points to, as OpenAsCaller. The kernel
// answers what we cannot follow.
absl::StatusOr<Fd> OpenPath(const TrappedCall& call, int argument, int flags);

// mount(2)'s options as the kernel takes them: a page, or what there is of it,
// up to a zero or its last byte. Empty if there are none; what cannot be read
// is the kernel's to refuse, here and below.
absl::StatusOr<std::string> ReadMountData(const TrappedCall& call);
// What it is mounted from, for mountinfo: empty if nothing is said; its `type`
// if it is longer than the new mount API takes.
absl::StatusOr<std::string> ReadMountSource(const TrappedCall& call,
                                            std::string_view type);

absl::StatusOr<std::vector<MountInfo>> CallersMounts(const TrappedCall& call);

// The mount `file` is the root of, and what lies on it.
struct Dressed {
  MountInfo base;
  std::vector<MountInfo> pieces;
};
absl::StatusOr<Dressed> FindDressed(const TrappedCall& call, FdRef file);

// Of a mount that is about to be attached, or taken away, for a successor.
// Kernels before Linux 6.8 have none that will do.
void NoteMount(const TrappedCall& call, FdRef mount);
// Whether `file` is on the mount that a predecessor noted.
bool IsNotedMount(const TrappedCall& call, FdRef file);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_MOUNT_STEPS_H_
