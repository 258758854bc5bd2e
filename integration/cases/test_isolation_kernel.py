"""Kernel facilities that are the whole host's: not the container's to use."""

import ctypes
import pathlib
import re
import socket
import subprocess

import pytest

from harness import cgroup

# What may be written inside: it has a value of its own in each namespace.
NAMESPACED = re.compile(
    r"/proc/sys/(net/|user/|fs/mqueue/|kernel/("
    r"shm\w*|msg\w*|sem|sem_next_id|auto_msgmni|hostname|domainname|"
    r"ns_last_pid|pid_max)$)")

# Values of the host's that matter most, and that nobody else changes.
HOST_KNOBS = [
    "kernel/core_pattern", "kernel/modprobe", "kernel/hotplug",
    "kernel/sysrq", "kernel/panic", "kernel/panic_on_oops",
    "kernel/randomize_va_space", "kernel/kptr_restrict",
    "kernel/dmesg_restrict", "kernel/perf_event_paranoid",
    "kernel/unprivileged_bpf_disabled", "kernel/hostname", "kernel/shmmax",
    "kernel/msgmax", "kernel/pid_max", "kernel/threads-max",
    "vm/overcommit_memory", "vm/swappiness", "vm/max_map_count",
    "fs/file-max", "fs/suid_dumpable", "fs/protected_symlinks",
    "fs/mqueue/msg_max", "user/max_user_namespaces",
    "net/ipv4/ip_forward", "net/ipv4/ip_default_ttl", "net/core/somaxconn",
]


def host_knobs():
    found = {}
    for knob in HOST_KNOBS:
        path = pathlib.Path("/proc/sys") / knob
        if path.exists():
            found[knob] = path.read_text()
    return found


def open_up(guest):
    """As hostile as a spec can be: nothing masked, nothing read-only."""
    guest.spec["linux"]["maskedPaths"] = []
    guest.spec["linux"]["readonlyPaths"] = []
    for mount in guest.spec["mounts"]:
        if mount["destination"] == "/sys":
            mount["options"] = ["rw"]


@pytest.mark.parametrize("hidden", [True, False])
def test_only_namespaced_parameters_can_be_written(guest, name, hidden):
    if not hidden:
        open_up(guest)
    before = host_knobs()
    lines = guest.attack(name, "rewrite", "/proc")
    written = {line.rsplit(" ", 1)[0] for line in lines
               if line.endswith((" OK", " OPENED"))}
    foreign = {path for path in written if not NAMESPACED.match(path)}
    assert foreign == set()
    assert written, "not even its own"
    assert host_knobs() == before


def test_what_it_may_write_is_its_own(guest, name):
    before = host_knobs()
    changes = {
        "kernel/hostname": "changed", "kernel/shmmax": "12345678",
        "kernel/msgmax": "4321", "fs/mqueue/msg_max": "7",
        "user/max_user_namespaces": "77", "net/ipv4/ip_forward": "1",
        "net/ipv4/ip_default_ttl": "33", "net/core/somaxconn": "333",
    }
    arguments = [text for knob, value in changes.items()
                 for text in (f"/proc/sys/{knob}", value)]
    guest.attack(name, "set", *arguments)
    assert host_knobs() == before


REFUSALS = ("EACCES", "EPERM", "ENOENT", "EROFS", "EIO")


def test_the_hosts_knobs_cannot_be_written(guest, name):
    open_up(guest)
    before = host_knobs()
    arguments = []
    for knob in before:
        if not NAMESPACED.match(f"/proc/sys/{knob}"):
            arguments += [f"/proc/sys/{knob}", before[knob].strip()]
    for path in ("/proc/sysrq-trigger", "/sys/kernel/uevent_helper",
                 "/sys/power/state", "/proc/kcore", "/proc/mtrr"):
        arguments += [path, "h"]
    lines = guest.attack(name, "set", *arguments)
    for line in lines:
        path, result = line.split()
        # Emulated ones are the container's own.
        assert result in REFUSALS or (result in ("OK", "EINVAL") and
                                      path.startswith("/proc/sys/")), lines
    assert host_knobs() == before


@pytest.mark.parametrize("hidden", [True, False])
def test_sysfs_is_the_hosts(guest, name, hidden):
    if not hidden:
        open_up(guest)
    lines = guest.attack(name, "rewrite", "/sys")
    written = [line for line in lines if line.endswith((" OK", " OPENED"))
               # Its own network devices.
               and not re.match(r"/sys/devices/virtual/net/", line)]
    assert written == []


def test_what_only_the_hosts_root_may_do(guest, name):
    log = subprocess.run(["dmesg"], capture_output=True, text=True).stdout
    lines = guest.attack(name, "kernel")
    assert len(lines) > 10
    # Answered without the host's being asked.
    answered = {"swapoff OK", "syslog clear OK"}
    assert {line.split()[-1] for line in lines if line not in answered} <= {
        "EPERM", "ENOSYS", "ENOENT"}, lines
    after = subprocess.run(["dmesg"], capture_output=True, text=True).stdout
    assert after.startswith(log)


libc = ctypes.CDLL(None, use_errno=True)
SYS_ADD_KEY, SYS_KEYCTL = 248, 250
JOIN_SESSION_KEYRING, SETPERM, UNLINK = 1, 5, 9
USER_KEYRING = -4


@pytest.fixture
def host_key():
    """A key of the host's root, with every permission for everybody."""
    serial = libc.syscall(SYS_ADD_KEY, b"user", b"sysbox_probe_key", b"secret",
                          ctypes.c_size_t(6), USER_KEYRING)
    if serial < 0:
        pytest.skip("this kernel has no keyrings")
    assert libc.syscall(SYS_KEYCTL, SETPERM, serial, 0x3f3f3f00) == 0
    yield serial
    libc.syscall(SYS_KEYCTL, UNLINK, serial, USER_KEYRING)


def test_keys_are_not_shared(make_guest, name, host_key):
    first, second = make_guest("first"), make_guest("second")
    sessions = set()
    for guest, id in ((first, name), (second, f"{name}b")):
        lines = guest.attack(id, "keys", host_key)
        assert not [line for line in lines if line.split()[0] in (
            "describe", "read", "link", "revoke", "search")
            and line.endswith("OK")], lines
        sessions |= {line.split()[1] for line in lines
                     if line.startswith("session")}
        guest.start(f"{id}x", "/probe", "pause")
        lines = guest.attack_by_exec(f"{id}x", "keys", host_key)
        sessions |= {line.split()[1] for line in lines
                     if line.startswith("session")}
    assert len(sessions) == 4
    host = libc.syscall(SYS_KEYCTL, 0, -3, 0)
    assert str(host) not in sessions


def test_shared_memory_is_not_shared(guest, name):
    IPC_CREAT, IPC_RMID = 0o1000, 0
    key = 0x5359_5342
    segment = libc.shmget(key, 4096, IPC_CREAT | 0o666)
    assert segment >= 0
    try:
        assert guest.attack(name, "ipc", key) == ["shmget ENOENT"]
    finally:
        libc.shmctl(segment, IPC_RMID, None)


def test_abstract_sockets_of_the_host_are_out_of_reach(guest, name):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        assert guest.attack(name, "connect", f"@{name}") == [
            f"connect @{name} ECONNREFUSED"]


def test_namespaces_of_the_host_are_out_of_reach(guest, name):
    lines = guest.attack(name, "namespaces")
    results = [line for line in lines if "parent" in line
               or line == "owner user OK"]
    assert len(results) > 2
    assert {line.split()[-1] for line in results} == {"EPERM"}, lines


def test_limits_cannot_be_lifted(guest, name):
    limit = 64 << 20
    guest.spec["linux"]["resources"].update(
        {"memory": {"limit": limit}, "pids": {"limit": 50},
         "cpu": {"quota": 50000, "period": 100000}})
    guest.start(name, "/probe", "pause")
    pid = guest.state(name)["pid"]

    def limits():
        return [cgroup.limit(pid, *which) for which in (
            ("memory", "memory.limit_in_bytes"), ("pids", "pids.max"),
            ("cpu", "cpu.cfs_quota_us"))]
    if "memory" not in cgroup.of(pid):
        pytest.skip("cgroup v1's memory controller is missing")
    before = limits()
    assert before == [str(limit), "50", "50000"]
    devices = cgroup.limit(pid, "devices", "devices.list")
    lines = guest.attack_by_exec(name, "cgroups")
    agents = [line for line in lines if line.startswith("release_agent")]
    assert not [line for line in agents if line.endswith("OK")], agents
    assert limits() == before
    assert cgroup.limit(pid, "devices", "devices.list") == devices
    # Whatever was written, the limit holds.
    result = guest("exec", name, "/probe", "memory", "160", check=False)
    assert "used" not in result.out, result


def test_the_kernel_log_is_not_written(guest, name):
    """A /dev/kmsg there may be, for init systems; it is not the host's."""
    lines = guest.attack(name, "set", "/dev/kmsg", f"<0>{name}")
    if lines[0].endswith("OK"):
        log = subprocess.run(["dmesg"], capture_output=True, text=True)
        assert name not in log.stdout
