// layout: table
// /sys, beside the resource views: what names the host's block devices,
// firmware and kernel internals is gone, what programs write at start is the
// container's own. The rest is native.
#ifndef SYSBOX_EMU_SYS_NODES_H_
#define SYSBOX_EMU_SYS_NODES_H_

#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/special_values.h"

namespace sysbox::emu {

// clang-format off
inline constexpr NodeSpec kSysNodes[] = {
    Always(Directory("/sys/block", Others::kNothing, Scope::kHost, 0755)),
    Always(Directory("/sys/class/block", Others::kNothing, Scope::kHost, 0755)),
    Always(Directory("/sys/dev/block", Others::kNothing, Scope::kHost, 0755)),
    Always(Directory("/sys/firmware", Others::kNothing, Scope::kHost, 0755)),

    // What the host's virtual devices are is nobody's business here; terminals
    // are looked at by systemd-logind and getty generators.
    Always(Directory("/sys/devices/virtual", Others::kNothing, Scope::kHost, 0755)),
    Always(Within(Directory("/sys/devices/virtual/dmi/id", Others::kNothing, Scope::kHost, 0755))),
    Always(Within(Fixed("/sys/devices/virtual/dmi/id/product_serial", &ProductSerial, 0400))),
    Always(Within(Fixed("/sys/devices/virtual/dmi/id/product_uuid", &ProductUuid, 0400))),
    Within(Directory("/sys/devices/virtual/mem", Others::kHost, Scope::kHost, 0755)),
    Within(Directory("/sys/devices/virtual/misc", Others::kHost, Scope::kHost, 0755)),
    NativeDirectory("/sys/devices/virtual/net", 0755),
    Within(Directory("/sys/devices/virtual/tty", Others::kHost, Scope::kHost, 0755)),

    // Without these, systemd does not try to mount on them: the kernel would
    // refuse that in a user namespace, and the unit fail.
    Directory("/sys/kernel", Others::kHost, Scope::kHost, 0755),
    Hidden("/sys/kernel/boot_params"),
    NativeDirectory("/sys/kernel/btf", 0755),
    Hidden("/sys/kernel/config"),
    Hidden("/sys/kernel/debug"),
    Hidden("/sys/kernel/iommu_groups"),
    Hidden("/sys/kernel/irq"),
    Within(Directory("/sys/kernel/security", Others::kNothing, Scope::kHost, 0755)),
    Hidden("/sys/kernel/slab"),
    Hidden("/sys/kernel/software_nodes"),
    Hidden("/sys/kernel/tracing"),
    Hidden("/sys/kernel/vmcoreinfo"),

    Bound(Private("/sys/module/nf_conntrack/parameters/hashsize", Ints(1, UINT_MAX), 0600)),
};
// clang-format on

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_SYS_NODES_H_
