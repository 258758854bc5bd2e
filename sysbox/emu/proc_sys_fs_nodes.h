// layout: table
// /proc/sys/fs. Ranges are the kernel's own: fs/*.c, fs/notify and
// ipc/mq_sysctl.c as of Linux 6.18. binfmt_misc is left empty for the
// container's own mount.
#ifndef SYSBOX_EMU_PROC_SYS_FS_NODES_H_
#define SYSBOX_EMU_PROC_SYS_FS_NODES_H_

#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/special_values.h"

namespace sysbox::emu {

// clang-format off
inline constexpr NodeSpec kProcSysFsNodes[] = {
    Directory("/proc/sys/fs", Others::kHost),

    Raising(Private("/proc/sys/fs/aio-max-nr", Longs())),
    Within(Directory("/proc/sys/fs/binfmt_misc", Others::kNothing)),
    Private("/proc/sys/fs/dentry-negative", Ints(0, 1)),
    Private("/proc/sys/fs/dir-notify-enable", Ints()),
    Raising(Private("/proc/sys/fs/epoll/max_user_watches", Longs(0, LONG_MAX))),
    Private("/proc/sys/fs/fanotify/max_queued_events", Ints(0)),
    Private("/proc/sys/fs/fanotify/max_user_groups", Ints(0)),
    Private("/proc/sys/fs/fanotify/max_user_marks", Ints(0)),
    Raising(Private("/proc/sys/fs/file-max", Longs(0, LONG_MAX))),
    Private("/proc/sys/fs/fuse/default_request_timeout", Ints(0, 65535)),
    Private("/proc/sys/fs/fuse/max_pages_limit", Ints(1, 65535)),
    Private("/proc/sys/fs/fuse/max_request_timeout", Ints(0, 65535)),
    Raising(Private("/proc/sys/fs/inotify/max_queued_events", Ints(0))),
    Raising(Private("/proc/sys/fs/inotify/max_user_instances", Ints(0))),
    Raising(Private("/proc/sys/fs/inotify/max_user_watches", Ints(0))),
    Private("/proc/sys/fs/lease-break-time", Ints()),
    Private("/proc/sys/fs/leases-enable", Ints()),
    Raising(Private("/proc/sys/fs/mount-max", Ints(1))),
    Namespaced("/proc/sys/fs/mqueue/msg_default", Scope::kIpc),
    Namespaced("/proc/sys/fs/mqueue/msg_max", Scope::kIpc),
    Namespaced("/proc/sys/fs/mqueue/msgsize_default", Scope::kIpc),
    Namespaced("/proc/sys/fs/mqueue/msgsize_max", Scope::kIpc),
    Namespaced("/proc/sys/fs/mqueue/queues_max", Scope::kIpc),
    Raising(Private("/proc/sys/fs/nr_open", Ints(64, 0x7fffffc0))),
    Private("/proc/sys/fs/overflowgid", Ints(0, 65535)),
    Private("/proc/sys/fs/overflowuid", Ints(0, 65535)),
    Private("/proc/sys/fs/pipe-max-size", Special(&PipeMaxSize)),
    Private("/proc/sys/fs/pipe-user-pages-hard", Longs()),
    Private("/proc/sys/fs/pipe-user-pages-soft", Longs()),
    Private("/proc/sys/fs/protected_fifos", Ints(0, 2)),
    Private("/proc/sys/fs/protected_hardlinks", Ints(0, 1)),
    Private("/proc/sys/fs/protected_regular", Ints(0, 2)),
    Private("/proc/sys/fs/protected_symlinks", Ints(0, 1)),
    Private("/proc/sys/fs/suid_dumpable", Ints(0, 2)),
};
// clang-format on

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_PROC_SYS_FS_NODES_H_
