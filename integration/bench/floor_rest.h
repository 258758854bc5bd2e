// What else config.json asks of the kernel, beyond what no container can do
// without. Errors end the program.
#ifndef INTEGRATION_BENCH_FLOOR_REST_H_
#define INTEGRATION_BENCH_FLOOR_REST_H_

namespace sysbox::bench {

// All in init, in its new namespaces, as their root.
void BringUpLoopback();
// The working directory is the rootfs, which has its mounts; before pivot_root.
void MountCgroups();
void WriteSysctls();
void HidePaths();  // masked and read-only ones

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_FLOOR_REST_H_
