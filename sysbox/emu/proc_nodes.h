// layout: table
// /proc beside /proc/sys and the resource views: what names the host's disks,
// devices and interrupts says that there are none.
#ifndef SYSBOX_EMU_PROC_NODES_H_
#define SYSBOX_EMU_PROC_NODES_H_

#include "sysbox/emu/host_traces.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/views/interrupts.h"

namespace sysbox::emu {

// clang-format off
inline constexpr NodeSpec kProcNodes[] = {
    Directory("/proc/asound", Others::kNothing),
    Fixed("/proc/bootconfig", &NoText),
    Directory("/proc/bus", Others::kNothing),
    Within(Directory("/proc/bus/input", Others::kNothing)),
    Within(Fixed("/proc/bus/input/devices", &NoText)),
    Within(Fixed("/proc/bus/input/handlers", &NoText)),
    Within(Directory("/proc/bus/pci", Others::kNothing)),
    Within(Fixed("/proc/bus/pci/devices", &NoText)),
    Fixed("/proc/cmdline", &KernelCommandLine),
    Fixed("/proc/consoles", &NoText),
    Fixed("/proc/fb", &NoText),
    Directory("/proc/fs", Others::kNothing),
    Within(Directory("/proc/fs/nfsd", Others::kNothing)),
    Computed("/proc/interrupts", &views::Interrupts),
    Fixed("/proc/iomem", &NoText),
    Fixed("/proc/ioports", &NoText),
    Directory("/proc/irq", Others::kNothing),
    Fixed("/proc/mdstat", &NoRaid),
    Directory("/proc/scsi", Others::kNothing),
    Computed("/proc/softirqs", &views::Softirqs),
};
// clang-format on

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_PROC_NODES_H_
