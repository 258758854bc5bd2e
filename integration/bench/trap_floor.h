// The least that any supervisor of trapped system calls does: what ours are
// compared with. seccomp_unotify(2).
#ifndef INTEGRATION_BENCH_TRAP_FLOOR_H_
#define INTEGRATION_BENCH_TRAP_FLOOR_H_

namespace sysbox::bench {

// Returns in a child whose sysinfo(2) is answered with nothing but 0, and whose
// nodes of character devices are made by what was this process: it reads the
// path, checks that the call still waits, makes the node and answers. It ends
// with the child, and as that does. False, with errno: nothing was done.
bool StartTrapFloor();

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_TRAP_FLOOR_H_
