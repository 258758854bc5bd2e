#include "sysbox/cli/service_unit.h"

#include "fmt/format.h"

namespace sysbox::cli {
namespace {

// No option here that gives the service a mount namespace of its own (all of
// Protect*=, Private*=, *Paths=): what the daemon clones and hands to
// containers must be the host's mounts. No device policy: it makes device
// nodes for containers and opens /dev/fuse.
constexpr std::string_view kUnit = R"([Unit]
Description=Sysbox: containers that are like virtual machines
After=local-fs.target systemd-sysctl.service apparmor.service
Before=docker.service containerd.service crio.service kubelet.service
Before=podman-restart.service

[Service]
Type=notify
NotifyAccess=all
ExecStart={} daemon
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=200ms
# Containers run on when it ends: they are not in its cgroup. What it holds
# for them outlives it with systemd.
FileDescriptorStoreMax=16384
KillMode=mixed
TimeoutStartSec=60
TimeoutStopSec=20

# One descriptor per container and more; no process per container.
LimitNOFILE=1048576
LimitCORE=infinity
TasksMax=4096
# Every container would wait for it.
OOMScoreAdjust=-900

UMask=0022
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6
RestrictRealtime=yes
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @obsolete @reboot @swap
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=~CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_BLOCK_SUSPEND
CapabilityBoundingSet=~CAP_LEASE CAP_SYS_BOOT CAP_SYS_PACCT CAP_SYS_TIME
CapabilityBoundingSet=~CAP_SYS_TTY_CONFIG CAP_WAKE_ALARM

[Install]
WantedBy=multi-user.target
)";

}  // namespace

std::string ServiceUnitText(std::string_view program) {
  return fmt::format(kUnit, program);
}

std::string KernelSettingsText() {
  std::string text;
  for (const KernelSetting& setting : kKernelSettings) {
    text += fmt::format("{} = {}\n", setting.name, setting.least);
  }
  return text;
}

}  // namespace sysbox::cli
