"""cgroup v2 with systemd's driver: Docker's limits reach the kernel."""

import json
import os

import pytest

from harness.command import run
from harness.waiting import until

LIMITS = ("--memory=64m", "--memory-reservation=32m", "--memory-swap=96m",
          "--cpus=0.5", "--cpu-shares=512", "--cpuset-cpus=0",
          "--cpuset-mems=0", "--pids-limit=50",
          "--device-read-bps=/dev/vda:200mb",
          "--device-write-iops=/dev/vda:10000")
# file of the scope -> what it says
EXPECTED = {"memory.max": str(64 << 20), "memory.low": str(32 << 20),
            "memory.swap.max": str(32 << 20), "cpu.max": "50000 100000",
            "cpu.weight": "20", "cpuset.cpus": "0", "cpuset.mems": "0",
            "pids.max": "50",
            "io.max": f"254:0 rbps={200 << 20} wbps=max riops=max wiops=10000"}


def read(directory, name):
    return (directory / name).read_text().strip()


def limits(directory):
    return {name: read(directory, name) for name in EXPECTED}


@pytest.fixture(scope="module")
def limited(dockerd):
    """For the cases that only look."""
    box = dockerd.start_lasting(options=LIMITS)
    yield box
    dockerd("rm", "-f", box)


def test_the_driver_is_systemds(dockerd):
    told = dockerd("info", "-f", "{{.CgroupDriver}} {{.CgroupVersion}}").out
    assert told == "systemd 2\n"


def test_every_limit_is_there_and_systemd_knows_it(limited, scope):
    files = scope(limited)
    assert limits(files) == EXPECTED
    shown = run("systemctl", "show", files.name, "-p", "MemoryMax", "-p",
                "TasksMax", "-p", "Delegate", "-p", "CPUQuotaPerSecUSec"
                ).out.split()
    assert sorted(shown) == ["CPUQuotaPerSecUSec=500ms", "Delegate=yes",
                             f"MemoryMax={64 << 20}", "TasksMax=50"]
    run("systemctl", "daemon-reload", timeout=300)
    assert limits(files) == EXPECTED


def test_stats_show_the_limits(dockerd, limited):
    stats = json.loads(dockerd("stats", "--no-stream", "--format",
                               "{{json .}}", limited).out)
    assert stats["PIDs"] == "1" and "64MiB" in stats["MemUsage"], stats


def test_init_is_in_a_leaf_of_what_is_delegated(dockerd, limited, scope):
    files = scope(limited)
    assert read(files, "cgroup.procs") == ""
    pid = dockerd.pid(limited)
    assert read(files / "init.scope", "cgroup.procs") == str(pid)
    assert os.stat(files / "cgroup.procs").st_uid == os.stat(
        f"/proc/{pid}").st_uid != 0
    assert os.stat(files / "memory.max").st_uid == 0
    told = dockerd("exec", limited, "sh", "-c", """
        cat /proc/1/cgroup /proc/self/cgroup; cd /sys/fs/cgroup; mkdir inner
        cat cgroup.subtree_control; echo 5 > inner/pids.max; cat inner/pids.max
        rmdir inner; echo 1 > memory.max""", check=False)
    own, execs, controllers, inner = told.out.splitlines()
    assert own == execs == "0::/init.scope"
    assert controllers == read(files, "cgroup.controllers") != ""
    assert inner == "5" and "ermission denied" in told.err, told


def test_update_and_pause(docker, scope):
    box = docker.start_container(options=LIMITS)
    files = scope(box)
    docker("update", "--memory=48m", "--memory-swap=48m", "--cpus=0.25",
           "--pids-limit=40", box)
    assert limits(files) == {**EXPECTED, "memory.max": str(48 << 20),
                             "memory.swap.max": "0",
                             "cpu.max": "25000 100000", "pids.max": "40"}
    docker("pause", box)
    assert "frozen 1" in read(files, "cgroup.events")
    docker("unpause", box)
    assert "frozen 0" in read(files, "cgroup.events")


def test_device_rules(docker):
    script = """
        echo x > /dev/null && echo null
        echo x > /dev/disk || echo refused
        head -c 1 /dev/disk > /dev/null && echo read"""
    told = docker.run("sh", "-c", script,
                      options=("--device=/dev/vda:/dev/disk:r",))
    assert told.out.split() == ["null", "refused", "read"], told


def test_docker_is_told_of_an_oom_kill(docker, scope):
    box = docker.start_container(
        "sh", "-c", "tail /dev/zero; trap exit TERM; sleep 1000 & wait",
        options=("--memory=24m", "--memory-swap=24m"))
    files = scope(box)
    until(lambda: "oom_kill 0" not in read(files, "memory.events"), seconds=60)
    until(lambda: box in docker(
        "events", "--since=1h", "--until=0s", "--filter=event=oom",
        "--format={{.ID}}").out, interval=1)
    # What Docker says of the container it says when that has ended.
    docker("stop", "-t", "60", box)
    assert docker.inspect(box, "{{.State.OOMKilled}}") == "true"


def test_oom_scores_and_hard_limits(docker):
    """CAP_SYS_RESOURCE: the host's root has it here."""
    told = docker.run("sh", "-c", """
        cat /proc/1/oom_score_adj
        grep -E 'locked memory|realtime priority' /proc/1/limits
        for v in 1000 -999 0; do
          echo $v > /proc/self/oom_score_adj && cat /proc/self/oom_score_adj
        done""", options=("--oom-score-adj=-500", "--ulimit=memlock=-1:-1",
                          "--ulimit=rtprio=99:99"))
    lines = told.out.splitlines()
    assert lines[0] == "-500" and lines[3:] == ["1000", "-999", "0"], told
    assert lines[1].split()[3:5] == ["unlimited", "unlimited"]
    assert lines[2].split()[3:5] == ["99", "99"]
    assert docker.run("cat", "/proc/self/oom_score_adj",
                      options=("--oom-score-adj=700",)).out == "700\n"
