// How a process learns that another one will run no instruction any more, even
// where that cannot be waited for: a thread that the kernel does not let go (it
// looks up a path on a file system that a container serves, say) keeps a killed
// process from ending, its pidfd silent, and its descriptors open.
#ifndef SYSBOX_KEEPER_LIFELINE_H_
#define SYSBOX_KEEPER_LIFELINE_H_

#include "absl/status/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox::keeper {

// Gives `end` of a pipe or socket to a thread that has nothing else open and
// does nothing: whoever has the other end sees a hang-up as soon as the process
// is being killed or ends. By then no thread of it comes back from the kernel;
// system calls that are under way may still do what they do. Every other copy
// of `end` must have been closed.
//
// One case is not seen in time: a process that dumps its core waits for such a
// thread, too.
absl::Status HoldLifeline(Fd end);

}  // namespace sysbox::keeper

#endif  // SYSBOX_KEEPER_LIFELINE_H_
