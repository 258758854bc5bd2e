"""/proc/sys and /sys of a system container: its own, complete, and nothing
written there reaches the host."""

import pathlib
import re
import subprocess

import pytest

NODES = pathlib.Path(__file__).parents[2] / "sysbox/emu/NODES.md"

# What Linux shows in its first network namespace only, and we everywhere.
SYNTHESISED = re.compile(r"/proc/sys/net/(core|ipv[46]/neigh/default)/")


def rows():
    """(path, mode, text, writes, bound) of every row of the table."""
    for line in NODES.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| /"):
            yield cells


def edges(writes):
    """Values that a row's column of writes takes, and some it does not."""
    if writes == "int":
        return [-2**31, 2**31 - 1], [-2**31 - 1, 2**31, "x"]
    match = re.fullmatch(r"(-?\d+)(?:\.\.(\d+|INT_MAX)|\.\.\.)", writes)
    if not match:
        return None
    low, high = match.groups()
    if high is None:
        return [low, 2**64 - 1], [2**64, "x"] + [int(low) - 1] * (low != "0")
    high = 2**31 - 1 if high == "INT_MAX" else int(high)
    bad = [high + 1, "x"]
    if low != "0" or high < 2**63 - 1:
        bad.append(int(low) - 1)
    return [int(low), high], bad


def own_rows():
    """Writable rows whose value is the container's and has a range."""
    for path, mode, text, writes, bound in rows():
        # A native one is read by processes that change it (ns_last_pid).
        if text.startswith("own") and edges(writes) and bound != "native":
            yield path, edges(writes)


def host_values():
    values = {}
    for path, mode, text, *_ in rows():
        if text == "computed" or not path.startswith("/proc/sys"):
            continue
        try:
            values[path] = pathlib.Path(path).read_text()
        except OSError:
            pass  # not on this kernel, a directory, or write-only
    return values


@pytest.fixture
def box(docker):
    return docker.start_container(options=["--net=none"])


def names_in_fresh_namespaces():
    out = subprocess.run(
        ["unshare", "-Urnipuf", "--mount-proc",
         "find", "/proc/sys", "-type", "f"],
        check=True, capture_output=True, text=True).stdout
    return set(out.splitlines())


def test_names_are_the_kernels_and_ours(docker, box):
    expected = names_in_fresh_namespaces()
    found = set(docker.shell(box, "find /proc/sys -type f").splitlines())
    assert expected - found == set()
    assert {path for path in found - expected
            if not SYNTHESISED.match(path)} == set()
    assert "/proc/sys/net/core/default_qdisc" in found
    assert "/proc/sys/net/ipv4/neigh/default/gc_thresh1" in found


def test_every_file_can_be_read_or_says_why(docker, box):
    # As much as outside: write-only files and root's own are refused.
    out = docker.shell(box, "for f in $(find /proc/sys -type f); do "
                            "cat $f >/dev/null 2>/tmp/e || "
                            "{ echo $f; cat /tmp/e; }; done")
    refused = re.findall(r"^(/proc/sys/\S+)\ncat: can't open|"
                         r"^(/proc/sys/\S+)\ncat: (?:read error)", out, re.M)
    for pair in refused:
        path = pathlib.Path(pair[0] or pair[1])
        mode = path.stat().st_mode if path.exists() else 0
        assert not mode & 0o004 or str(path).startswith(
            "/proc/sys/net/ipv6/conf"), (path, out)
    # IPv6 answers EIO for a secret that was never set.
    assert "Transport endpoint" not in out


def test_every_value_of_its_own_takes_the_kernels_range(docker, box):
    before = host_values()
    script, expected = [], []
    names = docker.shell(box, "find /proc/sys /sys/module -type f").split()
    for path, (good, bad) in own_rows():
        if path not in names:
            continue
        for value in good:
            script.append(f"t {path} {value}")
            expected.append(f"{path} {value} 0")
        for value in bad:
            script.append(f"t {path} {value}")
            expected.append(f"{path} {value} 1")
    check = ("t() { if echo $2 > $1; then "
             "test $(cat $1) = $2; echo $1 $2 $?; "
             "else echo $1 $2 1; fi; }\n")
    out = docker("exec", "-i", box, "sh", input=check + "\n".join(script),
                 check=False)
    lines = out.out.splitlines()
    wrong = [(want, got) for want, got in zip(expected, lines) if want != got
             and "drop_caches" not in want and "compact_memory" not in want]
    assert wrong == []
    assert len(lines) == len(expected) > 300
    assert set(re.findall(r": ([A-Z][\w ]+)$", out.err, re.M)) <= {
        "Invalid argument", "Permission denied"}, out.err[-2000:]
    changed = {path: (text, after) for path, text in before.items()
               if (after := host_values().get(path)) != text
               and not is_restless(path)}
    assert changed == {}


def is_restless(path):
    """Whether the host's own work changes it."""
    return path.endswith(("random/uuid", "ns_last_pid", "entropy_avail"))


# What programs write when they start, and must be able to.
AT_START = {
    "systemd": {
        "kernel.core_pattern":
            "|/lib/systemd/systemd-coredump %P %u %g %s %t %c %h",
        "kernel.core_uses_pid": "1", "kernel.pid_max": "4194304",
        "kernel.sysrq": "16", "fs.protected_hardlinks": "1",
        "fs.protected_symlinks": "1", "fs.protected_regular": "1",
        "fs.protected_fifos": "1", "net.core.default_qdisc": "fq_codel",
        "net.ipv4.ping_group_range": "0 2147483647",
        "net.ipv4.conf.default.rp_filter": "2", "fs.file-max":
            "9223372036854775807", "fs.nr_open": "1073741816",
        "kernel.printk": "4 4 1 7"},
    "dockerd": {"net.ipv4.ip_forward": "1",
                "net.ipv4.conf.all.forwarding": "1",
                "net.ipv6.conf.all.forwarding": "1"},
    "kubelet": {"vm.overcommit_memory": "1", "vm.panic_on_oom": "0",
                "kernel.panic": "10", "kernel.panic_on_oops": "1",
                "kernel.keys.root_maxkeys": "1000000",
                "kernel.keys.root_maxbytes": "25000000"},
    "k3s": {"net.netfilter.nf_conntrack_max": "131072",
            "net.netfilter.nf_conntrack_tcp_timeout_established": "86400",
            "net.netfilter.nf_conntrack_tcp_timeout_close_wait": "3600",
            "net.ipv4.conf.all.route_localnet": "1",
            "fs.inotify.max_user_instances": "8192",
            "fs.inotify.max_user_watches": "524288",
            "net.ipv4.neigh.default.gc_thresh1": "4096",
            "net.ipv4.neigh.default.gc_thresh2": "6144",
            "net.ipv4.neigh.default.gc_thresh3": "8192"},
    "elasticsearch": {"vm.max_map_count": "262144", "vm.swappiness": "1"},
    "postgresql": {"kernel.shmmax": "17179869184", "kernel.shmall": "4194304",
                   "vm.overcommit_memory": "2", "vm.overcommit_ratio": "90",
                   "vm.nr_hugepages": "128"},
    "redis": {"vm.overcommit_memory": "1", "net.core.somaxconn": "1024"},
    "oracle": {"kernel.sem": "250 32000 100 128", "kernel.shmmni": "4096",
               "fs.aio-max-nr": "1048576", "fs.file-max": "6815744",
               "kernel.panic_on_oops": "1",
               "net.core.rmem_default": "262144",
               "net.core.rmem_max": "4194304",
               "net.core.wmem_default": "262144",
               "net.core.wmem_max": "1048576",
               "net.ipv4.conf.all.rp_filter": "2",
               "net.ipv4.ip_local_port_range": "9000 65500",
               "vm.hugetlb_shm_group": "54322"},
    "tailscale": {"net.ipv4.ip_forward": "1",
                  "net.ipv6.conf.all.forwarding": "1",
                  "net.core.rmem_max": "7340032",
                  "net.core.wmem_max": "7340032"},
}


@pytest.mark.parametrize("program", AT_START)
def test_what_programs_write_at_start_is_taken(docker, box, program):
    before = host_values()
    paths = {"/proc/sys/" + name.replace(".", "/"): value
             for name, value in AT_START[program].items()}
    # Whatever its network namespace is: what the kernel was built without.
    present = {path: value for path, value in paths.items()
               if pathlib.Path(path).exists()
               or SYNTHESISED.match(path)}
    assert present
    script = "".join(f"echo '{value}' > {path} || echo {path}\n"
                     f"cat {path}\n" for path, value in present.items())
    out = docker("exec", "-i", box, "sh", input=script).out
    assert [line.split() for line in out.splitlines()] == [
        value.split() for value in present.values()], out
    assert {path for path, text in before.items()
            if host_values()[path] != text and not is_restless(path)} == set()


def test_containers_do_not_share_values(docker, box):
    other = docker.start_container(options=["--net=none"])
    read = "cat /proc/sys/kernel/core_pattern /proc/sys/vm/swappiness"
    before = docker.shell(other, read)
    docker.shell(box, "echo '|/bin/of-this-one' > "
                      "/proc/sys/kernel/core_pattern; "
                      "echo 7 > /proc/sys/vm/swappiness")
    assert docker.shell(box, read) == "|/bin/of-this-one\n7\n"
    assert docker.shell(other, read) == before


def test_names_of_the_host_are_really_set(docker, box):
    assert docker.shell(
        box, "echo web2 > /proc/sys/kernel/hostname; hostname; "
             "cat /proc/sys/kernel/hostname; uname -n") == "web2\n" * 3
    docker.shell(box, "echo example.org > /proc/sys/kernel/domainname")
    assert docker.shell(
        box, "cat /proc/sys/kernel/domainname") == "example.org\n"
    assert pathlib.Path("/proc/sys/kernel/hostname").read_text() != "web2\n"


def test_nested_namespaces_have_their_own(docker, box):
    script = (
        "echo 123 > /proc/sys/kernel/shmmni; echo 9 > "
        "/proc/sys/fs/mqueue/msg_max; hostname outer\n"
        "unshare -iu sh -c 'hostname inner; cat /proc/sys/kernel/shmmni "
        "/proc/sys/fs/mqueue/msg_max /proc/sys/kernel/hostname; "
        "echo 77 > /proc/sys/kernel/shmmni; cat /proc/sys/kernel/shmmni'\n"
        "cat /proc/sys/kernel/shmmni /proc/sys/fs/mqueue/msg_max "
        "/proc/sys/kernel/hostname\n"
        "echo 999 > /proc/sys/net/core/somaxconn\n"
        "unshare -n cat /proc/sys/net/core/somaxconn\n"
        "cat /proc/sys/net/core/somaxconn\n")
    assert docker.shell(box, script).split() == [
        "4096", "10", "inner", "77", "123", "9", "outer", "4096", "999"]


INTERFACE = ("/proc/sys/net/ipv4/conf/v0", "/proc/sys/net/ipv4/neigh/v0",
             "/proc/sys/net/ipv6/neigh/v0", "/sys/class/net/v0/address",
             "/sys/devices/virtual/net/v0/mtu")


def test_files_appear_and_vanish_with_an_interface(docker, box):
    listed = f"ls -d {' '.join(INTERFACE)} 2>/dev/null | wc -l"
    names = ("ls /proc/sys/net/ipv4/neigh; "
             "cat /proc/sys/net/ipv4/neigh/v0/gc_stale_time")
    assert docker.shell(box, listed) == "0\n"
    for _ in range(3):
        docker.shell(box, "ip link add v0 type veth peer name v1")
        assert docker.shell(box, listed) == f"{len(INTERFACE)}\n"
        docker.shell(box, "echo 77 > "
                          "/proc/sys/net/ipv4/neigh/v0/gc_stale_time")
        out = docker.shell(box, names).split()
        assert {"default", "lo", "v0"} <= set(out) and out[-1] == "77"
        assert docker.shell(box, f"ip link del v0; {listed}") == "0\n"
        assert "v0" not in docker.shell(
            box, "ls /proc/sys/net/ipv4/neigh").split()


def test_two_namespaces_at_once_are_never_mixed_up(docker, box):
    script = (
        "hostname outer\n"
        "loop() { i=0; while [ $i -lt 300 ]; do "
        "read x < /proc/sys/kernel/hostname; echo $1 $x; "
        "i=$((i + 1)); done; }\n"
        "loop 1 > /tmp/1 & (unshare -u sh -c \""
        "hostname inner; i=0; while [ \\$i -lt 300 ]; do "
        "read x < /proc/sys/kernel/hostname; echo \\$x; "
        "i=\\$((i + 1)); done > /tmp/2\"); wait; "
        "sort -u /tmp/1 /tmp/2")
    assert docker.shell(box, script).splitlines() == ["1 outer", "inner"]


def test_files_look_like_the_kernels(docker, box):
    paths = ("/proc/sys/kernel /proc/sys/kernel/panic "
             "/proc/sys/kernel/hostname /proc/sys/kernel/osrelease "
             "/proc/sys/vm/drop_caches /proc/sys/kernel/random/uuid "
             "/proc/sys/kernel/pid_max")
    out = docker.shell(box, f"stat -c '%u:%g %a %F' {paths}")
    assert out.splitlines() == [
        "0:0 555 directory", "0:0 644 regular file", "0:0 644 regular file",
        "0:0 444 regular file", "0:0 200 regular empty file",
        "65534:65534 444 regular empty file",  # native
        "0:0 644 regular empty file"], out


def test_the_ids_of_the_machine(docker, box):
    other = docker.start_container(options=["--net=none"])
    boot = "cat /proc/sys/kernel/random/boot_id"
    uuid = "cat /sys/devices/virtual/dmi/id/product_uuid"
    mine = docker.shell(box, boot)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n", mine)
    assert mine == docker.shell(box, boot)
    assert mine != docker.shell(other, boot)
    assert mine != pathlib.Path("/proc/sys/kernel/random/boot_id").read_text()
    machine = docker.shell(box, uuid)
    assert machine != docker.shell(other, uuid)
    docker("restart", "-t", "0", box)
    assert docker.shell(box, uuid) == machine
    assert docker.shell(box, boot) != mine
    uuids = docker.shell(box, "for i in 1 2 3 4 5; do "
                              "cat /proc/sys/kernel/random/uuid; done")
    assert len(set(uuids.split())) == 5


def test_the_hosts_devices_are_not_shown(docker, box):
    out = docker.shell(
        box, "ls /sys/block /sys/class/block /sys/dev/block /sys/firmware; "
             "ls /sys/devices/virtual; ls /sys/kernel")
    for name in pathlib.Path("/sys/block").iterdir():
        assert name.name not in out.split()
    for hidden in ("bdi", "debug", "tracing", "slab", "irq"):
        assert hidden not in out.split()
    assert "lo" in docker.shell(box, "ls /sys/class/net; "
                                     "cat /sys/class/net/lo/mtu").split()


def test_users_are_refused_as_by_the_kernel(docker, box):
    out = docker("exec", "-u", "1000", box, "sh", "-c",
                 "for f in vm/swappiness kernel/hostname kernel/shmmni; do "
                 "echo 5 > /proc/sys/$f; done; "
                 "cat /sys/devices/virtual/dmi/id/product_uuid", check=False)
    assert out.err.count("Permission denied") == 4, out
