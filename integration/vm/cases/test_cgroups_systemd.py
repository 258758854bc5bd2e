"""cgroup v2 with systemd's driver: Docker's limits reach the kernel."""

import json
import os

import pytest

from harness.command import run
from harness.waiting import until

LIMITS = ("--memory=64m", "--memory-reservation=32m", "--memory-swap=96m",
          "--cpus=0.5", "--cpu-shares=512", "--cpuset-cpus=0",
          "--pids-limit=50")
# file of the scope -> what it says
EXPECTED = {"memory.max": str(64 << 20), "memory.low": str(32 << 20),
            "memory.swap.max": str(32 << 20), "cpu.max": "50000 100000",
            "cpu.weight": "20", "cpuset.cpus": "0", "pids.max": "50"}


def read(directory, name):
    return (directory / name).read_text().strip()


def test_the_driver_is_systemds(docker):
    told = docker("info", "-f", "{{.CgroupDriver}} {{.CgroupVersion}}").out
    assert told == "systemd 2\n"


def test_limits_update_and_pause(docker, scope):
    box = docker.start_container(options=LIMITS)
    files = scope(box)
    assert {name: read(files, name) for name in EXPECTED} == EXPECTED

    docker("update", "--memory=48m", "--memory-swap=48m", "--cpus=0.25",
           "--pids-limit=40", box)
    assert read(files, "memory.max") == str(48 << 20)
    assert read(files, "memory.swap.max") == "0"
    assert read(files, "cpu.max") == "25000 100000"
    assert read(files, "pids.max") == "40"

    docker("pause", box)
    assert "frozen 1" in read(files, "cgroup.events")
    docker("unpause", box)
    assert "frozen 0" in read(files, "cgroup.events")


def test_stats_show_the_limits(docker):
    box = docker.start_container(options=LIMITS)
    stats = json.loads(docker("stats", "--no-stream", "--format",
                              "{{json .}}", box).out)
    assert stats["PIDs"] == "1" and "64MiB" in stats["MemUsage"], stats


def test_systemd_knows_the_limits(docker):
    """Or a daemon-reload would undo them."""
    box = docker.start_container(options=LIMITS)
    shown = run("systemctl", "show", f"docker-{box}.scope", "-p", "MemoryMax",
                "-p", "TasksMax", "-p", "Delegate", "-p", "CPUQuotaPerSecUSec"
                ).out.split()
    assert sorted(shown) == ["CPUQuotaPerSecUSec=500ms", "Delegate=yes",
                             f"MemoryMax={64 << 20}", "TasksMax=50"]
    run("systemctl", "daemon-reload", timeout=300)
    assert docker.shell(box, "echo on") == "on\n"


def test_init_is_in_a_leaf(docker, scope):
    box = docker.start_container()
    files = scope(box)
    assert read(files, "cgroup.procs") == ""
    assert read(files / "init.scope", "cgroup.procs") == str(docker.pid(box))
    owner = os.stat(files / "cgroup.procs").st_uid
    assert owner == os.stat(f"/proc/{docker.pid(box)}").st_uid != 0
    assert os.stat(files / "memory.max").st_uid == 0
    refused = docker("exec", box, "sh", "-c",
                     "echo 1 > /sys/fs/cgroup/memory.max", check=False)
    assert "ermission denied" in refused.err, refused


def test_init_sees_itself_in_the_leaf(docker):
    box = docker.start_container()
    assert docker.shell(box, "cat /proc/1/cgroup") == "0::/init.scope\n"


def test_what_is_below_is_the_containers(docker):
    box = docker.start_container()
    told = docker("exec", box, "sh", "-c", """
        set -ex; cd /sys/fs/cgroup; mkdir inner
        echo +memory +pids > cgroup.subtree_control
        echo 5 > inner/pids.max; cat inner/pids.max""")
    assert told.out == "5\n"


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
    told = docker("events", "--since=1h", "--until=0s", "--filter=event=oom",
                  "--format={{.ID}}").out
    assert told == f"{box}\n"
    # What Docker says of the container it says when that has ended.
    docker("stop", "-t", "60", box)
    assert docker.inspect(box, "{{.State.OOMKilled}}") == "true"


@pytest.mark.parametrize("value", ["-500", "700"])
def test_oom_score_adj(docker, value):
    box = docker.start_container(options=(f"--oom-score-adj={value}",))
    assert docker.shell(box, "cat /proc/1/oom_score_adj").strip() == value


def test_oom_score_adj_from_inside(docker):
    told = docker.run("sh", "-c", """
        for v in 1000 -999 0; do
          echo $v > /proc/self/oom_score_adj && cat /proc/self/oom_score_adj
        done""", check=False)
    assert told.out.split() == ["1000", "-999", "0"], told


def test_hard_limits_beyond_the_hosts(docker):
    told = docker.run("sh", "-c", "ulimit -Hl; ulimit -Hr",
                      options=("--ulimit=memlock=-1:-1",
                               "--ulimit=rtprio=99:99"))
    assert told.out.split() == ["unlimited", "99"], told
