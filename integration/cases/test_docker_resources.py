"""Limits and what `docker stats` says about them."""

import json
import os
import pathlib
import re

import pytest

from harness import cgroup
from harness.waiting import until

V1 = os.path.isdir("/sys/fs/cgroup/memory")
MIB = 1 << 20

# (docker's flag, v1 controller, file, value, v2 file, value)
LIMITS = [
    ("--memory=64m", "memory", "memory.limit_in_bytes", f"{64 * MIB}",
     "memory.max", f"{64 * MIB}"),
    ("--memory-reservation=32m", "memory", "memory.soft_limit_in_bytes",
     f"{32 * MIB}", "memory.low", f"{32 * MIB}"),
    ("--cpus=0.5", "cpu", "cpu.cfs_quota_us", "50000", "cpu.max",
     "50000 100000"),
    ("--cpu-shares=512", "cpu", "cpu.shares", "512", "cpu.weight", "20"),
    ("--cpuset-cpus=0", "cpuset", "cpuset.cpus", "0", "cpuset.cpus", "0"),
    ("--pids-limit=30", "pids", "pids.max", "30", "pids.max", "30"),
]


def limit(docker, container, row):
    _, controller, v1_file, v1_value, v2_file, v2_value = row
    pid = docker.pid(container)
    if V1:
        return cgroup.limit(pid, controller, v1_file), v1_value
    return cgroup.limit(pid, "", v2_file), v2_value


def stats(docker, container):
    """`docker stats`, as numbers."""
    line = docker("stats", "--no-stream", "--format", "{{json .}}", container)
    found = json.loads(line.out)
    used, _, maximum = found["MemUsage"].partition(" / ")
    return {"cpu": float(found["CPUPerc"].rstrip("%")),
            "memory": size(used), "limit": size(maximum),
            "pids": int(found["PIDs"])}


def size(text):
    number, unit = re.fullmatch(r"([0-9.]+)([kKMGi]*)B", text).groups()
    return float(number) * {"": 1, "k": 1e3, "Ki": 2**10, "Mi": 2**20,
                            "Gi": 2**30}[unit]


def test_limits_reach_the_cgroup(docker):
    container = docker.start_container(options=[row[0] for row in LIMITS])
    for row in LIMITS:
        found, expected = limit(docker, container, row)
        assert found == expected, row


def test_the_container_cannot_lift_its_limits(docker):
    container = docker.start_container(
        options=["--memory=64m", "--cpus=0.5", "--pids-limit=30"])
    if V1:
        script = ("cd /sys/fs/cgroup; "
                  "echo -1 > memory/memory.limit_in_bytes; "
                  "echo -1 > cpu/cpu.cfs_quota_us; "
                  "echo max > pids/pids.max; "
                  "ls -d */../../cpu.shares; mkdir memory/inner && echo made")
    else:
        script = ("cd /sys/fs/cgroup; echo max > memory.max; "
                  "echo max > cpu.max; echo max > pids.max; "
                  "mkdir inner && echo made")
    said = docker.shell(container, script + " 2>&1", check=False)
    assert "made" in said
    for row in (LIMITS[0], LIMITS[2], LIMITS[5]):
        found, expected = limit(docker, container, row)
        assert found == expected, said


def test_too_much_memory_kills_and_docker_says_so(docker):
    container = docker.start_container(
        "sh", "-c", "dd if=/dev/zero of=/dev/null bs=200M count=1",
        options=["--memory=32m", "--memory-swap=32m"])
    docker("wait", container)
    state = json.loads(docker.inspect(container, "{{json .State}}"))
    # dd, not the shell, may be the one that is killed: as with runc.
    assert state["OOMKilled"] is True, state
    container = docker.start_container(
        "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1",
        options=["--memory=32m", "--memory-swap=32m"])
    assert docker("wait", container).out == "137\n"
    assert docker.inspect(container, "{{.State.OOMKilled}}") == "true"


def test_cpus_bound_the_time_used(docker):
    container = docker.start_container(
        "sh", "-c", "while :; do :; done", options=["--cpus=0.2"])
    until(lambda: stats(docker, container)["cpu"] > 5)
    assert stats(docker, container)["cpu"] < 40


def test_cpuset_is_what_the_container_sees(docker):
    result = docker.run("sh", "-c", "nproc; grep Cpus_allowed_list "
                        "/proc/self/status", options=["--cpuset-cpus=0"])
    assert result.out.split() == ["1", "Cpus_allowed_list:", "0"]


def test_a_fork_bomb_is_bounded(docker):
    container = docker.start_container(
        "sh", "-c", "i=0; while [ $i -lt 100 ]; do sleep 1000 & "
        "i=$((i+1)); done; sleep 1000", options=["--pids-limit=20"])
    until(lambda: "can't fork" in docker("logs", container).err)
    pid = docker.pid(container) if docker.inspect(
        container, "{{.State.Running}}") == "true" else 0
    if pid:
        assert stats(docker, container)["pids"] <= 20


def test_stats_tell_what_the_container_does(docker):
    container = docker.start_container(
        "sh", "-c", "dd if=/dev/zero of=/dev/shm/x bs=1M count=40 2>/dev/null; "
        "echo ready; sleep 1000 & sleep 1000 & while :; do :; done",
        options=["--memory=128m"])
    until(lambda: "ready" in docker("logs", container).out)
    found = stats(docker, container)
    assert 40 * MIB <= found["memory"] <= 60 * MIB, found
    assert found["limit"] == 128 * MIB, found
    assert found["pids"] == 3, found
    assert until(lambda: stats(docker, container)["cpu"] > 10)


def test_update_changes_limits_of_a_running_container(docker):
    container = docker.start_container()
    docker("update", "--memory=96m", "--memory-swap=192m", "--cpus=0.3",
           "--pids-limit=50", "--cpuset-cpus=0", "--cpu-shares=256", container)
    pid = docker.pid(container)
    if V1:
        expected = [("memory", "memory.limit_in_bytes", f"{96 * MIB}"),
                    ("memory", "memory.memsw.limit_in_bytes", f"{192 * MIB}"),
                    ("cpu", "cpu.cfs_quota_us", "30000"),
                    ("cpu", "cpu.shares", "256"),
                    ("pids", "pids.max", "50"), ("cpuset", "cpuset.cpus", "0")]
    else:
        expected = [("", "memory.max", f"{96 * MIB}"),
                    ("", "memory.swap.max", f"{96 * MIB}"),
                    ("", "cpu.max", "30000 100000"), ("", "pids.max", "50"),
                    ("", "cpuset.cpus", "0")]
    for controller, name, value in expected:
        where = cgroup.of(pid)[controller]
        if V1 and not (where.parent / name).exists():
            continue  # a kernel without swap accounting
        assert cgroup.limit(pid, controller, name) == value, name
    assert stats(docker, container)["limit"] == 96 * MIB
    docker("update", "--memory=200m", "--memory-swap=300m", container)
    assert stats(docker, container)["limit"] == 200 * MIB
    assert docker.shell(container, "nproc") == "1\n"


def test_update_below_the_usage_is_refused_and_changes_nothing(docker):
    container = docker.start_container(
        "sh", "-c", "dd if=/dev/zero of=/dev/shm/x bs=1M count=60; sleep 1000",
        options=["--memory=128m", "--memory-swap=128m"])
    until(lambda: "60+0 records out" in docker("logs", container).err)
    result = docker("update", "--memory=16m", "--memory-swap=16m", container,
                    check=False)
    if not V1:
        pytest.skip("cgroup v1 is missing: v2 reclaims or kills instead")
    assert result.code == 1
    assert cgroup.limit(docker.pid(container), "memory",
                        "memory.limit_in_bytes") == f"{128 * MIB}"


def test_ulimits(docker):
    result = docker.run("sh", "-c", "ulimit -n; ulimit -Hn; ulimit -c",
                        options=["--ulimit", "nofile=1000:2000",
                                 "--ulimit", "core=0"])
    assert result.out.split() == ["1000", "2000", "0"]
    beyond = str(1 << 30)
    runc = docker.run("true", options=["--ulimit", f"nofile={beyond}"],
                      runtime="runc", check=False)
    ours = docker.run("true", options=["--ulimit", f"nofile={beyond}"],
                      check=False)
    assert ours.code == runc.code, ours


def test_oom_score_adj(docker):
    result = docker.run("cat", "/proc/self/oom_score_adj",
                        options=["--oom-score-adj=500"])
    assert result.out == "500\n"


def test_a_negative_oom_score_adj(docker):
    own = pathlib.Path("/proc/self/status").read_text()
    mask = int(re.search(r"CapEff:\t(\w+)", own).group(1), 16)
    if not mask >> 24 & 1:
        pytest.skip("CAP_SYS_RESOURCE is missing on this host")
    result = docker.run("cat", "/proc/self/oom_score_adj",
                        options=["--oom-score-adj=-500"])
    assert result.out == "-500\n"


def test_memory_swappiness_and_oom_kill_disable(docker):
    if not V1:
        pytest.skip("cgroup v1 is missing")
    container = docker.start_container(
        options=["--memory=64m", "--memory-swappiness=10",
                 "--oom-kill-disable"])
    pid = docker.pid(container)
    assert cgroup.limit(pid, "memory", "memory.swappiness") == "10"
    assert "oom_kill_disable 1" in cgroup.limit(pid, "memory",
                                                "memory.oom_control")


def test_cgroup_parent_is_honoured(docker, host_unchanged, name):
    container = docker.start_container(options=[f"--cgroup-parent=/{name}"])
    where = cgroup.of(docker.pid(container))["memory" if V1 else ""]
    assert name in where.parts and container in where.parts
    docker("rm", "-f", container)
    # Runtimes leave the parent; so does runc.
    cgroup.remove_empty(name)


def test_every_hierarchy_has_the_container_and_loses_it(docker):
    """Hybrid hosts too: the unified hierarchy beside v1's."""
    container = docker.start_container()
    directories = cgroup.of(docker.pid(container))
    assert directories
    for controller, where in directories.items():
        assert container in where.parts, (controller, where)
    inside = docker.shell(container, "cat /proc/self/cgroup")
    assert container not in inside
    docker("rm", "-f", container)
    for where in directories.values():
        assert not where.exists()
        assert not [p for p in where.parents if p.name == container
                    and p.exists()]
