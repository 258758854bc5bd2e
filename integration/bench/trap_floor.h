// The least that any supervisor of trapped system calls does: what ours are
// compared with. seccomp_unotify(2).
#ifndef INTEGRATION_BENCH_TRAP_FLOOR_H_
#define INTEGRATION_BENCH_TRAP_FLOOR_H_

#include "integration/bench/dressed_floor.h"

namespace sysbox::bench {

// Returns in a child whose calls are answered by what was this process:
// sysinfo(2) with nothing but 0; swapoff(2) likewise, but its path is read, and
// whether the call still waits is checked; mknodat(2) of a character device as
// well, and the node is made; mount(2) of a procfs by `dressed`, of anything
// else by the kernel. It ends with the child, and as that does. False, with
// errno: nothing was done.
bool StartTrapFloor(const DressedFloor& dressed);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_TRAP_FLOOR_H_
