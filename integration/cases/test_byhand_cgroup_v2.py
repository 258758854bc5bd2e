"""Where a container's processes are on a host with nothing but cgroup v2."""

import json
import os

import pytest

from harness import cgroup
from harness.waiting import until

pytestmark = pytest.mark.skipif(
    not os.path.exists("/sys/fs/cgroup/cgroup.controllers"),
    reason="a host with cgroup v2 alone is missing")

LEAF = "0::/init.scope\n"
WHERE = "cat /proc/self/cgroup"


@pytest.fixture
def limited(bundle, name):
    bundle.spec["linux"]["cgroupsPath"] = f"/{name}"
    bundle.spec["linux"]["resources"] = {"memory": {"limit": 64 << 20},
                                         "pids": {"limit": 50}}
    return bundle


def place(pid):
    return cgroup.of(pid)[""]


def read(directory, name):
    return (directory / name).read_text()


def in_leaf(pid):
    return place(pid).name == "init.scope"


def test_init_waits_where_its_limits_are_and_runs_below(limited, name):
    """Engines ask the cgroup of a process that is not started yet."""
    limited.save(args=["sleep", "1000"])
    limited.detached("create", name)
    pid = limited.state(name)["pid"]
    outer = place(pid)
    assert outer.name == name
    assert read(outer, "memory.max") == f"{64 << 20}\n"
    assert limited("exec", name, "sh", "-c", WHERE).out == LEAF

    limited("start", name)
    until(lambda: in_leaf(pid))
    assert place(pid) == outer / "init.scope"
    assert read(outer, "cgroup.procs") == ""
    until(lambda: read(outer, "cgroup.subtree_control")
          == read(outer, "cgroup.controllers"))
    stats = json.loads(limited("events", "--stats", name).out)["data"]
    assert stats["memory"]["usage"]["limit"] == 64 << 20
    assert stats["pids"] == {"current": 1, "limit": 50}
    limited("delete", "--force", name)
    assert not outer.exists()


@pytest.mark.parametrize("command", ["create", "run"])
def test_the_namespace_has_the_containers_directory_as_root(limited, name,
                                                            command):
    """Another user than root is no exception, nor is a hook."""
    limited.spec["hooks"] = {"startContainer": [
        {"path": "/bin/sh", "args": ["sh", "-c", WHERE + " > /tmp/" + name]}]}
    limited.save(user={"uid": 1000, "gid": 1000}, args=["sh", "-c", f"""
        {WHERE}; cat /tmp/{name}; cd /sys/fs/cgroup
        cat cgroup.controllers cgroup.subtree_control memory.max
        awk '$5 == "/sys/fs/cgroup" {{ print $4 }}' /proc/self/mountinfo
        echo end; sleep 1000"""])
    out = limited.detached(*{"create": ["create", name],
                             "run": ["run", "--detach", name]}[command])
    if command == "create":
        limited("start", name)
    told = until(lambda: out.read_text().endswith("end\n")
                 and out.read_text())
    own, hooks, controllers, given, limit, root, _ = told.splitlines()
    assert own == hooks == LEAF.strip()
    assert controllers == given != ""
    assert (limit, root) == (f"{64 << 20}", "/")


def test_a_further_process_is_beside_init(limited, name):
    pid = limited.start(name)
    until(lambda: in_leaf(pid))
    assert limited("exec", name, "sh", "-c", WHERE).out == LEAF
    limited("exec", name, "mkdir", "/sys/fs/cgroup/sub")
    assert limited("exec", "--cgroup", "sub", name, "sh", "-c",
                   WHERE).out == "0::/sub\n"
    # A cgroup that gives controllers takes no processes.
    limited("exec", name, "sh", "-ec", """
        cd /sys/fs/cgroup/init.scope; mkdir below
        echo 1 > below/cgroup.procs; echo 0 > below/cgroup.procs
        echo +pids > cgroup.subtree_control""")
    assert limited("exec", name, "sh", "-c",
                   WHERE).out == "0::/init.scope/below\n"


def test_its_own_limits_are_not_the_containers(limited, name):
    pid = limited.start(name)
    until(lambda: in_leaf(pid))
    outer = place(pid).parent
    said = limited("exec", name, "sh", "-c", """
        cd /sys/fs/cgroup; mkdir inner && echo 5 > inner/pids.max
        cat inner/pids.max; echo max > memory.max; echo 1 > cgroup.freeze""",
                   check=False)
    assert said.out == "5\n" and said.err.count("ermission denied") == 2, said
    assert read(outer, "memory.max") == f"{64 << 20}\n"
    limited("update", "--memory", f"{48 << 20}", "--pids-limit", "40", name)
    assert read(outer, "memory.max") == f"{48 << 20}\n"
    assert read(outer, "pids.max") == "40\n"


def test_nothing_stays_of_what_never_started(limited, name, host_unchanged):
    limited.save(args=["/absent"])
    assert limited("create", name, check=False).code != 0
    assert not os.path.exists(f"/sys/fs/cgroup/{name}")
    limited.save(args=["true"])
    limited.detached("create", name)
    limited("delete", name)
    assert not os.path.exists(f"/sys/fs/cgroup/{name}")


def test_the_resource_views_are_of_its_cgroup(limited, name):
    out = limited.shell("""
        dd if=/dev/zero of=/written bs=1M count=8 conv=fsync 2>/dev/null
        rm /written
        cat /proc/diskstats; echo; tail -n +3 /proc/partitions; echo
        cat /proc/vmstat; echo; head -n 1 /proc/meminfo
        cat /proc/pressure/memory""", name).out
    disks, partitions, vmstat, rest = (
        [line.split() for line in part.splitlines()]
        for part in out.split("\n\n"))
    # Sectors; the host has written more by far.
    assert 16384 <= sum(int(disk[9]) for disk in disks) < 65536, out
    assert [disk[:3] for disk in disks] == [
        [major, minor, disk] for major, minor, _, disk in partitions]
    with open("/proc/vmstat") as host:
        assert [line.split()[0] for line in host] == [key for key, _ in vmstat]
    values = {key: int(value) for key, value in vmstat}
    assert 8192 <= values["pgpgout"] < 32768, "KiB"
    assert 0 < values["nr_anon_pages"] <= 16384 and values["pgfault"] > 0
    assert rest[0] == ["MemTotal:", "65536", "kB"]
    if os.path.exists("/proc/pressure/memory"):
        assert [line[0] for line in rest[1:]] == ["some", "full"]
