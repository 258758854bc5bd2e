// layout: table
// /sys, beside the resource views: what names the host's devices, disks,
// firmware and kernel internals is gone, what programs write at start is the
// container's own. /sys/module and /sys/power are native: they name what the
// kernel can do, not what the host has.
#ifndef SYSBOX_EMU_SYS_NODES_H_
#define SYSBOX_EMU_SYS_NODES_H_

#include "sysbox/emu/host_traces.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/special_values.h"

namespace sysbox::emu {

// In a directory of ours that is bound as a whole; of sysfs, mostly.
constexpr NodeSpec Part(std::string_view path, Others others) {
  return Within(Directory(path, others, Scope::kHost, 0755));
}
// Bound, and there also where the host has none.
constexpr NodeSpec Whole(std::string_view path, Others others) {
  return Always(Directory(path, others, Scope::kHost, 0755));
}

// clang-format off
inline constexpr NodeSpec kSysNodes[] = {
    Whole("/sys/block", Others::kNothing),

    // Buses are listed and empty, but for the CPUs' counters (perf).
    HidingDevices(Whole("/sys/bus", Others::kHostDirectories)),
    Except(Part("/sys/bus/event_source/devices", Others::kHost), &IsHostsCounter),
    Always(Part("/sys/bus/pci", Others::kHostDirectories)),  // lspci insists
    Always(Part("/sys/bus/pci/devices", Others::kNothing)),
    Always(Part("/sys/bus/pci/drivers", Others::kNothing)),

    HidingDevices(Whole("/sys/class", Others::kHostDirectories)),
    Always(Part("/sys/class/block", Others::kNothing)),
    Always(Part("/sys/class/dmi", Others::kNothing)),
    Always(Link("/sys/class/dmi/id", "../../devices/virtual/dmi/id")),
    Part("/sys/class/mem", Others::kHost),
    Except(Part("/sys/class/misc", Others::kHost), &IsHostsMisc),
    NativeDirectory("/sys/class/net", 0755),
    Except(Part("/sys/class/tty", Others::kHost), &IsHostsTty),

    HidingDevices(Whole("/sys/dev", Others::kNothing)),
    Always(Part("/sys/dev/block", Others::kNothing)),
    Except(Part("/sys/dev/char", Others::kHost), &IsHostsCharDevice),

    HidingDevices(Whole("/sys/devices", Others::kNothing)),
    Part("/sys/devices/breakpoint", Others::kHost),
    Part("/sys/devices/cpu", Others::kHost),
    Part("/sys/devices/cpu_atom", Others::kHost),
    Part("/sys/devices/cpu_core", Others::kHost),
    Part("/sys/devices/kprobe", Others::kHost),
    Part("/sys/devices/msr", Others::kHost),
    Part("/sys/devices/software", Others::kHost),
    Part("/sys/devices/system", Others::kHost),
    Hidden("/sys/devices/system/container"),
    Hidden("/sys/devices/system/edac"),
    Hidden("/sys/devices/system/machinecheck"),
    Hidden("/sys/devices/system/memory"),
    Hidden("/sys/devices/system/xen_memory"),
    Part("/sys/devices/tracepoint", Others::kHost),
    Part("/sys/devices/uprobe", Others::kHost),
    // Terminals are looked at by systemd-logind and getty generators.
    Always(Part("/sys/devices/virtual", Others::kNothing)),
    Always(Part("/sys/devices/virtual/dmi/id", Others::kNothing)),
    Always(Within(Fixed("/sys/devices/virtual/dmi/id/product_serial", &ProductSerial, 0400))),
    Always(Within(Fixed("/sys/devices/virtual/dmi/id/product_uuid", &ProductUuid, 0400))),
    Part("/sys/devices/virtual/mem", Others::kHost),
    Part("/sys/devices/virtual/misc", Others::kHost),
    NativeDirectory("/sys/devices/virtual/net", 0755),
    Part("/sys/devices/virtual/tty", Others::kHost),
    Within(Fixed("/sys/devices/virtual/tty/console/active", &NoWord)),

    Whole("/sys/firmware", Others::kNothing),

    // Filesystems, without those that are mounted; some are named by disk.
    // Others that can be mounted here find their places.
    Whole("/sys/fs", Others::kNothing),
    Part("/sys/fs/bpf", Others::kNothing),
    Part("/sys/fs/btrfs", Others::kNothing),
    Part("/sys/fs/btrfs/features", Others::kHost),
    Part("/sys/fs/cgroup", Others::kNothing),
    Part("/sys/fs/erofs", Others::kNothing),
    Part("/sys/fs/erofs/features", Others::kHost),
    Part("/sys/fs/ext4", Others::kNothing),
    Part("/sys/fs/ext4/features", Others::kHost),
    Part("/sys/fs/f2fs", Others::kNothing),
    Part("/sys/fs/f2fs/features", Others::kHost),
    Part("/sys/fs/fuse", Others::kNothing),
    Part("/sys/fs/fuse/connections", Others::kNothing),
    Part("/sys/fs/tmpfs", Others::kNothing),
    Part("/sys/fs/tmpfs/features", Others::kHost),
    Part("/sys/fs/xfs", Others::kNothing),

    // Which machine of its hypervisor the host is.
    Directory("/sys/hypervisor", Others::kNothing, Scope::kHost, 0755),
    Within(HostValue("/sys/hypervisor/type")),

    // Without debug, tracing, config, systemd does not try to mount on them:
    // the kernel would refuse that in a user namespace, and the unit fail.
    Directory("/sys/kernel", Others::kHost, Scope::kHost, 0755),
    Hidden("/sys/kernel/boot_params"),
    // Not bound upon ours: Podman unmounts whatever is mounted on /sys/kernel.
    Large(Part("/sys/kernel/btf", Others::kHost)),
    Hidden("/sys/kernel/config"),
    Hidden("/sys/kernel/debug"),
    Hidden("/sys/kernel/dmabuf"),
    Hidden("/sys/kernel/iommu_groups"),
    Hidden("/sys/kernel/irq"),
    // What databases have their administrators turn off.
    Private("/sys/kernel/mm/transparent_hugepage/defrag", Special(&Choice)),
    Private("/sys/kernel/mm/transparent_hugepage/enabled", Special(&Choice)),
    Private("/sys/kernel/mm/transparent_hugepage/khugepaged/defrag", Ints(0, 1)),
    Private("/sys/kernel/mm/transparent_hugepage/shmem_enabled", Special(&Choice)),
    Part("/sys/kernel/security", Others::kNothing),
    Hidden("/sys/kernel/slab"),
    Hidden("/sys/kernel/software_nodes"),
    Hidden("/sys/kernel/sunrpc"),
    Hidden("/sys/kernel/tracing"),
    Hidden("/sys/kernel/vmcoreinfo"),

    Raising(Bound(Private("/sys/module/nf_conntrack/parameters/hashsize", Ints(1, UINT_MAX), 0600))),
};
// clang-format on

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_SYS_NODES_H_
