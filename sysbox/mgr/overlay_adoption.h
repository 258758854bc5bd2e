// What the engine writes into a directory that the container has in use: its
// working directory, one with a mount below, such as /etc, or above either.
// When the engine is the first to change anything there, its superblock makes
// the directory in the upper layer that both share. The container's goes on
// with the lower layer's, whose name it cannot forget while it is used: it
// would neither see what is new, nor could it ever change anything there
// itself, because its own copying up finds a directory that is not empty
// (ENOTEMPTY).
//
//     engine's directory   upper/etc  ──1──▶  aside  ──3──▶  into it again
//     container's own      ──2── copied up ──▶ upper/etc, known to both
//
// Paths below the upper layer are the container's: they are resolved with
// openat2(2), and no symlink or mount on them is followed.
#ifndef SYSBOX_MGR_OVERLAY_ADOPTION_H_
#define SYSBOX_MGR_OVERLAY_ADOPTION_H_

#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::mgr {

// The directory of `file`, which the engine has open, below the root of its
// overlay ("etc"; "": the root itself), whether it reached it through `rootfs`
// or through a mount namespace of its own. A hint: nothing trusts it.
absl::StatusOr<std::string> DirectoryOf(FdRef file, std::string_view rootfs);

// Where what is moved is meanwhile: beside the upper layer, where no container
// gets, and goes with it. What is found there was left by a process that died.
std::string PlaceAside(const std::string& upper);

// Has `inside`, root of the container's overlay, take over `directories` and
// all above them, as far as the upper layer of `outside`, root of the engine's,
// has them. Both must have forgotten their unused names before, and have to
// afterwards. The first error; the others are tried all the same. May wait for
// the container: in a process that nobody waits for.
absl::Status AdoptDirectories(FdRef inside, FdRef outside,
                              const std::set<std::string>& directories);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_OVERLAY_ADOPTION_H_
