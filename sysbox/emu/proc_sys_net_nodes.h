// layout: table
// /proc/sys/net. Native, except for names that Linux has in its initial network
// namespace only, or shows elsewhere without letting them be written: those are
// the container's own. Ranges: net/core/sysctl_net_core.c, net/core/neighbour.c
// as of Linux 6.18. What the host has is the first value, where the daemon is
// in the first network namespace.
#ifndef SYSBOX_EMU_PROC_SYS_NET_NODES_H_
#define SYSBOX_EMU_PROC_SYS_NET_NODES_H_

#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/special_values.h"

namespace sysbox::emu {

// clang-format off
inline constexpr NodeSpec kProcSysNetNodes[] = {
    Directory("/proc/sys/net/core", Others::kNamespace, Scope::kNetwork),
    Otherwise("1", Private("/proc/sys/net/core/bpf_jit_enable", Ints(0, 2))),
    Otherwise("0", Private("/proc/sys/net/core/bpf_jit_harden", Ints(0, 2), 0600)),
    Private("/proc/sys/net/core/bpf_jit_kallsyms", Ints(0, 1), 0600),
    Private("/proc/sys/net/core/bpf_jit_limit", Longs(1), 0600),
    Otherwise("0", Private("/proc/sys/net/core/busy_poll", Ints(0))),
    Otherwise("0", Private("/proc/sys/net/core/busy_read", Ints(0))),
    Setting(Otherwise("pfifo_fast", Private("/proc/sys/net/core/default_qdisc", Special(&QueueDiscipline)))),
    Otherwise("64", Private("/proc/sys/net/core/dev_weight", Ints(1))),
    Otherwise("1", Private("/proc/sys/net/core/dev_weight_rx_bias", Ints(1))),
    Otherwise("1", Private("/proc/sys/net/core/dev_weight_tx_bias", Ints(1))),
    Otherwise("0", Private("/proc/sys/net/core/devconf_inherit_init_net", Ints(0, 3))),
    Otherwise("0", Private("/proc/sys/net/core/fb_tunnels_only_for_init_net", Ints(0, 2))),
    Otherwise("8", Private("/proc/sys/net/core/gro_normal_batch", Ints(1))),
    Private("/proc/sys/net/core/high_order_alloc_disable", Ints(0, 1)),
    Otherwise("17", Private("/proc/sys/net/core/max_skb_frags", Ints(1, 17))),
    Private("/proc/sys/net/core/mem_pcpu_rsv", Ints(1)),
    Otherwise("10", Private("/proc/sys/net/core/message_burst", Ints())),
    Otherwise("5", Private("/proc/sys/net/core/message_cost", Ints())),
    Otherwise("300", Private("/proc/sys/net/core/netdev_budget", Ints())),
    Otherwise("8000", Private("/proc/sys/net/core/netdev_budget_usecs", Ints(0))),
    Raising(Otherwise("1000", Private("/proc/sys/net/core/netdev_max_backlog", Ints()))),
    Otherwise("1", Private("/proc/sys/net/core/netdev_tstamp_prequeue", Ints())),
    Private("/proc/sys/net/core/netdev_unregister_timeout_secs", Ints(1, 3600)),
    Otherwise("212992", Private("/proc/sys/net/core/rmem_default", Ints(2304))),
    Raising(Otherwise("212992", Private("/proc/sys/net/core/rmem_max", Ints(2304)))),
    Private("/proc/sys/net/core/skb_defer_max", Ints(0)),
    Otherwise("0", Private("/proc/sys/net/core/warnings", Ints())),
    Otherwise("212992", Private("/proc/sys/net/core/wmem_default", Ints(4608))),
    Raising(Otherwise("212992", Private("/proc/sys/net/core/wmem_max", Ints(4608)))),

    Restless(Directory("/proc/sys/net/ipv4/neigh", Others::kNamespace, Scope::kNetwork)),
    Always(Within(Directory("/proc/sys/net/ipv4/neigh/default", Others::kHost))),
    Otherwise("30", Private("/proc/sys/net/ipv4/neigh/default/gc_interval", Ints())),
    Otherwise("60", Private("/proc/sys/net/ipv4/neigh/default/gc_stale_time", Ints())),
    Raising(Otherwise("128", Private("/proc/sys/net/ipv4/neigh/default/gc_thresh1", Ints(0)))),
    Raising(Otherwise("512", Private("/proc/sys/net/ipv4/neigh/default/gc_thresh2", Ints(0)))),
    Raising(Otherwise("1024", Private("/proc/sys/net/ipv4/neigh/default/gc_thresh3", Ints(0)))),
    Bound(PingGroupRange("/proc/sys/net/ipv4/ping_group_range")),
    Directory("/proc/sys/net/ipv4/vs", Others::kNamespace, Scope::kNetwork),
    WhereLacking("1", Private("/proc/sys/net/ipv4/vs/conn_reuse_mode", Ints(0))),
    Raising(WhereLacking("0", Private("/proc/sys/net/ipv4/vs/conntrack", Ints(0, 1)))),
    WhereLacking("0", Private("/proc/sys/net/ipv4/vs/expire_nodest_conn", Ints())),
    WhereLacking("0", Private("/proc/sys/net/ipv4/vs/expire_quiescent_template", Ints())),

    Restless(Directory("/proc/sys/net/ipv6/neigh", Others::kNamespace, Scope::kNetwork)),
    Always(Within(Directory("/proc/sys/net/ipv6/neigh/default", Others::kHost))),
    Otherwise("30", Private("/proc/sys/net/ipv6/neigh/default/gc_interval", Ints())),
    Otherwise("60", Private("/proc/sys/net/ipv6/neigh/default/gc_stale_time", Ints())),
    Raising(Otherwise("128", Private("/proc/sys/net/ipv6/neigh/default/gc_thresh1", Ints(0)))),
    Raising(Otherwise("512", Private("/proc/sys/net/ipv6/neigh/default/gc_thresh2", Ints(0)))),
    Raising(Otherwise("1024", Private("/proc/sys/net/ipv6/neigh/default/gc_thresh3", Ints(0)))),

    Raising(Bound(Private("/proc/sys/net/netfilter/nf_conntrack_max", Ints(0)))),
};
// clang-format on

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_PROC_SYS_NET_NODES_H_
