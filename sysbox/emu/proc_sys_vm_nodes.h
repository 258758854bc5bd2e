// layout: table
// /proc/sys/vm. Ranges are the kernel's own: mm/*.c and fs/drop_caches.c as of
// Linux 6.18.
#ifndef SYSBOX_EMU_PROC_SYS_VM_NODES_H_
#define SYSBOX_EMU_PROC_SYS_VM_NODES_H_

#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/special_values.h"

namespace sysbox::emu {

// clang-format off
inline constexpr NodeSpec kProcSysVmNodes[] = {
    Directory("/proc/sys/vm", Others::kHost),

    Private("/proc/sys/vm/admin_reserve_kbytes", Longs()),
    Discarded("/proc/sys/vm/compact_memory", Ints(1, 1), 0200),
    Private("/proc/sys/vm/compact_unevictable_allowed", Ints(0, 1)),
    Private("/proc/sys/vm/compaction_proactiveness", Ints(0, 100)),
    Private("/proc/sys/vm/defrag_mode", Ints(0, 1)),
    Either(Private("/proc/sys/vm/dirty_background_bytes", Longs(1)), "/proc/sys/vm/dirty_background_ratio"),
    Either(Private("/proc/sys/vm/dirty_background_ratio", Ints(0, 100)), "/proc/sys/vm/dirty_background_bytes"),
    Either(Private("/proc/sys/vm/dirty_bytes", Longs(2 * 4096)), "/proc/sys/vm/dirty_ratio"),
    Private("/proc/sys/vm/dirty_expire_centisecs", Ints(0)),
    Either(Private("/proc/sys/vm/dirty_ratio", Ints(0, 100)), "/proc/sys/vm/dirty_bytes"),
    Private("/proc/sys/vm/dirty_writeback_centisecs", Ints()),
    Private("/proc/sys/vm/dirtytime_expire_seconds", Ints(0)),
    Discarded("/proc/sys/vm/drop_caches", Ints(1, 4), 0200),
    Private("/proc/sys/vm/enable_soft_offline", Ints(0, 1)),
    Private("/proc/sys/vm/extfrag_threshold", Ints(0, 1000)),
    Private("/proc/sys/vm/hugetlb_shm_group", Ints()),
    Private("/proc/sys/vm/laptop_mode", Ints()),
    Private("/proc/sys/vm/legacy_va_layout", Ints(0)),
    Raising(Private("/proc/sys/vm/max_map_count", Ints(0))),
    Private("/proc/sys/vm/memfd_noexec", Ints(0, 2)),
    Private("/proc/sys/vm/memory_failure_early_kill", Ints(0, 1)),
    Private("/proc/sys/vm/memory_failure_recovery", Ints(0, 1)),
    Private("/proc/sys/vm/min_free_kbytes", Ints(0)),
    Private("/proc/sys/vm/min_slab_ratio", Ints(0, 100)),
    Private("/proc/sys/vm/min_unmapped_ratio", Ints(0, 100)),
    Private("/proc/sys/vm/mmap_min_addr", Longs()),
    Private("/proc/sys/vm/mmap_rnd_bits", Ints(28, 32), 0600),
    Private("/proc/sys/vm/mmap_rnd_compat_bits", Ints(8, 16), 0600),
    Private("/proc/sys/vm/nr_hugepages", Longs()),
    Private("/proc/sys/vm/nr_hugepages_mempolicy", Longs()),
    Private("/proc/sys/vm/nr_overcommit_hugepages", Longs()),
    Private("/proc/sys/vm/numa_stat", Ints(0, 1)),
    Private("/proc/sys/vm/oom_dump_tasks", Ints()),
    Private("/proc/sys/vm/oom_kill_allocating_task", Ints()),
    Either(Private("/proc/sys/vm/overcommit_kbytes", Longs()), "/proc/sys/vm/overcommit_ratio"),
    Private("/proc/sys/vm/overcommit_memory", Ints(0, 2)),
    Either(Private("/proc/sys/vm/overcommit_ratio", Ints()), "/proc/sys/vm/overcommit_kbytes"),
    Private("/proc/sys/vm/page-cluster", Ints(0, 31)),
    Private("/proc/sys/vm/page_lock_unfairness", Ints(0)),
    Private("/proc/sys/vm/panic_on_oom", Ints(0, 2)),
    Private("/proc/sys/vm/percpu_pagelist_high_fraction", Ints(0)),
    Private("/proc/sys/vm/stat_interval", Ints()),
    Private("/proc/sys/vm/swappiness", Ints(0, 200)),
    Private("/proc/sys/vm/unprivileged_userfaultfd", Ints(0, 1)),
    Private("/proc/sys/vm/user_reserve_kbytes", Longs()),
    Private("/proc/sys/vm/vfs_cache_pressure", Ints(0)),
    Private("/proc/sys/vm/vfs_cache_pressure_denom", Ints(100)),
    Private("/proc/sys/vm/watermark_boost_factor", Ints(0)),
    Private("/proc/sys/vm/watermark_scale_factor", Ints(1, 3000)),
    Private("/proc/sys/vm/zone_reclaim_mode", Ints(0)),
};
// clang-format on

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_PROC_SYS_VM_NODES_H_
