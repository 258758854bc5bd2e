// layout: table
// The container's resources: /proc/meminfo and its kin. Generators in views/.
#ifndef SYSBOX_EMU_VIEW_NODES_H_
#define SYSBOX_EMU_VIEW_NODES_H_

#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/special_values.h"
#include "sysbox/emu/views/block_devices.h"
#include "sysbox/emu/views/cpuinfo.h"
#include "sysbox/emu/views/devices.h"
#include "sysbox/emu/views/loadavg.h"
#include "sysbox/emu/views/meminfo.h"
#include "sysbox/emu/views/pressure.h"
#include "sysbox/emu/views/proc_stat.h"
#include "sysbox/emu/views/swaps.h"
#include "sysbox/emu/views/system_cpu.h"
#include "sysbox/emu/views/system_node.h"
#include "sysbox/emu/views/uptime.h"
#include "sysbox/emu/views/vmstat.h"

namespace sysbox::emu {

// clang-format off
inline constexpr NodeSpec kViewNodes[] = {
    Computed("/proc/cpuinfo", &views::Cpuinfo),
    Computed("/proc/devices", &views::Devices),
    Computed("/proc/diskstats", &views::Diskstats),
    Computed("/proc/loadavg", &views::Loadavg),
    Computed("/proc/meminfo", &views::Meminfo),
    Computed("/proc/partitions", &views::Partitions),
    Live(Directory("/proc/pressure", Others::kNothing)),
    Within(Computed("/proc/pressure/cpu", &views::PressureCpu)),
    Within(Computed("/proc/pressure/io", &views::PressureIo)),
    Within(Computed("/proc/pressure/irq", &views::PressureIrq)),
    Within(Computed("/proc/pressure/memory", &views::PressureMemory)),
    Computed("/proc/stat", &views::ProcStat),
    Computed("/proc/swaps", &views::Swaps),
    Ticking("/proc/uptime", &views::Uptime),
    Computed("/proc/vmstat", &views::Vmstat),

    Live(ReadBy(Except(Directory("/sys/devices/system/cpu", Others::kHost, Scope::kHost, 0755), &IsForeignCpu), &views::SystemCpuFile)),
    Within(Computed("/sys/devices/system/cpu/enabled", &views::SystemCpus)),
    Within(Computed("/sys/devices/system/cpu/isolated", &views::NoSystemCpus)),
    Within(Computed("/sys/devices/system/cpu/kernel_max", &views::SystemCpuKernelMax)),
    Within(Computed("/sys/devices/system/cpu/offline", &views::NoSystemCpus)),
    Within(Computed("/sys/devices/system/cpu/online", &views::SystemCpus)),
    Within(Computed("/sys/devices/system/cpu/possible", &views::SystemCpus)),
    Within(Computed("/sys/devices/system/cpu/present", &views::SystemCpus)),

    Live(Directory("/sys/devices/system/node", Others::kNothing, Scope::kHost, 0755)),
    Within(Computed("/sys/devices/system/node/has_cpu", &views::SystemNodes)),
    Within(Computed("/sys/devices/system/node/has_memory", &views::SystemNodes)),
    Within(Computed("/sys/devices/system/node/has_normal_memory", &views::SystemNodes)),
    Within(Live(Directory("/sys/devices/system/node/node0", Others::kNothing, Scope::kHost, 0755))),
    Within(Computed("/sys/devices/system/node/node0/cpulist", &views::SystemCpus)),
    Within(Computed("/sys/devices/system/node/node0/cpumap", &views::NodeCpuMap)),
    Within(Computed("/sys/devices/system/node/node0/distance", &views::NodeDistance)),
    Within(Computed("/sys/devices/system/node/node0/meminfo", &views::NodeMeminfo)),
    Within(Computed("/sys/devices/system/node/node0/numastat", &views::NodeNumastat)),
    Within(Computed("/sys/devices/system/node/online", &views::SystemNodes)),
    Within(Computed("/sys/devices/system/node/possible", &views::SystemNodes)),
};
// clang-format on

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_VIEW_NODES_H_
